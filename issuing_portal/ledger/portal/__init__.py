"""Staff pages of the ledger: accounts, entries, a programme's own money, and the acts on them."""
