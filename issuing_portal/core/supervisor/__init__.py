"""`manage.py up`: one process that starts everything in order, watches it, and stops it in order.

It runs before Django is configured (the database it would be configured with is started here), so nothing in this
package imports Django or the project's settings.
"""
