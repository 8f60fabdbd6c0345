"""Deeds on what is owed and what was paid: write-off, adjustment, refunds, reversal."""

from collections.abc import Sequence

from sqlalchemy import select

from console.deeds.deed import WHY, Deed, Doing, Given
from console.words import heading, money
from ledger.corrections import adjust, write_off
from ledger.kinds import OWED, Authority, BoundedAct, Bucket, CreditorAccount, PostingKind, WriteOffReason
from ledger.models import Account, Debt, DebtBalance, Entry, Txn
from ledger.money import Money
from ledger.posting import reverse
from ledger.returns import refund_overpayment, refund_payment, refundable
from runtime.errors import StaffError

_REASONS = [(reason.value, heading(reason)) for reason in WriteOffReason]
_BUCKETS = [(bucket.value, heading(bucket)) for bucket in OWED]
_WAYS = [("raise", "Raise it"), ("lower", "Lower it: what was placed with us was wrong"),
         ("waive", "Lower it: we give it up"), ("waive_interest", "Lower it: interest added here is waived")]
_AGAINST = {"raise": CreditorAccount.PLACED, "lower": CreditorAccount.PLACED, "waive": CreditorAccount.WRITE_OFF,
            "waive_interest": CreditorAccount.ACCRUED_INTEREST}
_IRREVERSIBLE = frozenset({PostingKind.ACCRUAL, PostingKind.SETTLEMENT_DISCOUNT, PostingKind.OPENING})
_BANK = "The ledger records that the money went back by bank; it sends none. A refund to a card is made at the card " \
        "processor, and the ledger hears of it by itself."


def _write_off_form(doing: Doing) -> Sequence[Given]:
    doing.debt()
    return [Given("reason", "Reason", "choice", choices=_REASONS), Given("why", "Note", required=False)]


def _write_off(doing: Doing) -> None:
    reason = WriteOffReason(doing.choice("reason", _REASONS))
    note = doing.why() if doing.values.get("why", "").strip() else ""
    write_off(doing.session, key=doing.key, debt_id=doing.debt().id, reason=reason, effective_on=doing.today,
              posted_at=doing.now, actor=doing.actor, note=note, authority=doing.authority)


def _adjust_form(doing: Doing) -> Sequence[Given]:
    return [Given("bucket", "What", "choice", choices=_BUCKETS), Given("way", "How", "choice", choices=_WAYS),
            Given("amount", f"By how much ({doing.debt().currency})", "amount"), WHY]


def _adjust(doing: Doing) -> None:
    debt, way = doing.debt(), doing.choice("way", _WAYS)
    amount = doing.amount("amount", debt.currency)
    adjust(doing.session, key=doing.key, debt_id=debt.id, bucket=Bucket(doing.choice("bucket", _BUCKETS)),
           amount=amount if way == "raise" else -amount, reason=doing.why(), effective_on=doing.today,
           posted_at=doing.now, actor=doing.actor, against=_AGAINST[way], authority=doing.authority)


def _overpayment_form(doing: Doing) -> Sequence[Given]:
    debt = doing.debt()
    held = Money(doing.session.get_one(DebtBalance, debt.id).overpayment, debt.currency)
    if held.is_zero:
        raise StaffError("Nothing was paid too much on this debt.")
    return [Given("amount", f"Amount given back ({debt.currency})", "amount", str(held.decimal)), WHY]


def _overpayment(doing: Doing) -> None:
    debt = doing.debt()
    refund_overpayment(doing.session, key=doing.key, debt_id=debt.id, amount=doing.amount("amount", debt.currency),
                       effective_on=doing.today, posted_at=doing.now, actor=doing.actor, cause=doing.why(),
                       through=CreditorAccount.DIRECT)


def _posting(doing: Doing) -> Txn:
    """The posting this is on. Raises StaffError unless all debts it touches are this debtor's."""
    txn = doing.session.get(Txn, doing.target)
    owners = doing.session.scalars(
        select(Debt.debtor_id).join(Account, Account.debt_id == Debt.id).join(Entry, Entry.account_id == Account.id)
        .where(Entry.txn_id == doing.target).distinct()).all()
    if txn is None or list(owners) != [doing.debtor.id]:
        raise StaffError("There is no such entry on this debtor's debts.")
    return txn


def _refund_form(doing: Doing) -> Sequence[Given]:
    if _posting(doing).kind is not PostingKind.PAYMENT:
        raise StaffError("Only a payment can be given back.")
    left = refundable(doing.session, doing.target)
    if not left:
        raise StaffError("Nothing of this payment is left to give back.")
    [(currency, most)] = left.items()
    return [Given("amount", f"Amount given back ({currency})", "amount", str(most.decimal),
                  hint=f"{money(most)} at most."), WHY]


def _refund(doing: Doing) -> None:
    _posting(doing)
    [currency] = {line for line in doing.session.scalars(select(Entry.currency).where(Entry.txn_id == doing.target))}
    amount = doing.amount("amount", currency)
    doing.refuse_without(Authority.LEAD, BoundedAct.REFUND, doing.target, amount.minor)
    refund_payment(doing.session, key=doing.key, payment_id=doing.target, amount=amount, effective_on=doing.today,
                   posted_at=doing.now, actor=doing.actor, cause=doing.why(), through=CreditorAccount.DIRECT)


def _reverse_form(doing: Doing) -> Sequence[Given]:
    if _posting(doing).kind in _IRREVERSIBLE:
        raise StaffError("An entry of this kind is not reversed: adjust the debt instead.")
    return [WHY]


def _reverse(doing: Doing) -> None:
    if _posting(doing).kind in _IRREVERSIBLE:
        raise StaffError("An entry of this kind is not reversed: adjust the debt instead.")
    doing.refuse_without(Authority.LEAD, BoundedAct.REVERSAL, doing.target)
    reverse(doing.session, key=doing.key, txn_id=doing.target, effective_on=doing.today, posted_at=doing.now,
            actor=doing.actor, cause=doing.why())


MONEY = (
    Deed("write-off", "Write off a debt", _write_off_form, _write_off,
         "Everything owed on the debt is given up: it is closed, and its plan and settlement end."),
    Deed("adjust", "Adjust a debt", _adjust_form, _adjust,
         "One part of what is owed is raised or lowered. Only what the agreement or the law allows may be added."),
    Deed("refund-overpayment", "Refund an overpayment", _overpayment_form, _overpayment, _BANK),
    Deed("refund", "Refund a payment", _refund_form, _refund, _BANK),
    Deed("reverse", "Reverse an entry", _reverse_form, _reverse,
         "The entry is undone as it was recorded, and what hangs on it follows. It stays in the books."),
)
