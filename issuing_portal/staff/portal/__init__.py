"""Pages about people: coming in (entry), one's own account, colleagues, and proposals that wait for a second pair of eyes."""
