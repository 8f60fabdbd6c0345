"""Triggers that look at all rows of a statement at once, on PostgreSQL."""

from collections.abc import Sequence

from alembic import op

from ledger.enforcement import per_statement

revision: str = '7c1d5e0a9b34'
down_revision: str | Sequence[str] | None = '4439f81c3758'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    per_statement(op.get_bind())


def downgrade() -> None:
    """There is nothing to take back: the older program works with these triggers as well."""
