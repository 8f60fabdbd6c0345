"""${message[0].upper() + message[1:]}."""

# ruff: noqa: E501  (written by Alembic)
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
% if not down_revision:

from ledger.enforcement import enforce
% endif
${imports if imports else ""}
revision: str = ${repr(up_revision)}
down_revision: str | Sequence[str] | None = ${repr(down_revision)}
branch_labels: str | Sequence[str] | None = ${repr(branch_labels)}
depends_on: str | Sequence[str] | None = ${repr(depends_on)}


def upgrade() -> None:
    """To this revision."""
    ${upgrades if upgrades else "pass"}
% if not down_revision:
    enforce(op.get_bind())
% endif


def downgrade() -> None:
    """Back to the one before."""
    ${downgrades if downgrades else "pass"}
