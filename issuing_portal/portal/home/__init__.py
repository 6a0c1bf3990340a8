"""The first page after sign-in: what waits for the viewer, by role (page.py), as panels that read their own figures."""
