"""The retention job: what is over is removed, a bounded number at a time, and doing it again does nothing more.

What is kept and why so long is in the map; the figures of the short-lived things are here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, func, or_, select, update

from ledger.models import Debtor
from privacy.erasure import MayNotErase, emptied, erase_everywhere, overwrite
from privacy.forbidden import cutoff, forbidding, may_be_over
from privacy.map import places, tables
from privacy.tracker import forget
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.ids import DebtorId

AT_ONCE = 200
"""Rows of one transaction."""
FACTORS = timedelta(days=1)
CODES = timedelta(days=30)
SENT_CODES = timedelta(days=1)
ATTEMPTS = timedelta(days=90)
"""Locks look back a few days at most; a quarter is kept to see a slow attack by."""
SESSIONS = timedelta(days=90)
SENT = timedelta(days=30)
Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Rule:
    """One short-lived thing: which rows are over, and whether they are deleted or emptied."""

    name: str
    table: str
    over: Callable[[Table, datetime], ColumnElement[bool]]
    empties: tuple[str, ...] = ()


def _filled(table: Table, column: str) -> ColumnElement[bool]:
    found: ColumnElement[bool] = table.c[column] != emptied(table.c[column])
    return found


RULES = (
    Rule("factors offered", "offered_factors", lambda t, now: t.c.at < now - FACTORS),
    Rule("one-time codes", "one_time_code", lambda t, now: t.c.sent_at < now - CODES),
    Rule("identity attempts", "identity_attempt", lambda t, now: t.c.at < now - ATTEMPTS),
    Rule("staff sessions", "staff_session", lambda t, now: t.c.expires_at < now - SESSIONS),
    Rule("codes sent", "outbox", lambda t, now: and_(
        t.c.kind.like("code%"), t.c.state != "due", t.c.created_at < now - SENT_CODES, _filled(t, "payload")),
        ("payload", "error")),
    Rule("messages sent", "outbox", lambda t, now: and_(
        t.c.state != "due", t.c.created_at < now - SENT, _filled(t, "payload")), ("payload", "error")),
)


@dataclass
class Done:
    """What was removed, or in a dry run would be, by name. ``left`` says of debtors why they were not."""

    counts: dict[str, int] = field(default_factory=dict)
    debtors: list[str] = field(default_factory=list)
    """References of those erased."""
    left: dict[str, str] = field(default_factory=dict)
    tracker: str | None = None
    """What went wrong with the engine's record, if anything did."""

    def count(self, name: str, number: int) -> None:
        """Add to a count."""
        if number:
            self.counts[name] = self.counts.get(name, 0) + number


def retention(
    database: Database, *, now: datetime, dry_run: bool = False, progress: Progress | None = None,
    tracker: str | None = None,
) -> Done:
    """Remove what is over. Several may run at once, and one that is interrupted goes on where it was the next time."""
    done = Done()
    for rule in RULES:
        for number in _short_lived(database, rule, now=now, dry_run=dry_run):
            done.count(rule.name, number)
            if progress:
                progress(rule.name, done.counts.get(rule.name, 0))
    for number in _unknown(database, now=now, dry_run=dry_run, done=done, tracker=tracker):
        done.count("conversations with nobody known", number)
    for ref in _debtors(database, now=now, dry_run=dry_run, done=done, tracker=tracker):
        done.debtors.append(ref)
        done.count("debtors", 1)
        if progress:
            progress("debtors", len(done.debtors))
    return done


def _short_lived(database: Database, rule: Rule, *, now: datetime, dry_run: bool) -> Iterator[int]:
    table = tables()[rule.table]
    over = rule.over(table, now)
    if dry_run:
        with database.read() as session:
            yield session.scalar(select(func.count()).select_from(table).where(over)) or 0
        return
    key = next(iter(table.primary_key.columns))
    while True:
        with database.read() as session:
            found = session.scalars(select(key).where(over).limit(AT_ONCE)).all()
        if not found:
            return
        with database.write() as session:
            overwrite(session)
            wanted = and_(key.in_(found), over)
            if rule.empties:
                session.execute(update(table).where(wanted).values(_empty(table, rule.empties)))
            else:
                session.execute(delete(table).where(wanted))
        yield len(found)


def _empty(table: Table, columns: tuple[str, ...]) -> dict[str, Any]:
    return {name: emptied(table.c[name]) for name in columns}


def _unknown(
    database: Database, *, now: datetime, dry_run: bool, done: Done, tracker: str | None
) -> Iterator[int]:
    """Conversations in which nobody was ever known, as long without a word as evidence is kept."""
    conversation, verification, ticket, message, turn = (
        tables()[name] for name in ("conversation", "verification", "ticket", "message", "turn"))
    said = select(message.c.id).where(message.c.conversation_id == conversation.c.id, message.c.text != "").exists()
    over = and_(
        conversation.c.last_activity_at < cutoff(now), or_(said, conversation.c.address.is_not(None)),
        ~select(verification.c.id).where(verification.c.conversation_id == conversation.c.id).exists(),
        ~select(ticket.c.id).where(ticket.c.conversation_id == conversation.c.id, ticket.c.state == "open").exists())
    if dry_run:
        with database.read() as session:
            yield session.scalar(select(func.count()).select_from(conversation).where(over)) or 0
        return
    while True:
        with database.read() as session:
            found = session.scalars(select(conversation.c.id).where(over).limit(AT_ONCE)).all()
        if not found:
            return
        try:
            forget(found, url=tracker)
        except OperatorError as error:
            done.tracker = str(error)
            return
        with database.write() as session:
            overwrite(session)
            for table, column in ((conversation, "id"), (turn, "conversation_id"), (message, "conversation_id"),
                                  (ticket, "conversation_id"), (tables()["outbox"], "conversation_id"),
                                  (tables()["button"], "conversation_id"), (tables()["staff_act"], "conversation_id")):
                session.execute(update(table).where(table.c[column].in_(found))
                                .values(_empty(table, tuple(places()[table.name].personal))))
        yield len(found)


def _debtors(
    database: Database, *, now: datetime, dry_run: bool, done: Done, tracker: str | None
) -> Iterator[str]:
    after = 0
    while True:
        with database.read() as session:
            found = session.execute(select(Debtor.id, Debtor.ref).where(may_be_over(now), Debtor.id > after)
                                    .order_by(Debtor.id).limit(AT_ONCE)).all()
        if not found:
            return
        for debtor_id, ref in found:
            after = debtor_id
            try:
                _erase(database, debtor_id, now=now, dry_run=dry_run, tracker=tracker)
            except MayNotErase as no:
                done.left[ref] = "; ".join(map(str, no.reasons))
            except OperatorError as error:
                done.tracker = str(error)
                return
            else:
                yield ref


def _erase(database: Database, debtor_id: DebtorId, *, now: datetime, dry_run: bool, tracker: str | None) -> None:
    if not dry_run:
        erase_everywhere(database, debtor_id, actor="retention", now=now, tracker=tracker)
        return
    with database.read() as session:
        if reasons := forbidding(session, debtor_id, now=now):
            raise MayNotErase(reasons)
