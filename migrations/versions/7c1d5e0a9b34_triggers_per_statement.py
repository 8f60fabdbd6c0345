"""Triggers that look at all rows of a statement at once, on PostgreSQL; delta files that were taken in."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from ledger.enforcement import per_statement

revision: str = '7c1d5e0a9b34'
down_revision: str | Sequence[str] | None = 'fe06082c9560'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    per_statement(op.get_bind())
    op.create_table('delta_import',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('creditor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('as_of', sa.DateTime(timezone=True), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['creditor_id'], ['creditor.id'], name=op.f('fk_delta_import_creditor_id_creditor')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_delta_import'))
    )
    with op.batch_alter_table('delta_import', schema=None) as batch_op:
        batch_op.create_index('ix_delta_import_creditor_id_as_of', ['creditor_id', 'as_of'], unique=False)


def downgrade() -> None:
    """Back to the revision before; the triggers stay, for the older program works with them as well."""
    with op.batch_alter_table('delta_import', schema=None) as batch_op:
        batch_op.drop_index('ix_delta_import_creditor_id_as_of')

    op.drop_table('delta_import')
