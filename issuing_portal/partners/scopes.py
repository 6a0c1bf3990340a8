"""The scopes that an API key may carry: a resource, and `read` or `write`."""

RESOURCES = ("programmes", "cardholders", "kyc_cases", "accounts", "cards", "authorisations", "transactions", "events", "api_keys", "sandbox")
SCOPES = tuple(f"{resource}:{right}" for resource in RESOURCES for right in ("read", "write"))
"""Every scope, in the order in which the portal and the reference list them."""
