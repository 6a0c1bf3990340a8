"""The servers that come with the product: PostgreSQL and Valkey out of their wheels, started by our own launcher.

Nothing here imports Django: `manage.py up` and the tests use it before there is a database to configure.
DATABASE_URL and REDIS_URL in the environment replace these servers.
"""
