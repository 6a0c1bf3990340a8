"""Partners, their programmes, API keys and processor connections: who may call us."""
