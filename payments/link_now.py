"""What a pay link asks for at this moment: worked out anew each time, from balances and holds."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.balances import DebtLine, balance_of
from ledger.holds import active_holds
from ledger.money import Money, total
from payments.mode import SMALLEST, card_mode
from payments.models import CheckoutSession, CheckoutStatus, PayLink, Payment
from runtime.ids import DebtId


class LinkState(StrEnum):
    """What the page can say. Only ``payable`` has a button."""

    PAYABLE = "payable"
    PAID = "paid"
    CONFIRMING = "confirming"
    NOTHING_OWED = "nothing_owed"
    HELD = "held"
    EXPIRED = "expired"
    TOO_SMALL = "too_small"
    CARDS_OFF = "cards_off"


@dataclass(frozen=True, slots=True)
class PartNow:
    """What of the payment is for one debt, and what is owed on that debt in all."""

    debt_id: DebtId
    ref: str
    creditor: str
    description: str
    amount: Money
    owed: Money


@dataclass(frozen=True, slots=True)
class LinkNow:
    """A link as it stands. ``amount`` is what would be paid now, never more than what is owed."""

    link: PayLink
    state: LinkState
    amount: Money
    parts: tuple[PartNow, ...]
    fingerprint: str
    payment: Payment | None = None

    @property
    def split(self) -> dict[str, int]:
        """Debt id → minor units, as JSON keeps it."""
        return {str(part.debt_id): part.amount.minor for part in self.parts}


def link_now(session: Session, link: PayLink, *, now: datetime) -> LinkNow:
    """How ``link`` stands. Only reads."""
    lines = {line.debt_id: line for line in balance_of(session, link.debtor_id, now=now).lines}
    wanted = [(part, lines[part.debt_id]) for part in link.parts if part.debt_id in lines]
    open_parts = [(part, line) for part, line in wanted if not line.balance.is_zero]
    parts = tuple(_part(line, part.amount) for part, line in open_parts if line.payable)
    amount = total((part.amount for part in parts), link.currency)
    payment = session.scalar(select(Payment).where(Payment.pay_link_id == link.id).order_by(Payment.id.desc()))
    state = _state(session, link, amount, owed=bool(open_parts), held=len(parts) < len(open_parts),
                   payment=payment, now=now)
    return LinkNow(link, state, amount, parts, _fingerprint(session, link, parts, now), payment)


def _state(session: Session, link: PayLink, amount: Money, *, owed: bool, held: bool, payment: Payment | None,
           now: datetime) -> LinkState:
    if payment is not None:
        return LinkState.PAID
    latest = session.scalar(select(CheckoutSession.status).where(CheckoutSession.pay_link_id == link.id)
                            .order_by(CheckoutSession.number.desc()).limit(1))
    if latest is CheckoutStatus.COMPLETE:
        return LinkState.CONFIRMING
    if held:
        return LinkState.HELD
    if not owed:
        return LinkState.NOTHING_OWED
    if now >= link.expires_at:
        return LinkState.EXPIRED
    smallest = SMALLEST.get(link.currency)
    if card_mode() == "off" or smallest is None:
        return LinkState.CARDS_OFF
    return LinkState.TOO_SMALL if amount.minor < smallest else LinkState.PAYABLE


def _part(line: DebtLine, chosen: int) -> PartNow:
    amount = min(Money(chosen, line.balance.currency), line.balance)
    return PartNow(line.debt_id, line.ref, line.creditor, line.description, amount, line.balance)


def _fingerprint(session: Session, link: PayLink, parts: tuple[PartNow, ...], now: datetime) -> str:
    debts = {part.debt_id for part in link.parts}
    holds = [hold.id for hold in active_holds(session, debtor_id=link.debtor_id, now=now)
             if hold.debt_id is None or hold.debt_id in debts]
    content = [card_mode(), link.currency, [[part.debt_id, part.amount.minor] for part in parts], sorted(holds)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()
