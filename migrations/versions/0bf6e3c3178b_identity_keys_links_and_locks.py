"""Session keys, used words of host sites, locks by account and channel, uses of links."""

# ruff: noqa: E501  (written by Alembic)
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = '0bf6e3c3178b'
down_revision: str | Sequence[str] | None = '03c315bb26ac'
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """To this revision."""
    op.create_table('host_assertion',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('jti_hash', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_host_assertion')),
    sa.UniqueConstraint('jti_hash', name=op.f('uq_host_assertion_jti_hash'))
    )
    with op.batch_alter_table('host_assertion', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_host_assertion_expires_at'), ['expires_at'], unique=False)

    op.create_table('session_key',
    sa.Column('conversation_id', sa.String(length=32), nullable=False),
    sa.Column('public_key', sa.JSON(), nullable=True),
    sa.Column('retired_hash', sa.String(length=64), nullable=True),
    sa.Column('nonce_hash', sa.String(length=64), nullable=True),
    sa.Column('nonce_until', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversation.id'], name=op.f('fk_session_key_conversation_id_conversation')),
    sa.PrimaryKeyConstraint('conversation_id', name=op.f('pk_session_key')),
    sa.UniqueConstraint('retired_hash', name=op.f('uq_session_key_retired_hash'))
    )
    with op.batch_alter_table('identity_attempt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('account_hash', sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column('channel', sa.String(length=16), nullable=True))
        batch_op.create_index('ix_identity_attempt_account', ['account_hash', 'at'], unique=False)
        batch_op.create_index('ix_identity_attempt_channel', ['channel', 'at'], unique=False)

    with op.batch_alter_table('personal_link', schema=None) as batch_op:
        batch_op.add_column(sa.Column('uses', sa.Integer(), server_default='0', nullable=False))

    op.create_index('ix_one_time_code_debtor', 'one_time_code', ['debtor_id', 'sent_at'], unique=False)


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index('ix_one_time_code_debtor', table_name='one_time_code')
    with op.batch_alter_table('personal_link', schema=None) as batch_op:
        batch_op.drop_column('uses')

    with op.batch_alter_table('identity_attempt', schema=None) as batch_op:
        batch_op.drop_index('ix_identity_attempt_channel')
        batch_op.drop_index('ix_identity_attempt_account')
        batch_op.drop_column('channel')
        batch_op.drop_column('account_hash')

    op.drop_table('session_key')
    with op.batch_alter_table('host_assertion', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_host_assertion_expires_at'))

    op.drop_table('host_assertion')
