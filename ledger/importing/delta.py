"""A delta file: what has become of debts since the file before, by the books of another system.

Where that system is the master (the policy's section ``master``), a changed debt is brought to what the file says, by a
posting that names file and line. Where our books count, a difference is a problem.
"""

from array import array
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from ledger.accrual import bring_up_to_date
from ledger.confirming import confirm
from ledger.corrections import adjust, write_off
from ledger.errors import LedgerError
from ledger.importing.checking import Good
from ledger.importing.parties import rewrite
from ledger.importing.problems import Problem
from ledger.importing.records import Change, DebtorFacts, Record, unpacked
from ledger.kinds import OWED, Authority, CreditorAccount, DebtStatus, PlanStatus, PostingKind, WriteOffReason
from ledger.models import Account, Creditor, Debt, DebtBalance, DeltaImport, Entry, Plan, PlanDebt, Txn
from ledger.money import Money
from ledger.opening import recall_debt
from ledger.policy import load_policy
from ledger.posting import lock_balances
from ledger.receipts import receive
from runtime.errors import OperatorError
from runtime.ids import CreditorId, DebtId

Missing = Literal["ignore", "recalled"]
_DEBT_FACTS = ("kind", "description", "original_creditor", "opened_on", "due_on")


@dataclass(frozen=True, slots=True)
class Delta:
    """That a file is a delta: its books stood so at ``as_of``; what becomes of debts that are not in it."""

    as_of: datetime
    missing: Missing = "ignore"


@dataclass(slots=True)
class Changes:
    """What came of a delta file. ``before`` says what was there before, line by line."""

    adjusted: int = 0
    closed: int = 0
    written_off: int = 0
    recalled: int = 0
    rewritten: int = 0
    confirmed: int = 0
    before: list[str] = field(default_factory=list)


def outside_is_master(policy: str | None) -> bool:
    """Whether the creditor's policy says that another system's books count."""
    return policy is not None and load_policy(policy).master.system == "theirs"


class Applied:
    """Applies the rows of a delta file. Everything is in the transaction of ``session``."""

    def __init__(
        self, session: Session, delta: Delta, changes: Changes, *, name: str, now: datetime, actor: str
    ) -> None:
        self.session, self.delta, self.changes = session, delta, changes
        self.name, self.now, self.actor = name, now, actor
        self._told: set[CreditorId] = set()
        self._seen = array("q")

    def begin_creditors(self, ids: Collection[CreditorId]) -> None:
        """Raises OperatorError when a newer delta of one of the creditors was taken in before."""
        for creditor_id in sorted(set(ids) - self._told):
            newest = self.session.scalar(
                select(func.max(DeltaImport.as_of)).where(DeltaImport.creditor_id == creditor_id)
            )
            if newest is not None and newest > self.delta.as_of:
                ref = self.session.scalar(select(Creditor.ref).where(Creditor.id == creditor_id))
                raise OperatorError(
                    f"{self.name} says how things stood at {_instant(self.delta.as_of)}, but of creditor {ref} a delta "
                    f"of {_instant(newest)} was imported already. An older one would undo it; nothing was imported"
                )
            if newest != self.delta.as_of:
                self.session.execute(insert(DeltaImport), {
                    "creditor_id": creditor_id, "as_of": self.delta.as_of, "name": self.name[:200],
                    "imported_at": self.now,
                })  # fmt: skip
            self._told.add(creditor_id)

    def saw(self, debt_ids: Sequence[int]) -> None:
        """Debts of the file, so that they are not missing."""
        self._seen.extend(debt_ids)

    def take(self, rows: Sequence[Good]) -> list[Problem]:
        """Bring debts that the ledger knows to what the rows say. The problems of those that cannot be."""
        problems: list[Problem] = []
        refs = {row.record[3]: row for row in rows}
        debts = self.session.scalars(select(Debt).where(Debt.ref.in_(refs)).order_by(Debt.id)).all()
        balances = lock_balances(self.session, [debt.id for debt in debts])
        agreed: list[DebtId] = []
        for debt in debts:
            record = unpacked(refs[debt.ref].record)
            self.saw([debt.id])
            if reasons := self._foreign(debt, record):
                problems += [Problem(record.line, reason) for reason in reasons]
                continue
            try:
                with self.session.begin_nested():
                    agreed += [debt.id] if self._change(debt, record, balances[debt.id], refs[debt.ref]) else []
            except _Cannot as why:
                problems.append(Problem(record.line, str(why)))
            except LedgerError as why:
                problems.append(Problem(record.line, f"debt {debt.ref}: {why}"))
        self.changes.confirmed += confirm(self.session, agreed, self.delta.as_of)
        return problems

    def recall_missing(self) -> None:
        """Recall every open debt of the file's creditors that was not in it."""
        seen = array("q", sorted(self._seen))
        last = 0
        while True:
            page = self.session.execute(
                select(Debt.id, Debt.ref).where(Debt.creditor_id.in_(self._told), Debt.status == DebtStatus.OPEN,
                                                Debt.id > last).order_by(Debt.id).limit(1000)
            ).all()
            if not page:
                return
            for debt_id, ref in page:
                place = bisect_left(seen, debt_id)
                if place == len(seen) or seen[place] != debt_id:
                    self._recall(debt_id, ref, f"not in the delta {self.name[:120]}")
                last = debt_id
            self.session.flush()

    def _foreign(self, debt: Debt, record: Record) -> list[str]:
        """What no file can change of a debt."""
        said = {"debtor": record.debtor.ref, "creditor": record.creditor.ref, "currency": record.currency}
        has = {"debtor": debt.debtor.ref, "creditor": debt.creditor.ref, "currency": debt.currency}
        found = [f"{name} {has[name]} (the file: {said[name]})" for name in said if said[name] != has[name]]
        return [f"debt {debt.ref} is in the ledger already, with {'; '.join(found)}"] if found else []

    def _change(self, debt: Debt, record: Record, balance: DebtBalance, row: Good) -> bool:
        """Whether the other system's figures are ours now."""
        cause, day = f"delta {self.name[:120]}, line {record.line}", record.settled_on or self.delta.as_of.date()
        master = outside_is_master(debt.creditor.policy)
        if master:
            self._rewrite(debt, record, row)
        if record.change is Change.RECALLED:
            return self._recall(debt.id, debt.ref, cause)
        if record.change is Change.WRITTEN_OFF:
            return self._write_off(debt, balance, day, cause)
        if record.change is Change.CLOSED or record.settled_on:
            if debt.status is DebtStatus.OPEN and balance.owed:
                bring_up_to_date(self.session, {debt.id: (debt, debt.creditor)}, before=day, posted_at=self.now)
                receive(  # all that is owed on that day, interest included: the receiving adds none any more
                    self.session, key=f"import:{debt.ref}:settled", split={debt.id: Money(balance.owed, debt.currency)},
                    effective_on=day, posted_at=self.now, actor=self.actor, cause=cause, through=CreditorAccount.DIRECT,
                )  # fmt: skip
                self.changes.closed += 1
            return True
        return self._bring_to(debt, record, balance, cause, master=master)

    def _bring_to(self, debt: Debt, record: Record, balance: DebtBalance, cause: str, *, master: bool) -> bool:
        """Adjust each bucket to what the file says."""
        has = [getattr(balance, bucket.value) for bucket in OWED]
        if has == list(record.minor):
            return True
        told = ", ".join(
            f"{bucket} {Money(mine, debt.currency).decimal} (the file: {Money(theirs, debt.currency).decimal})"
            for bucket, mine, theirs in zip(OWED, has, record.minor, strict=True) if mine != theirs
        )
        if not master:
            raise _Cannot(
                f"debt {debt.ref} stands at {told}. Our books count here (the policy's master is ours): "
                "post what is missing, or put the file right"
            )
        if debt.status is DebtStatus.RECALLED:
            raise _Cannot(f"debt {debt.ref} was recalled by its creditor; it cannot change any more")
        if self._posted_since(debt.id):
            self.changes.before.append(
                f"line {record.line}: debt {debt.ref} was left as it is, {told}: something was posted on it after "
                f"{_instant(self.delta.as_of)}, which the file cannot know of"
            )
            return False
        moved = [
            (bucket, Money(theirs - mine, debt.currency))
            for bucket, mine, theirs in zip(OWED, has, record.minor, strict=True) if mine != theirs
        ]
        moved.sort(key=lambda part: -part[1].minor)  # what rises first, so that it never owes nothing in between
        for bucket, amount in moved:  # one posting for each bucket, so that each can be undone by itself
            adjust(
                self.session, key=f"import:{debt.ref}:{self.delta.as_of.isoformat()}:{bucket}:{amount.minor}",
                debt_id=debt.id, bucket=bucket, amount=amount, reason=cause, effective_on=self.delta.as_of.date(),
                posted_at=self.now, actor=self.actor,
            )  # fmt: skip
        self.changes.adjusted += 1
        self.changes.before.append(f"line {record.line}: debt {debt.ref} stood at {told}")
        if planned := self.session.scalars(_active_plans(debt.id)).all():
            self.changes.before.append(
                f"line {record.line}: debt {debt.ref} is in plan {planned[0]}, which still counts on the old balance"
            )
        return True

    def _posted_since(self, debt_id: DebtId) -> bool:
        return self.session.scalar(
            select(Txn.id).join(Entry, Entry.txn_id == Txn.id).join(Account, Account.id == Entry.account_id)
            .where(Account.debt_id == debt_id, Txn.posted_at > self.delta.as_of, Txn.kind != PostingKind.OPENING)
            .limit(1)
        ) is not None

    def _rewrite(self, debt: Debt, record: Record, row: Good) -> None:
        """What the file says otherwise of the debt and its debtor; what was before goes into the report."""
        changed = {}
        for name in _DEBT_FACTS:
            said, has = getattr(record, name), getattr(debt, name)
            if said != has:
                setattr(debt, name, said)
                changed[name] = has
        for name in ("interest_rate", "stage"):  # a file without the column says nothing of it
            said, has = getattr(record, name), getattr(debt, name)
            if said not in (None, has):
                setattr(debt, name, said)
                changed[name] = has
        if changed:
            self._tell(record.line, f"debt {debt.ref}", changed)
        debtor = debt.debtor
        before = {name: getattr(debtor, name) for name in DebtorFacts._fields}
        if (names := rewrite(debtor, record.debtor)) and row.record[2]:
            self._tell(record.line, f"debtor {debtor.ref}", {name: before[name] for name in names})
        self.session.flush()

    def _tell(self, line: int, what: str, before: dict[str, Any]) -> None:
        self.changes.rewritten += 1
        said = "; ".join(f"{name} was {'empty' if value in (None, '') else value}" for name, value in before.items())
        self.changes.before.append(f"line {line}: {what}: {said}")

    def _recall(self, debt_id: DebtId, ref: str, cause: str) -> bool:
        debt = self.session.get_one(Debt, debt_id)
        if debt.status is not DebtStatus.RECALLED:
            recall_debt(
                self.session, key=f"import:{ref}:{self.delta.as_of.isoformat()}:recalled", debt_id=debt_id,
                effective_on=self.delta.as_of.date(), now=self.now, actor=self.actor, cause=cause,
            )  # fmt: skip
            self.changes.recalled += 1
        return True

    def _write_off(self, debt: Debt, balance: DebtBalance, day: date, cause: str) -> bool:
        if debt.status is DebtStatus.OPEN and balance.owed:
            write_off(
                self.session, key=f"import:{debt.ref}:written_off", debt_id=debt.id, effective_on=day,
                reason=WriteOffReason.UNCOLLECTABLE, posted_at=self.now, actor=self.actor, note=cause,
                authority=Authority.LEAD,  # the creditor itself gives it up
            )  # fmt: skip
            self.changes.written_off += 1
        return True


class _Cannot(Exception):
    """Why a row cannot be done."""


def unknown(row: Good) -> str | None:
    """Why a row of a delta cannot be about a debt the ledger does not know."""
    change = row.record[15]
    if change in (None, Change.NEW):
        return None
    return f"debt {row.record[3]} is not in the ledger, so it cannot be {Change(change).value.replace('_', ' ')}"


def _active_plans(debt_id: DebtId) -> Any:
    return select(Plan.id).join(PlanDebt, PlanDebt.plan_id == Plan.id).where(
        PlanDebt.debt_id == debt_id, Plan.status == PlanStatus.ACTIVE)


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


