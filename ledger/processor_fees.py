"""What the card processor keeps for itself of a payment, borne by the creditors whose payment it was."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger.errors import NotFound
from ledger.kinds import CreditorAccount, PostingKind
from ledger.models import Txn
from ledger.money import Money
from ledger.posting import begin_posting, finish_posting, lines_of, on_creditor
from runtime.ids import CreditorId


def charge_fee(
    session: Session, *, key: str, payment_id: int, fee: Money, effective_on: date, posted_at: datetime, actor: str,
    cause: str,
) -> Txn:
    """Record a fee of the processor on a payment, against its clearing account; a negative one is given back to us.

    Spread over the payment's creditors by what each got of it, exact to the minor unit. The same key with the same
    content changes nothing. Raises NotFound, KeyReused; ValueError for no fee.
    """
    if fee.is_zero:
        raise ValueError("a fee of nothing is not posted")
    with session.begin_nested():
        txn, fresh = begin_posting(
            session, key=key, kind=PostingKind.PROCESSOR_FEE, effective_on=effective_on, posted_at=posted_at,
            actor=actor, cause=cause, content=[payment_id, fee.json()])
        if fresh:
            payment = session.get(Txn, payment_id)
            if payment is None or payment.kind is not PostingKind.PAYMENT:
                raise NotFound(f"there is no payment {payment_id}")
            got: dict[CreditorId, int] = {}
            for line in lines_of(session, payment_id):
                if line.debt_id is None:
                    got[CreditorId(line.owner)] = got.get(CreditorId(line.owner), 0) + line.amount.minor
            finish_posting(session, txn, [
                line for creditor_id, part in spread(fee, got).items() for line in (
                    on_creditor(creditor_id, CreditorAccount.PROCESSOR_FEES, part),
                    on_creditor(creditor_id, CreditorAccount.PROCESSOR_CLEARING, -part))])
    return txn


def spread(amount: Money, weights: Mapping[CreditorId, int]) -> dict[CreditorId, Money]:
    """``amount`` in parts as the positive ``weights`` are, whole minor units, that sum to it; the odd ones go first."""
    whole, size, sign = sum(weights.values()), abs(amount.minor), -1 if amount.minor < 0 else 1
    parts = {owner: size * weight // whole for owner, weight in sorted(weights.items())}
    odd = size - sum(parts.values())
    for place, owner in enumerate(parts):
        parts[owner] += place < odd
    return {owner: Money(sign * part, amount.currency) for owner, part in parts.items()}
