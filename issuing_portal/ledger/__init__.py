"""Accounts on a double-entry ledger."""
