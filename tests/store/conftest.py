"""Every test of the store runs on each kind of database."""

from tests.databases import database, database_url, open_database, postgres

__all__ = ["database", "database_url", "open_database", "postgres"]
