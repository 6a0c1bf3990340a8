"""Idempotency keys: the first answer, stored in the transaction of its effect."""
