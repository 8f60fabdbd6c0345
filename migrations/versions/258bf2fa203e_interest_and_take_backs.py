"""Interest, processor fees, and what is taken back of payments."""


from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from ledger.enforcement import never_changed

revision: str = '258bf2fa203e'
down_revision: str | Sequence[str] | None = 'aca2d56b74a9'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table('accrual',
    sa.Column('debt_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('through', sa.Date(), nullable=False),
    sa.Column('accrued', sa.BigInteger(), nullable=False),
    sa.Column('cap', sa.BigInteger(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('accrued >= 0 AND (cap IS NULL OR accrued <= cap)', name=op.f('ck_accrual_within_cap')),
    sa.ForeignKeyConstraint(['debt_id'], ['debt.id'], name=op.f('fk_accrual_debt_id_debt')),
    sa.PrimaryKeyConstraint('debt_id', name=op.f('pk_accrual'))
    )
    op.create_table('accrual_span',
    sa.Column('debt_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('first_on', sa.Date(), nullable=False),
    sa.Column('last_on', sa.Date(), nullable=False),
    sa.Column('annual_percent', sa.String(20), nullable=True),
    sa.Column('frozen', sa.String(30), nullable=True),
    sa.Column('method', sa.String(30), nullable=False),
    sa.Column('day_count', sa.String(30), nullable=False),
    sa.Column('base', sa.String(30), nullable=False),
    sa.CheckConstraint('first_on <= last_on', name=op.f('ck_accrual_span_forwards')),
    sa.ForeignKeyConstraint(['debt_id'], ['debt.id'], name=op.f('fk_accrual_span_debt_id_debt')),
    sa.PrimaryKeyConstraint('debt_id', 'first_on', name=op.f('pk_accrual_span'))
    )
    op.create_table('take_back',
    sa.Column('txn_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('payment_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('withdrawal_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['payment_id'], ['txn.id'], name=op.f('fk_take_back_payment_id_txn')),
    sa.ForeignKeyConstraint(['txn_id'], ['txn.id'], name=op.f('fk_take_back_txn_id_txn')),
    sa.ForeignKeyConstraint(['withdrawal_id'], ['txn.id'], name=op.f('fk_take_back_withdrawal_id_txn')),
    sa.PrimaryKeyConstraint('txn_id', name=op.f('pk_take_back'))
    )
    with op.batch_alter_table('take_back', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_take_back_payment_id'), ['payment_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_take_back_withdrawal_id'), ['withdrawal_id'], unique=False)

    with op.batch_alter_table('debt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('interest_rate', sa.String(20), nullable=True))

    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.add_column(sa.Column('fee', sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column('fee_currency', sa.String(length=3), nullable=True))

    for statement in never_changed(op.get_bind().dialect.name, 'take_back', 'txn_id'):
        op.execute(statement)


def downgrade() -> None:
    """Back to the one before."""
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_column('fee_currency')
        batch_op.drop_column('fee')

    with op.batch_alter_table('debt', schema=None) as batch_op:
        batch_op.drop_column('interest_rate')

    with op.batch_alter_table('take_back', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_take_back_withdrawal_id'))
        batch_op.drop_index(batch_op.f('ix_take_back_payment_id'))

    op.drop_table('take_back')
    op.drop_table('accrual_span')
    op.drop_table('accrual')
