"""Alembic revisions of the whole database."""
