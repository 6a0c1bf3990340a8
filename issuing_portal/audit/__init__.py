"""The trail: database triggers that write what changed, seals that chain it, and their verification."""
