"""Issuing Portal: the back office of a card programme. Roof (settings, urls, celery) and floor (core … portal)."""
