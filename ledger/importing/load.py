"""A file into the ledger: new debts opened, known ones compared, settlements and disputes posted.

A file may add to the ledger, never rewrite it: what a row says otherwise of a debt that is there is a problem, what it
says otherwise of a debtor is a notice. A delta file (``ledger.importing.delta``) may say more.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from ledger.accrual import bring_up_to_date
from ledger.bulk import BulkWriter, bulk_writer, by_thousands, count_anew
from ledger.holds import HoldReason, place_hold
from ledger.importing.beside import checked
from ledger.importing.checking import Chunk, End, Good, Part, Request, Unidentified, kept
from ledger.importing.delta import Applied, Changes, Delta, outside_is_master
from ledger.importing.known import USUAL_POLICY, Known, among
from ledger.importing.openings import DEBTOR, NewDebt, Openings
from ledger.importing.parties import complete
from ledger.importing.problems import Problem
from ledger.importing.records import DebtorFacts, unpacked
from ledger.kinds import CreditorAccount, DebtStatus
from ledger.models import Creditor, Debt, DebtBalance, Debtor, Hold, Promise
from ledger.money import Money
from ledger.policy import policy_for
from ledger.posting_many import Payment, post_many
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.ids import CreditorId, DebtId, DebtorId

Progress = Callable[[int, int], None]
MANY = 10_000
"""New debts after which the database counts its rows anew, so that questions are planned for what is there."""
_PLAIN = [DebtorFacts._fields.index(name)
          for name in ("ref", "country", "region", "language", "timezone", "vulnerable")]
NAMED = 3
"""How many of the debtors who cannot be identified are named."""


@dataclass(slots=True)
class Loaded:
    """What came of a file. ``problems`` are those of its rows and those the ledger found, by line.

    ``rows`` are all there are, ``later`` those not yet a debt on the day of the file, ``left_out`` those that the
    mapping leaves out. ``unidentified`` debtors cannot prove who they are; ``such_as`` names a few.
    """

    name: str = ""
    problems: list[Problem] = field(default_factory=list)
    refused: bool = False
    rows: int = 0
    later: int = 0
    left_out: int = 0
    unused_columns: list[str] = field(default_factory=list)
    new_creditors: int = 0
    new_debtors: int = 0
    completed: int = 0
    new_debts: int = 0
    unchanged: int = 0
    settled: int = 0
    held: int = 0
    notices: list[str] = field(default_factory=list)
    unidentified: int = 0
    such_as: list[str] = field(default_factory=list)
    changes: Changes | None = None
    """What came of a delta file."""


def load(
    db: Database, request: Request, *, now: datetime, actor: str, skip_bad: bool = False, dry_run: bool = False,
    delta: Delta | None = None, progress: Progress | None = None,
) -> Loaded:  # fmt: skip
    """Place the debts of a file in one transaction, a few thousand rows at a time. The same file again changes nothing.

    With a problem and without ``skip_bad`` the answer is ``refused`` and nothing was written; every row is checked all
    the same. With ``delta`` the file may also change debts. ``progress`` is called with how much of the file was read
    and its size. Raises OperatorError for a file or a policy that cannot be used; IntegrityError when something else
    brought the same debts in at the same moment.
    """
    loaded = Loaded(name=request.name, changes=Changes() if delta else None)
    with checked(request) as parts:
        shown = _watched(parts, progress)
        try:
            with db.write() as session, db.read() as before, bulk_writer(session, large=True) as writer:
                known = Known(before, delta=delta is not None)
                placing = _Placing(session, known, writer, loaded, request, now=now, actor=actor, delta=delta)
                for part in shown:
                    placing.take(part, skip_bad=skip_bad)
                    if loaded.problems and not skip_bad:
                        raise _WriteNothing
                placing.end()
                if dry_run:
                    raise _WriteNothing
            if loaded.new_debts >= MANY:
                count_anew(db)
        except _WriteNothing:
            loaded.refused = bool(loaded.problems) and not skip_bad
            with db.read() as before:
                known = Known(before, delta=delta is not None)
                for part in shown:
                    _only_check(part, known, loaded)
    loaded.problems.sort()
    return loaded


class _WriteNothing(Exception):
    """Rolls the transaction back."""


def _watched(parts: Iterable[Part], progress: Progress | None) -> Iterator[Part]:
    for part in parts:
        yield part
        if progress and isinstance(part, Chunk):
            progress(part.position, part.size)


def _count(part: Part, loaded: Loaded) -> list[Good]:
    """Add what a part says of its rows; the good ones."""
    if isinstance(part, End):
        loaded.unused_columns, loaded.notices = part.unused_columns, [*part.notes, *loaded.notices]
    if not isinstance(part, Chunk):
        return []
    loaded.rows += part.rows
    loaded.later += part.later
    loaded.left_out += part.left_out
    loaded.problems.extend(Problem(line, reason) for line, reason in part.problems)
    return [Good(*row) for row in part.good]


def _judged(rows: list[Good], unseen: set[str], known: Known, loaded: Loaded) -> list[Good]:
    """Those of ``rows`` that the ledger can take; why it cannot take the others is added to the problems."""
    known.learn(rows, unseen)
    good = []
    for row in rows:
        reasons = known.reasons(row)
        if reasons:
            loaded.problems.extend(Problem(row.record[0], reason) for reason in reasons)
        else:
            good.append(row)
    return good


def _only_check(part: Part, known: Known, loaded: Loaded) -> None:
    if rows := _count(part, loaded):
        _judged(rows, {row.record[2][0] for row in rows}, known, loaded)


class _Placing:
    def __init__(
        self, session: Session, known: Known, writer: BulkWriter, loaded: Loaded, request: Request, *, now: datetime,
        actor: str, delta: Delta | None,
    ) -> None:  # fmt: skip
        self.session, self.known, self.writer, self.loaded = session, known, writer, loaded
        self.name, self.now, self.actor = request.name, now, actor
        as_of = delta.as_of if delta else min(now, datetime.combine(request.day + timedelta(days=1), time(), UTC))
        self.openings = Openings(writer, session, now=now, as_of=as_of, actor=actor, source=request.name)
        self.applied: Applied | None = None
        if delta is not None and loaded.changes is not None:
            self.applied = Applied(session, delta, loaded.changes, name=request.name, now=now, actor=actor)
        self.missing = delta.missing if delta else "ignore"
        self.debtor_ids = array("q")
        """The id of each debtor of the file by their number in it; 0: not placed yet."""
        self.made_here = bytearray()
        self.creditor_ids: dict[str, CreditorId] = {}
        self.completed: set[DebtorId] = set()

    def take(self, part: Part, *, skip_bad: bool) -> None:
        """Place the good rows of ``part``; none once there is a problem, unless bad ones are skipped."""
        if isinstance(part, Unidentified):
            self._count_unidentified(part.refs)
            return
        rows = _count(part, self.loaded)
        if missing := max((row.debtor for row in rows), default=-1) + 1 - len(self.debtor_ids):
            self.debtor_ids.extend([0] * max(0, missing))
            self.made_here.extend(bytes(max(0, missing)))
        unseen = {row.record[2][0] for row in rows if not self.debtor_ids[row.debtor]}
        rows = _judged(rows, unseen, self.known, self.loaded)
        if not rows or (self.loaded.problems and not skip_bad):
            return
        self._place_creditors(rows)
        if self.applied is not None:
            self.writer.settle()
            self.applied.begin_creditors({self.creditor_ids[row.record[1][0]] for row in rows})
        self._place_debtors(rows)
        self._open([row for row in rows if row.record[3] not in self.known.debts])
        self._follow([row for row in rows if row.record[3] in self.known.debts])
        self.session.expunge_all()

    def end(self) -> None:
        """What is done when every row was taken. Raises OperatorError."""
        if self.applied is None or self.missing == "ignore":
            return
        if self.loaded.problems:
            raise OperatorError(
                f"{self.name} has bad rows, so nobody can say which debts are missing from it. Put them right, or "
                "import it with --missing ignore"
            )
        self.writer.settle()
        self.applied.recall_missing()

    def _place_creditors(self, rows: Sequence[Good]) -> None:
        for row in rows:
            ref, name, country, policy, own_collector = row.record[1]
            if ref in self.creditor_ids:
                continue
            known = self.known.creditors.get(ref)
            if known is None:
                self.writer.settle()
                lives_in = country or row.record[2][4]
                self.creditor_ids[ref] = self.session.execute(insert(Creditor).returning(Creditor.id), {
                    "ref": ref, "name": name or ref, "country": lives_in, "currency": row.record[7],
                    "policy": policy or USUAL_POLICY[lives_in], "own_collector": bool(own_collector),
                }).scalar_one()  # fmt: skip
                self.loaded.new_creditors += 1
            else:
                self.creditor_ids[ref] = known.id

    def _place_debtors(self, rows: Sequence[Good]) -> None:
        """Debtors the ledger does not know become rows; those it knows are completed."""
        new: dict[int, Good] = {}
        told: list[Good] = []
        for row in rows:
            if self.debtor_ids[row.debtor]:
                told += [row] if row.added else []
            elif row.debtor not in new:
                known = self.known.debtors.get(row.record[2][0])
                if known is None:
                    new[row.debtor] = row
                else:
                    self.debtor_ids[row.debtor] = known[0]
                    told.append(row)
            elif row.added:
                told.append(row)
        ids = self.writer.ids("debtor", len(new))
        now, no, yes = self.writer.instant(self.now), self.writer.flag(False), self.writer.flag(True)
        made = []
        for debtor_id, (number, row) in zip(ids, new.items(), strict=True):
            facts = row.record[2]
            ref, country, region, language, timezone, vulnerable = (facts[place] for place in _PLAIN)
            who = row.kept or kept([unpacked(row.record).debtor])[0]
            made.append((debtor_id, ref, *who, country, region, timezone, language, yes if vulnerable else no, now))
            self.debtor_ids[number] = debtor_id
            self.made_here[number] = 1
        self.writer.insert("debtor", DEBTOR, made)
        self.loaded.new_debtors += len(made)
        self._complete(told)

    def _complete(self, rows: Sequence[Good]) -> None:
        """Fill in what the ledger did not know of debtors; what it knows otherwise is a notice."""
        if not rows:
            return
        self.writer.settle()
        ids = {DebtorId(self.debtor_ids[row.debtor]) for row in rows}
        debtors = {debtor.id: debtor for debtor in self.session.scalars(select(Debtor).where(Debtor.id.in_(ids)))}
        for row in rows:
            debtor = debtors[DebtorId(self.debtor_ids[row.debtor])]
            facts = unpacked(row.record).debtor
            changed, otherwise = complete(debtor, facts, row.added or DebtorFacts._fields[1:])
            if self.applied is not None and outside_is_master(self.known.policy(row)):
                otherwise = []  # it is rewritten, and said so, with its debt
            if changed and not self.made_here[row.debtor]:
                self.completed.add(debtor.id)
            if otherwise:
                self.loaded.notices.append(
                    f"debtor {facts.ref} has another {', '.join(otherwise)} in the ledger; it was left as it is"
                )
        self.loaded.completed = len(self.completed)
        self.session.flush()

    def _open(self, rows: Sequence[Good]) -> None:
        """Open new debts; settled ones are paid in the same breath, unless a promise may have waited for it."""
        promised: set[int] = set()
        if not self.known.nothing and any(row.record[14] for row in rows):
            self.writer.settle()
            known = {DebtorId(self.debtor_ids[row.debtor]) for row in rows if not self.made_here[row.debtor]}
            promised = set(self.session.scalars(select(Promise.debtor_id).where(Promise.debtor_id.in_(known))))
        debts: list[NewDebt] = []
        waited_for = []
        for row in rows:
            debtor_id, settled_on = DebtorId(self.debtor_ids[row.debtor]), row.record[14]
            at_once = bool(settled_on) and debtor_id not in promised
            debts.append((debtor_id, self.creditor_ids[row.record[1][0]], row.record, at_once))
            if at_once:
                self.loaded.settled += 1
            elif settled_on:
                waited_for.append(row)
        ids, held = self.openings.open(debts)
        self.loaded.held += held
        if self.applied is not None:
            self.applied.saw(ids)
        self.loaded.new_debts += len(debts)
        if waited_for:
            self.writer.settle()
            refs = [row.record[3] for row in waited_for]
            made = self.session.execute(select(Debt.ref, Debt.id).where(among(self.session, Debt.ref, refs)))
            self._settle(waited_for, {ref: debt_id for ref, debt_id in made})

    def _follow(self, rows: Sequence[Good]) -> None:
        """What has become of debts that are in the ledger already."""
        self.loaded.unchanged += len(rows)
        if self.applied is not None and rows:
            self.writer.settle()
            self.loaded.problems += self.applied.take(rows)
            rows = [row for row in rows if not row.record[14]]
        changed = {row.record[3]: row for row in rows if row.record[14] or row.record[13]}
        if not changed:
            return
        self.writer.settle()
        is_open = select(Debt).where(among(self.session, Debt.ref, changed), Debt.status == DebtStatus.OPEN)
        debts = self.session.scalars(is_open.order_by(Debt.id)).all()
        self._settle(
            [changed[debt.ref] for debt in debts if changed[debt.ref].record[14]],
            {debt.ref: debt.id for debt in debts},
        )
        for debt in debts:
            if not changed[debt.ref].record[14]:
                self._hold(changed[debt.ref], debt)

    def _settle(self, rows: Sequence[Good], ids: dict[str, DebtId]) -> None:
        """Payments to the creditor directly of all that is left on debts, dated as the file says."""
        for some in by_thousands(rows):
            self._accrue([(ids[row.record[3]], unpacked(row.record).settled_on or self.now.date()) for row in some])
            owed = {balance.debt_id: balance for balance in self.session.scalars(
                select(DebtBalance).where(DebtBalance.debt_id.in_([ids[row.record[3]] for row in some]))
                .order_by(DebtBalance.debt_id).with_for_update().execution_options(populate_existing=True)
            )}  # fmt: skip
            post_many(self.session, [
                Payment(
                    key=f"import:{row.record[3]}:settled",
                    effective_on=unpacked(row.record).settled_on or self.now.date(),
                    posted_at=self.now, actor=self.actor, cause=self._cause(row), through=CreditorAccount.DIRECT,
                    split={ids[row.record[3]]: Money(owed[ids[row.record[3]]].owed, row.record[7])},
                )
                for row in some if owed[ids[row.record[3]]].owed
            ])  # fmt: skip
            self.loaded.settled += len(some)

    def _accrue(self, paid: Sequence[tuple[DebtId, date]]) -> None:
        """Interest up to the day before each was paid, so that nothing is left over."""
        on = dict(paid)
        debts = self.session.execute(
            select(Debt, Creditor).join(Creditor, Creditor.id == Debt.creditor_id).where(Debt.id.in_(on))).all()
        for debt, creditor in debts:
            if policy_for(creditor).interest.method is not None:
                bring_up_to_date(self.session, {debt.id: (debt, creditor)}, before=on[debt.id], posted_at=self.now)

    def _cause(self, row: Good) -> str:
        return f"import of {self.name[:120]}, line {row.record[0]}"

    def _hold(self, row: Good, debt: Debt) -> None:
        """A dispute hold, once for ever: what staff lifted stays lifted."""
        key = f"import:{debt.ref}:dispute"
        if self.session.scalars(select(Hold.id).where(Hold.key == key)).first() is None:
            place_hold(
                self.session, key=key, debtor_id=debt.debtor_id, debt_id=debt.id, reason=HoldReason.DISPUTE,
                now=self.now, until=None, actor=self.actor, cause=self._cause(row),
            )  # fmt: skip
            self.loaded.held += 1

    def _count_unidentified(self, refs: Sequence[str]) -> None:
        """Those of whom the ledger does not know more than the file: no date of birth, or neither postcode nor name."""
        if not refs:
            return
        self.writer.settle()
        lacking = set(self.session.scalars(
            select(Debtor.ref).where(
                among(self.session, Debtor.ref, refs),
                Debtor.date_of_birth.is_(None) | (Debtor.postcode.is_(None) & (Debtor.last_name == "")),
            )
        ))
        self.loaded.unidentified += len(lacking)
        self.loaded.such_as += [ref for ref in refs if ref in lacking][:NAMED - len(self.loaded.such_as)]
