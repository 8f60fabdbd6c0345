"""Rule 29: statutory breathing space: nothing is chased or added; and our own pause is never called so."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import resting
from audit.case import Case
from audit.estate import through
from audit.outgoing import Outgoing
from audit.rule import UK, Found, Rule
from audit.scope import Scope
from ledger.holds import effect_of
from ledger.kinds import Act, HoldReason, PostingKind
from ledger.models import Account, Debt, Debtor, Entry, Hold, Txn

NAMED = frozenset({"breathing_space", "breathing_space_running"})
"""Texts that explain the statutory scheme."""


def check(case: Case) -> Iterator[Found]:
    yield from resting.asked(case, HoldReason.BREATHING_SPACE)
    for said in case.ours:
        if not said.bot or case.found("breathing_space", said) is None:
            continue
        estate = case.whose(said.at)
        if said.name not in NAMED:
            yield Found("our own pause is called breathing space", said)
        elif said.name == "breathing_space_running" and (
                estate is None or not estate.holds_at(said.at, HoldReason.BREATHING_SPACE)):
            yield Found("said to be in statutory breathing space, and there is no such hold", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    yield from resting.sent(item, HoldReason.BREATHING_SPACE)


def books(session: Session, scope: Scope) -> Iterator[Found]:
    """Interest and fees of days on which a hold forbade adding any."""
    rows = session.execute(
        select(Txn.id, Txn.posted_at, Txn.effective_on, Account.debt_id, Hold)
        .join(Entry, Entry.txn_id == Txn.id).join(Account, Account.id == Entry.account_id)
        .join(Debt, Debt.id == Account.debt_id).join(Debtor, Debtor.id == Debt.debtor_id)
        .join(Hold, (Hold.debtor_id == Debt.debtor_id) & ((Hold.debt_id.is_(None)) | (Hold.debt_id == Debt.id)))
        .where(Txn.kind == PostingKind.ACCRUAL, Entry.amount > 0, Debtor.country.in_(UK),
               Hold.reason == HoldReason.BREATHING_SPACE, scope.within(Txn.posted_at), scope.of_debtors(Debt.debtor_id))
        .order_by(Txn.id).execution_options(yield_per=500))
    for number, at, effective_on, debt_id, hold in rows:
        if Act.ACCRUE in effect_of(hold).stops and through([hold], effective_on):
            yield Found(f"adds interest to debt {debt_id} for {effective_on}, within breathing space",
                        subject=f"posting {number}", at=at)


RULE = Rule(29, "Statutory breathing space", "Debt Respite Regulations 2020",
            "what was asked, sent and added while the scheme ran, and where its name was used",
            "Reverse what was added, stop what was sent, and tell the debt adviser.", countries=UK,
            conversation=check, outgoing=outgoing, books=books)
