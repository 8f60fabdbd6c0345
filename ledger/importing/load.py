"""Records into the ledger: new debts opened, known ones compared, settlements and disputes posted.

A file may add to the ledger, never rewrite it: what a row says otherwise of a debt that is there is a
problem, what it says otherwise of a debtor is a notice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from dateutil.relativedelta import relativedelta
from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.holds import HoldReason, place_hold
from ledger.importing.bulk import Parts, Posting, opened_balances, opening, post_many, settled_balances, settlement
from ledger.importing.compare import Known, chunks
from ledger.importing.parties import complete, identifiable, new_creditor, new_debtor, together
from ledger.importing.problems import Problem
from ledger.importing.records import Record
from ledger.importing.rows import Reading
from ledger.kinds import OWED, CreditorAccount, DebtStatus
from ledger.models import Debt, Hold, PlanDebt, Promise, Settlement
from ledger.money import Money
from ledger.posting import lock_balances
from ledger.receipts import receive
from runtime.ids import DebtId

NEVER_BARRED_YEARS = 3  # the shortest limitation period of a US state; longer in the UK


@dataclass(slots=True)
class Loaded:
    """What came of a file. ``problems`` are those of its rows and those the ledger found, by line."""

    problems: list[Problem] = field(default_factory=list)
    refused: bool = False
    new_creditors: int = 0
    new_debtors: int = 0
    completed: int = 0
    new_debts: int = 0
    unchanged: int = 0
    settled: int = 0
    held: int = 0
    notices: list[str] = field(default_factory=list)
    without_factors: list[str] = field(default_factory=list)


def load(
    session: Session,
    reading: Reading,
    *,
    now: datetime,
    actor: str,
    skip_bad: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Loaded:
    """Place the records of ``reading``. The same records again change nothing.

    With a problem and without ``skip_bad`` the answer is ``refused`` and nothing was written. Raises
    OperatorError for a policy file that cannot be used.
    """
    known = Known(session, reading.records)
    loaded = Loaded(problems=list(reading.problems))
    good: list[Record] = []
    for record in reading.records:
        reasons = known.reasons(record)
        loaded.problems.extend(Problem(record.line, reason) for reason in reasons)
        if not reasons:
            good.append(record)
    loaded.problems.sort()
    if loaded.problems and not skip_bad:
        loaded.refused = True
    else:
        _Placing(session, reading, known, loaded, now=now, actor=actor).place(good, progress)
    return loaded


class _Placing:
    def __init__(
        self, session: Session, reading: Reading, known: Known, loaded: Loaded, *, now: datetime, actor: str
    ) -> None:
        self.session, self.reading, self.known, self.loaded = session, reading, known, loaded
        self.now, self.actor = now, actor
        self.as_of = min(now, datetime.combine(reading.as_of + timedelta(days=1), time(), UTC))
        promised = set(session.scalars(select(Promise.debtor_id).distinct())) if known.debtors else set()
        self.nothing_promised = {ref for ref, debtor in known.debtors.items() if debtor.id not in promised}

    def place(self, good: Sequence[Record], progress: Callable[[int, int], None] | None) -> None:
        """Place the good records, some hundreds at a time."""
        done = 0
        for records in chunks(good):
            self._ensure_parties(records)
            self._open([record for record in records if record.debt_ref not in self.known.opened])
            self._follow([record for record in records if record.debt_ref in self.known.opened])
            done += len(records)
            if progress:
                progress(done, len(good))
        self._complete_debtors(good)

    def _ensure_parties(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.creditor.ref not in self.known.creditors:
                self.known.creditors[record.creditor.ref] = creditor = new_creditor(record)
                self.session.add(creditor)
                self.loaded.new_creditors += 1
            if record.debtor.ref not in self.known.debtors:
                self.known.debtors[record.debtor.ref] = debtor = new_debtor(record.debtor, self.now)
                self.session.add(debtor)
                self.loaded.new_debtors += 1
                self.nothing_promised.add(record.debtor.ref)
        self.session.flush()

    def _open(self, records: Sequence[Record]) -> None:
        """Open new debts; settled ones are paid in the same breath, unless a promise may have waited for it."""
        at_once = {r.debt_ref for r in records if r.settled_on and r.debtor.ref in self.nothing_promised}
        debts = {}
        for record in records:
            debts[record.debt_ref] = Debt(
                ref=record.debt_ref, debtor_id=self.known.debtors[record.debtor.ref].id,
                creditor_id=self.known.creditors[record.creditor.ref].id, currency=record.currency, kind=record.kind,
                description=record.description, original_creditor=record.original_creditor,
                opened_on=record.opened_on, due_on=record.due_on, last_acknowledged_on=record.last_acknowledged_on,
                time_barred=_time_barred(record, self.reading.as_of), as_of=self.as_of,
                status=DebtStatus.PAID if record.debt_ref in at_once else DebtStatus.OPEN,
            )  # fmt: skip
        self.session.add_all(debts.values())
        self.session.flush()
        postings = []
        for record in records:
            debt = debts[record.debt_ref]
            postings.append(opening(
                key=f"import:{record.debt_ref}:opening", debt_id=debt.id, ref=debt.ref, debtor_id=debt.debtor_id,
                creditor_id=debt.creditor_id, parts=record.amounts, on=record.opened_on, cause=self._cause(record),
            ))  # fmt: skip
            if record.debt_ref in at_once:
                postings.append(self._settlement(record, debt, record.amounts))
        post_many(self.session, postings, posted_at=self.now, actor=self.actor)
        if records:
            opened_balances(
                self.session,
                {debts[record.debt_ref].id: record.amounts for record in records},
                frozenset(debts[ref].id for ref in at_once),
            )
        self.loaded.new_debts += len(records)
        self.loaded.settled += len(at_once)
        for record in records:
            debt = debts[record.debt_ref]
            if record.settled_on and record.debt_ref not in at_once:
                self._pay(record, debt.id, record.total)
            elif record.disputed and not record.settled_on:
                self._hold(record, debt)

    def _follow(self, records: Sequence[Record]) -> None:
        """What has become of debts that are in the ledger already."""
        self.loaded.unchanged += len(records)
        changed = {r.debt_ref: r for r in records if r.settled_on or r.disputed}
        is_open = select(Debt).where(Debt.ref.in_(changed), Debt.status == DebtStatus.OPEN).order_by(Debt.id)
        debts = self.session.scalars(is_open).all() if changed else []
        balances = lock_balances(self.session, [debt.id for debt in debts if changed[debt.ref].settled_on])
        waited_for = _waited_for(self.session, [debt for debt in debts if debt.id in balances])
        postings, paid = [], []
        for debt in debts:
            record = changed[debt.ref]
            if debt.id not in balances:
                self._hold(record, debt)
            elif debt.id in waited_for:
                self._pay(record, debt.id, Money(balances[debt.id].owed, debt.currency))
            else:
                parts = {b: Money(getattr(balances[debt.id], b.value), debt.currency) for b in OWED}
                postings.append(self._settlement(record, debt, parts))
                paid.append(debt.id)
        post_many(self.session, postings, posted_at=self.now, actor=self.actor)
        if paid:
            settled_balances(self.session, paid)
        self.loaded.settled += len(paid)

    def _cause(self, record: Record) -> str:
        return f"import of {self.reading.name[:120]}, line {record.line}"

    def _settlement(self, record: Record, debt: Debt, parts: Parts) -> Posting:
        assert record.settled_on is not None
        return settlement(
            key=f"import:{record.debt_ref}:settled", debt_id=debt.id, creditor_id=debt.creditor_id, parts=parts,
            on=record.settled_on, cause=self._cause(record),
        )  # fmt: skip

    def _pay(self, record: Record, debt_id: DebtId, owed: Money) -> None:
        assert record.settled_on is not None
        receive(
            self.session, key=f"import:{record.debt_ref}:settled", split={debt_id: owed},
            effective_on=record.settled_on, posted_at=self.now, actor=self.actor, cause=self._cause(record),
            through=CreditorAccount.DIRECT,
        )  # fmt: skip
        self.loaded.settled += 1

    def _hold(self, record: Record, debt: Debt) -> None:
        """A dispute hold, once for ever: what staff lifted stays lifted."""
        key = f"import:{record.debt_ref}:dispute"
        if self.session.scalars(select(Hold.id).where(Hold.key == key)).first() is None:
            place_hold(
                self.session, key=key, debtor_id=debt.debtor_id, debt_id=debt.id, reason=HoldReason.DISPUTE,
                now=self.now, until=None, actor=self.actor, cause=self._cause(record),
            )  # fmt: skip
            self.loaded.held += 1

    def _complete_debtors(self, good: Sequence[Record]) -> None:
        for facts in together(good):
            debtor = self.known.debtors[facts.ref]
            changed, otherwise = complete(debtor, facts)
            self.loaded.completed += changed
            if otherwise:
                self.loaded.notices.append(
                    f"debtor {facts.ref} has another {', '.join(otherwise)} in the ledger; it was left as it is"
                )
            if not identifiable(debtor):
                self.loaded.without_factors.append(facts.ref)
        self.session.flush()


def _waited_for(session: Session, debts: Sequence[Debt]) -> set[DebtId]:
    """Those of the debts that a plan, a promise or a settlement counts on: their payments go the long way."""
    planned = set(session.scalars(select(PlanDebt.debt_id).where(PlanDebt.debt_id.in_([d.id for d in debts]))))
    debtors = {debt.debtor_id for debt in debts}
    promised = set(session.scalars(select(Promise.debtor_id).where(Promise.debtor_id.in_(debtors))))
    planned |= set(session.scalars(select(Settlement.debt_id).where(Settlement.debt_id.in_([d.id for d in debts]))))
    return planned | {debt.id for debt in debts if debt.debtor_id in promised}


def _time_barred(record: Record, day: date) -> bool | None:
    """What the file says; else no while it is young everywhere, and unknown (so staff decide) when it is not."""
    if record.time_barred is not None:
        return record.time_barred
    latest = max(filter(None, (record.opened_on, record.due_on, record.last_acknowledged_on)))
    return False if latest > day - relativedelta(years=NEVER_BARRED_YEARS) else None
