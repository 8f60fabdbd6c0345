"""On PostgreSQL triggers look for what new rows of the ledger name, all of a statement together."""

from collections.abc import Sequence

from alembic import op

from ledger.enforcement import with_keys, without_keys

revision: str = 'c3a90f61d2e8'
down_revision: str | Sequence[str] | None = '05dbd93ea31e'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    without_keys(op.get_bind())


def downgrade() -> None:
    """Back to the one before."""
    with_keys(op.get_bind())
