"""The simulated world: taps, clearings and KYC outcomes through the same operations as production."""
