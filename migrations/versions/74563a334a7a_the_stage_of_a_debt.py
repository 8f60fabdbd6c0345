"""The stage of a debt."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '74563a334a7a'
down_revision: str | Sequence[str] | None = '0288d2f2899d'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.add_column('debt', sa.Column('stage', sa.String(length=50), nullable=True))


def downgrade() -> None:
    """Back to the one before."""
    op.drop_column('debt', 'stage')
