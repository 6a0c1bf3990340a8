"""Staff pages of partners, programmes, API keys and processor connections."""
