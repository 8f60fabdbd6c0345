"""Remarks beside the books."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from ledger.remarks import take_words_out

revision: str = '4e1b7a52c9d6'
down_revision: str | Sequence[str] | None = '74563a334a7a'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table('remark',
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('debtor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('words', sa.Text(), nullable=False),
    sa.Column('actor', sa.String(length=100), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['debtor_id'], ['debtor.id'], name=op.f('fk_remark_debtor_id_debtor')),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_remark'))
    )
    with op.batch_alter_table('remark', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_remark_debtor_id'), ['debtor_id'], unique=False)

    take_words_out(op.get_bind())


def downgrade() -> None:
    """Back to the one before. The words are gone then: there is no way back into the books."""
    op.drop_table('remark')
