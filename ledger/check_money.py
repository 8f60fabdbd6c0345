"""Checks of what follows payments: what is taken back of them, interest, and postings in accounts they belong to."""

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import and_, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from ledger.finding import Finding
from ledger.kinds import CreditorAccount, PostingKind
from ledger.models import Account, Accrual, AccrualSpan, Creditor, Debt, Entry, TakeBack, Txn
from ledger.money import exponent
from ledger.posting import undone

_MONEY_IN = frozenset({CreditorAccount.PROCESSOR_CLEARING, CreditorAccount.DIRECT})
CHART: dict[PostingKind, frozenset[CreditorAccount]] = {
    PostingKind.OPENING: frozenset({CreditorAccount.PLACED}),
    PostingKind.PAYMENT: _MONEY_IN,
    PostingKind.RECALL: frozenset({CreditorAccount.PLACED}),
    PostingKind.WRITE_OFF: frozenset({CreditorAccount.WRITE_OFF}),
    PostingKind.REFUND: _MONEY_IN,
    PostingKind.PROCESSOR_FEE: frozenset({CreditorAccount.PROCESSOR_FEES, CreditorAccount.PROCESSOR_CLEARING}),
    PostingKind.CARD_DISPUTE: _MONEY_IN | {CreditorAccount.DISPUTE_HOLD},
    PostingKind.CARD_DISPUTE_LOST: frozenset({CreditorAccount.DISPUTE_HOLD}),
    PostingKind.ACCRUAL: frozenset({CreditorAccount.ACCRUED_INTEREST}),
}
"""Which of a creditor's accounts a kind of posting may touch. A reversal mirrors, so it needs no line."""
_TAKES_BACK = (PostingKind.REFUND, PostingKind.CARD_DISPUTE, PostingKind.CARD_DISPUTE_LOST)


def _accounts_fit(session: Session) -> Iterator[Finding]:
    strange = [and_(Txn.kind == kind, Account.kind.not_in([account.value for account in accounts]))
               for kind, accounts in CHART.items()]
    rows = session.execute(
        select(Txn.id, Txn.kind, Account.kind).join(Entry, Entry.txn_id == Txn.id)
        .join(Account, Account.id == Entry.account_id).where(Account.creditor_id.is_not(None), or_(*strange)))
    for txn_id, kind, account in rows:
        yield Finding("accounts fit postings", f"posting {txn_id} ({kind}) touches {account}")
    for currency, digits in session.execute(select(Account.currency, Account.exponent).distinct()):
        if digits != exponent(currency):
            yield Finding("accounts fit postings", f"accounts in {currency} have {digits} decimals")


def _taken_back(session: Session) -> Iterator[Finding]:
    payment = aliased(Txn)
    rows = session.execute(
        select(TakeBack.txn_id, TakeBack.payment_id).join(Txn, Txn.id == TakeBack.txn_id)
        .join(payment, payment.id == TakeBack.payment_id)
        .where(or_(Txn.kind.not_in(_TAKES_BACK), payment.kind != PostingKind.PAYMENT)))
    for txn_id, payment_id in rows:
        yield Finding("refunds within payments", f"posting {txn_id} cannot take anything back of posting {payment_id}")
    reversal = aliased(Txn)
    rows = session.execute(
        select(Txn.id, TakeBack.payment_id).join(TakeBack, TakeBack.txn_id == Txn.id)
        .join(reversal, reversal.reverses_id == TakeBack.payment_id).where(~undone()))
    for txn_id, payment_id in rows:
        yield Finding("refunds within payments", f"posting {txn_id} takes back of payment {payment_id}, "
                                                 "which was reversed")
    both = union_all(
        select(TakeBack.payment_id.label("payment_id"), Entry.account_id, Entry.amount)
        .join(Txn, Txn.id == TakeBack.txn_id).join(Entry, Entry.txn_id == Txn.id).where(~undone()),
        select(Entry.txn_id, Entry.account_id, Entry.amount)
        .where(Entry.txn_id.in_(select(TakeBack.payment_id))),
    ).subquery()
    sums = (select(both.c.payment_id, both.c.account_id, func.sum(both.c.amount).label("amount"))
            .group_by(both.c.payment_id, both.c.account_id).subquery())
    too_much = session.execute(
        select(sums.c.payment_id, Account.kind, sums.c.amount).join(Account, Account.id == sums.c.account_id)
        .where(or_(and_(Account.debt_id.is_not(None), sums.c.amount > 0),
                   and_(Account.kind == CreditorAccount.DISPUTE_HOLD.value, sums.c.amount < 0))))
    for payment_id, account, minor in too_much:
        yield Finding("refunds within payments", f"{minor} minor units too much of {account} were taken back of "
                                                 f"payment {payment_id}")
    total = func.sum(sums.c.amount)
    for payment_id, currency, minor in session.execute(
            select(sums.c.payment_id, Account.currency, total).join(Account, Account.id == sums.c.account_id)
            .where(or_(Account.debt_id.is_not(None), Account.kind == CreditorAccount.DISPUTE_HOLD.value))
            .group_by(sums.c.payment_id, Account.currency).having(total > 0)):
        yield Finding("refunds within payments", f"a card dispute holds {minor} minor units of {currency} more of "
                                                 f"payment {payment_id} than is left of it")
    held = session.execute(
        select(Creditor.ref, Account.currency, func.sum(Entry.amount)).join(Account, Account.creditor_id == Creditor.id)
        .join(Entry, Entry.account_id == Account.id).where(Account.kind == CreditorAccount.DISPUTE_HOLD.value)
        .group_by(Creditor.ref, Account.currency).having(func.sum(Entry.amount) < 0))
    for ref, currency, minor in held:
        yield Finding("refunds within payments", f"the dispute hold of {ref} is {minor} minor units of {currency}")


def _interest_adds_up(session: Session) -> Iterator[Finding]:
    posted = (
        select(Account.debt_id.label("debt_id"), func.sum(Entry.amount).label("amount"))
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .where(Txn.kind == PostingKind.ACCRUAL, Account.debt_id.is_not(None)).group_by(Account.debt_id).subquery()
    )
    has, should = func.coalesce(Accrual.accrued, 0), func.coalesce(posted.c.amount, 0)
    rows = session.execute(
        select(Debt.ref, has, should).outerjoin(Accrual, Accrual.debt_id == Debt.id)
        .outerjoin(posted, posted.c.debt_id == Debt.id).where(has != should))
    for ref, accrued, minor in rows:
        yield Finding("interest adds up", f"debt {ref} counts {accrued} of interest added, its postings say {minor}")
    for ref, accrued, cap in session.execute(
            select(Debt.ref, Accrual.accrued, Accrual.cap).join(Accrual, Accrual.debt_id == Debt.id)
            .where(Accrual.accrued > Accrual.cap)):
        yield Finding("interest within its cap", f"debt {ref} has {accrued} of interest, its cap is {cap}")
    following = func.lead(AccrualSpan.first_on).over(partition_by=AccrualSpan.debt_id, order_by=AccrualSpan.first_on)
    ordered = select(AccrualSpan.debt_id, AccrualSpan.last_on, following.label("following")).subquery()
    twice = select(Debt.ref).join(ordered, ordered.c.debt_id == Debt.id).where(
        ordered.c.following <= ordered.c.last_on).distinct()
    for ref in session.scalars(twice):
        yield Finding("interest adds up", f"some days of debt {ref} bear interest twice")
    ends = select(AccrualSpan.debt_id, func.max(AccrualSpan.last_on).label("last_on")).group_by(
        AccrualSpan.debt_id).subquery()
    for ref in session.scalars(
            select(Debt.ref).join(Accrual, Accrual.debt_id == Debt.id).outerjoin(ends, ends.c.debt_id == Debt.id)
            .where(or_(ends.c.last_on.is_(None), ends.c.last_on != Accrual.through))):
        yield Finding("interest adds up", f"the days of debt {ref} do not end with the last one reckoned")


MONEY: tuple[tuple[str, Callable[[Session], Iterable[Finding]]], ...] = (
    ("accounts fit postings", _accounts_fit), ("refunds within payments", _taken_back),
    ("interest adds up", _interest_adds_up),
)
