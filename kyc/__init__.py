"""KYC and KYB cases: the gate before a card."""
