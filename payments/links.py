"""Links to our own payment page."""

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.confirming import refuse_stale
from ledger.models import Debt
from ledger.money import Money, total
from payments.mode import SMALLEST, CardsUnavailable, check_amount
from payments.models import PayLink, PayLinkPart
from payments.once import insert_once
from runtime.ids import ConversationId, DebtId, DebtorId, new_token, token_hash

LIFE = timedelta(days=30)
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def make_pay_link(session: Session, *, key: str, debtor_id: DebtorId, conversation_id: ConversationId | None,
                  amount: Money, split: Mapping[DebtId, Money], now: datetime, in_full: bool = False) -> PayLink:
    """A link for paying ``amount``, divided over debts as the debtor directed. The same ``key``: the same link.

    ``in_full`` says that it is to clear the debts: then BalanceStale is raised where that cannot be known.
    Raises CardsUnavailable or TooSmallForCard (both may be told to the debtor), and ValueError when the split does
    not add up or is not of this debtor's debts.
    """
    if found := session.scalar(select(PayLink).where(PayLink.key == key)):
        return found
    check_amount(amount)
    _check_split(session, debtor_id, amount, split)
    if in_full:
        refuse_stale(session, list(split), now=now)
    token = new_token()
    made = insert_once(session, PayLink, "key", key=key, token_hash=token_hash(token), token=token,
                       reference=_reference(), debtor_id=debtor_id, conversation_id=conversation_id,
                       currency=amount.currency, created_at=now, expires_at=now + LIFE)
    link = session.scalars(select(PayLink).where(PayLink.key == key)).one()
    if made:
        session.add_all(PayLinkPart(pay_link_id=link.id, debt_id=debt_id, amount=part.minor)
                        for debt_id, part in split.items())
        session.flush()
        session.refresh(link)
    return link


def smallest_card_payment(currency: str) -> Money:
    """The least a card can be charged. Raises CardsUnavailable for a currency we do not take."""
    if (smallest := SMALLEST.get(currency)) is None:
        raise CardsUnavailable
    return Money(smallest, currency)


def find_link(session: Session, token: str) -> PayLink | None:
    """The link of that token."""
    return session.scalar(select(PayLink).where(PayLink.token_hash == token_hash(token)))


def _check_split(session: Session, debtor_id: DebtorId, amount: Money, split: Mapping[DebtId, Money]) -> None:
    if not split or any(part.minor <= 0 for part in split.values()):
        raise ValueError("a payment is for one debt or more, with something for each")
    if total(split.values(), amount.currency) != amount:
        raise ValueError("the split does not add up to the amount")
    debts = session.scalars(select(Debt).where(Debt.id.in_(split), Debt.debtor_id == debtor_id)).all()
    if len(debts) != len(split) or any(debt.currency != amount.currency for debt in debts):
        raise ValueError("the split names a debt that is not this debtor's or in another currency")


def _reference() -> str:
    """Eight signs that are hard to mistake for one another; the first is a letter, as card statements want one."""
    return "P" + "".join(secrets.choice(_SIGNS) for _ in range(7))
