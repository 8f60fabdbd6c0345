"""What ``debtdesk ledger check`` runs: every invariant recomputed from the entries, by the database in whole sets."""

from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import and_, case, exists, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased

from ledger.check_money import MONEY
from ledger.check_plans import PLANS
from ledger.check_promises import promises_counted
from ledger.check_settlements import settlements_fit, settlements_or_plans
from ledger.finding import Finding
from ledger.kinds import Bucket, DebtStatus, PlanStatus
from ledger.models import Account, Debt, DebtBalance, Entry, Instalment, Plan, PlanDebt, Seal, Txn


def _postings_balance(session: Session) -> Iterator[Finding]:
    rows = session.execute(
        select(Entry.txn_id, Entry.currency, func.sum(Entry.amount)).group_by(Entry.txn_id, Entry.currency)
        .having(func.sum(Entry.amount) != 0)
    )
    for txn_id, currency, amount in rows:
        yield Finding("postings sum to zero", f"posting {txn_id} is off by {amount} minor units of {currency}")


def _postings_sealed(session: Session) -> Iterator[Finding]:
    for txn_id in session.scalars(select(Txn.id).where(~exists().where(Seal.txn_id == Txn.id))):
        yield Finding("postings are sealed", f"posting {txn_id} has no seal")
    for txn_id in session.scalars(select(Txn.id).where(~exists().where(Entry.txn_id == Txn.id))):
        yield Finding("postings have entries", f"posting {txn_id} has none")


def _currencies_agree(session: Session) -> Iterator[Finding]:
    wrong_entry = select(Entry.id).join(Account, Account.id == Entry.account_id).where(
        Account.currency != Entry.currency)
    for entry_id in session.scalars(wrong_entry):
        yield Finding("currencies agree", f"entry {entry_id} is not in its account's currency")
    wrong_account = select(Account.id).join(Debt, Debt.id == Account.debt_id).where(Account.currency != Debt.currency)
    for account_id in session.scalars(wrong_account):
        yield Finding("currencies agree", f"account {account_id} is not in its debt's currency")


def _balances_equal_entries(session: Session) -> Iterator[Finding]:
    sums = (
        select(
            Account.debt_id.label("debt_id"),
            *(func.sum(case((Account.kind == bucket, Entry.amount), else_=0)).label(bucket.value) for bucket in Bucket),
        )
        .join(Entry, Entry.account_id == Account.id).where(Account.debt_id.is_not(None))
        .group_by(Account.debt_id).subquery()
    )
    sign = {bucket: -1 if bucket is Bucket.OVERPAYMENT else 1 for bucket in Bucket}
    derived = {bucket: func.coalesce(sums.c[bucket.value] * sign[bucket], 0) for bucket in Bucket}
    cached = {bucket: func.coalesce(getattr(DebtBalance, bucket.value), 0) for bucket in Bucket}
    rows = session.execute(
        select(Debt.ref, *(column for bucket in Bucket for column in (cached[bucket], derived[bucket])))
        .outerjoin(DebtBalance, DebtBalance.debt_id == Debt.id).outerjoin(sums, sums.c.debt_id == Debt.id)
        .where(or_(*(cached[bucket] != derived[bucket] for bucket in Bucket)))
    )
    for ref, *amounts in rows:
        for place, bucket in enumerate(Bucket):
            has, should = amounts[2 * place], amounts[2 * place + 1]
            if has != should:
                yield Finding("balances equal entries", f"{bucket} of debt {ref} is {has}, its entries say {should}")


def _statuses_fit(session: Session) -> Iterator[Finding]:
    owed = DebtBalance.principal + DebtBalance.interest + DebtBalance.fees + DebtBalance.costs
    rows = session.execute(
        select(Debt.ref, Debt.status, owed).join(DebtBalance, DebtBalance.debt_id == Debt.id)
        .where(or_(and_(Debt.status == DebtStatus.OPEN, owed == 0), and_(Debt.status != DebtStatus.OPEN, owed != 0)))
    )
    for ref, status, amount in rows:
        yield Finding("states fit balances", f"debt {ref} is {status} and owes {amount} minor units")


def _reversals_mirror(session: Session) -> Iterator[Finding]:
    reversal = aliased(Txn)
    both = union_all(
        select(Txn.id.label("txn_id"), Entry.account_id, Entry.amount).join(Entry, Entry.txn_id == Txn.id)
        .where(Txn.reverses_id.is_not(None)),
        select(reversal.id, Entry.account_id, Entry.amount).join(Entry, Entry.txn_id == reversal.reverses_id),
    ).subquery()
    wrong = (select(both.c.txn_id, both.c.account_id).group_by(both.c.txn_id, both.c.account_id)
             .having(func.sum(both.c.amount) != 0).subquery())
    rows = session.execute(select(Txn.id, Txn.reverses_id).where(Txn.id.in_(select(wrong.c.txn_id))).order_by(Txn.id))
    for txn_id, reversed_id in rows:
        yield Finding("reversals mirror", f"posting {txn_id} does not undo posting {reversed_id}")


def _plans_add_up(session: Session) -> Iterator[Finding]:
    dues = (
        select(Instalment.plan_id, func.sum(Instalment.amount).label("amount")).group_by(Instalment.plan_id).subquery()
    )
    shares = select(PlanDebt.plan_id, func.sum(PlanDebt.amount).label("amount")).group_by(PlanDebt.plan_id).subquery()
    instalments, debts = func.coalesce(dues.c.amount, 0), func.coalesce(shares.c.amount, 0)
    rows = session.execute(
        select(Plan.id, Plan.total, instalments, debts)
        .outerjoin(dues, dues.c.plan_id == Plan.id).outerjoin(shares, shares.c.plan_id == Plan.id)
        .where(or_(Plan.total != instalments, Plan.total != debts))
    )
    for plan_id, total, due, share in rows:
        if total != due:
            yield Finding("plans add up", f"plan {plan_id} is over {total}, its instalments are {due}")
        if total != share:
            yield Finding("plans add up", f"plan {plan_id} is over {total}, its debts were {share}")


def _one_plan_per_debt(session: Session) -> Iterator[Finding]:
    rows = session.execute(
        select(PlanDebt.debt_id, func.count()).join(Plan, Plan.id == PlanDebt.plan_id)
        .where(Plan.status == PlanStatus.ACTIVE).group_by(PlanDebt.debt_id).having(func.count() > 1)
    )
    for debt_id, count in rows:
        yield Finding("one plan per debt", f"debt {debt_id} is in {count} active plans")


RULES: tuple[tuple[str, Callable[[Session], Iterable[Finding]]], ...] = (
    ("postings sum to zero", _postings_balance), ("postings are sealed", _postings_sealed),
    ("currencies agree", _currencies_agree), ("balances equal entries", _balances_equal_entries),
    ("states fit balances", _statuses_fit), ("reversals mirror", _reversals_mirror), *MONEY,
    ("plans add up", _plans_add_up), *PLANS,
    ("one plan per debt", _one_plan_per_debt), ("promises equal payments", promises_counted),
    ("discounts belong to settlements", settlements_fit), ("plan or settlement", settlements_or_plans),
)
"""What is checked, in the words of its findings."""


def check(session: Session, *, progress: Callable[[str, int, int], None] | None = None) -> list[Finding]:
    """Every breach of an invariant; an empty list means the ledger is sound. Writes nothing.

    ``progress`` is called before each rule with its name, its number and how many there are.
    """
    findings: list[Finding] = []
    with session.no_autoflush:
        for number, (name, rule) in enumerate(RULES, start=1):
            if progress is not None:
                progress(name, number, len(RULES))
            findings.extend(rule(session))
    return findings
