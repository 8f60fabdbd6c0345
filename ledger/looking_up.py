"""Finding debtors by what staff are told: a reference, an e-mail address, a telephone number, a last name.

What stands encrypted is found by its blind index (``ledger.blind``), so only whole and only equal.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ledger.blind import blind_email, blind_name, blind_phone
from ledger.models import Debt, Debtor

MOST = 50


def find_debtors(session: Session, told: str) -> Sequence[Debtor]:
    """Those that ``told`` may mean, by id, ``MOST`` at most. A reference beats all else."""
    reference = "".join(told.split()).upper()
    if not reference:
        return []
    through = select(Debt.debtor_id).where(Debt.ref == reference)
    if found := session.scalars(
            select(Debtor).where(or_(Debtor.ref == reference, Debtor.id.in_(through))).limit(MOST)).all():
        return found
    conditions: list[ColumnElement[bool]] = []
    if "@" in told:
        conditions.append(Debtor.email_hash == blind_email(told))
    elif sum(char.isdigit() for char in told) >= 7:
        conditions.append(Debtor.phone_hash == blind_phone(told))
    elif name := blind_name(told):
        conditions.append(Debtor.name_hash == name)
    if not conditions:
        return []
    return session.scalars(select(Debtor).where(*conditions).order_by(Debtor.id).limit(MOST)).all()
