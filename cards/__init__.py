"""Cards, their life cycle, spend controls and the PAN vault."""
