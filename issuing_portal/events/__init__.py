"""Append-only events: what was meant, by whom, when. The vocabulary is in names.py."""
