"""Individuals and businesses that programmes serve, and the people related to them."""
