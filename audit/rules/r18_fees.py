"""Rule 18: no fee or interest that neither agreement nor law allows."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.rule import Found, Rule
from audit.scope import Scope
from ledger.kinds import Bucket, PostingKind
from ledger.models import Account, Creditor, Debt, Entry, Txn
from ledger.policy import load_policy

ADDING = (PostingKind.ADJUSTMENT, PostingKind.ACCRUAL, PostingKind.PAYMENT, PostingKind.SETTLEMENT_DISCOUNT)
"""Postings that could add a charge; an opening brings what the creditor handed over, a reversal what was there."""


def books(session: Session, scope: Scope) -> Iterator[Found]:
    rows = session.execute(
        select(Txn.id, Txn.kind, Txn.posted_at, Account.kind, Account.debt_id, Creditor.policy, Debt.interest_rate)
        .join(Entry, Entry.txn_id == Txn.id).join(Account, Account.id == Entry.account_id)
        .join(Debt, Debt.id == Account.debt_id).join(Creditor, Creditor.id == Debt.creditor_id)
        .where(Txn.kind.in_(ADDING), Entry.amount > 0, scope.within(Txn.posted_at), scope.of_debtors(Debt.debtor_id),
               Account.kind.in_((Bucket.FEES, Bucket.COSTS, Bucket.INTEREST)))
        .order_by(Txn.id).execution_options(yield_per=1000))
    for number, kind, at, bucket, debt_id, policy_name, rate in rows:
        policy = load_policy(policy_name)
        if policy.master.system == "theirs":
            continue  # the creditor's own books, by its own agreement
        if bucket in (Bucket.FEES, Bucket.COSTS):
            yield Found(f"adds {bucket} to debt {debt_id}; the policy {policy_name} allows none",
                        subject=f"posting {number}", at=at)
        elif kind == PostingKind.ACCRUAL and policy.interest.method is None and rate is None:
            yield Found(f"adds interest to debt {debt_id}; the policy {policy_name} has none",
                        subject=f"posting {number}", at=at)


RULE = Rule(18, "No charge that agreement or law does not allow", "Reg F 1006.22(b)",
            "postings that add fees, costs or interest; the creditors' policies",
            "Reverse the posting, or put the agreement's clause before a lawyer.", books=books)
