"""Delivering the feed: to each receiver in order, at least once, without one waiting for another.

A batch is decided on, and noted, before it is tried; tried again it is the same batch with the same id. So a crash or a
lost answer means a repetition that the receiver can tell, never a gap.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import Enum

from sqlalchemy.orm import Session

from conversations.tickets import open_ticket
from exchange.batches import Batch, batch
from exchange.models import FeedReceiver
from exchange.positions import give_all, last_position
from exchange.receivers import NotTaken, Receiver
from runtime.clock import Clock
from runtime.database import Database

log = logging.getLogger("debtdesk.feed")
LEASE = timedelta(seconds=60)
"""Longer than any try lasts."""
LONGEST_WAIT = timedelta(minutes=5)
ALERT_AFTER = 5
"""Failures in a row after which staff are told: some two minutes."""


class Came(Enum):
    """What came of looking after a receiver."""

    NOTHING = "nothing"
    SENT = "sent"
    FAILED = "failed"


class Feed:
    """Delivers to ``receivers``. Several processes may run one: each batch is claimed."""

    def __init__(self, db: Database, clock: Clock, receivers: Sequence[Receiver], *, poll_seconds: float) -> None:
        self._database = db
        self._clock = clock
        self._receivers = receivers
        self._poll = poll_seconds

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set: one task for the positions and one for each receiver."""
        await asyncio.gather(self._positions(stop), *(self._serve(receiver, stop) for receiver in self._receivers))

    async def _positions(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await asyncio.to_thread(give_all, self._database)
            except Exception:
                log.exception("the feed stumbled; going on")
            await _rest(stop, self._poll)

    async def _serve(self, receiver: Receiver, stop: asyncio.Event) -> None:
        while not stop.is_set():
            came = Came.NOTHING
            try:
                came = await asyncio.to_thread(self.deliver, receiver)
            except Exception:
                log.exception("the feed to %s stumbled; going on", receiver.name)
            if came is not Came.SENT:
                await _rest(stop, self._poll)

    def deliver(self, receiver: Receiver) -> Came:
        """Try the next batch of ``receiver``, when there is one and it is due."""
        give_all(self._database)
        due = self._claim(receiver)
        if due is None:
            return Came.NOTHING
        if not due.events:  # nothing of it is for this receiver
            self._taken(receiver, due)
            return Came.SENT
        try:
            receiver.take(due)
        except NotTaken as error:
            self._failed(receiver, due, str(error))
            return Came.FAILED
        except Exception as error:
            self._failed(receiver, due, type(error).__name__)
            raise
        self._taken(receiver, due)
        return Came.SENT

    def _claim(self, receiver: Receiver) -> Batch | None:
        now = self._clock.now()
        with self._database.read() as session:  # as a rule there is nothing, and nobody is kept from writing
            if self._next(session, receiver, session.get(FeedReceiver, receiver.name), now) is None:
                return None
        with self._database.write() as session:
            row = _locked(session, receiver.name)
            span = self._next(session, receiver, row, now)
            if row is None:
                session.add(FeedReceiver(name=receiver.name, position=0, attempts=0))
                session.flush()
                row = _locked(session, receiver.name)
            if span is None or row is None:
                return None
            row.sending_to, row.leased_until = span[1], now + LEASE
            return batch(session, first=span[0], last=span[1], serves=receiver.serves)

    def _next(self, session: Session, receiver: Receiver, row: FeedReceiver | None,
              now: datetime) -> tuple[int, int] | None:
        """The first and last position to be sent now; None when nothing is due or somebody else is at it."""
        done, last = row.position if row else 0, last_position(session)
        if done >= last:
            return None
        if row is None:
            return 1, min(receiver.at_once, last)
        if any(until is not None and until > now for until in (row.leased_until, row.next_attempt_at)):
            return None
        if row.sending_to is not None and row.sending_to > done:
            return done + 1, min(row.sending_to, last)
        full = last - done >= receiver.at_once
        if not full and row.delivered_at is not None and now < row.delivered_at + receiver.every:
            return None
        return done + 1, min(done + receiver.at_once, last)

    def _taken(self, receiver: Receiver, sent: Batch) -> None:
        with self._database.write() as session:
            row = _locked(session, receiver.name)
            if row is None:
                return
            if row.failing_since is not None:
                log.warning("the feed to %s works again", receiver.name)
            row.leased_until = row.next_attempt_at = row.failing_since = row.problem = None
            row.attempts, row.delivered_at = 0, self._clock.now()
            if (row.position, row.sending_to) == (sent.first - 1, sent.last):  # not set to another place meanwhile
                row.position, row.sending_to = sent.last, None

    def _failed(self, receiver: Receiver, tried: Batch, problem: str) -> None:
        now = self._clock.now()
        with self._database.write() as session:
            row = _locked(session, receiver.name)
            if row is None:
                return
            row.attempts += 1
            row.failing_since = row.failing_since or now
            row.problem, row.leased_until = problem[:200], None
            row.next_attempt_at = now + min(timedelta(seconds=2 * 2**min(row.attempts, 10)), LONGEST_WAIT)
            log.warning("the feed to %s was not taken (try %d): %s", receiver.name, row.attempts, problem)
            if row.attempts >= ALERT_AFTER:
                open_ticket(
                    session, key=f"feed:{receiver.name}:{row.failing_since.isoformat()}", conversation_id=None,
                    debtor_id=None, kind="feed_failing", urgent=True, now=now,
                    summary=f"The feed to {receiver.name} fails since {row.failing_since:%Y-%m-%d %H:%M} UTC "
                            f"({problem}), from position {tried.first} on. Whoever reads it does not know yet of "
                            "payments, nor of people who asked not to be called. Nothing is lost: it is tried again "
                            "every few minutes.")


def _locked(session: Session, name: str) -> FeedReceiver | None:
    return session.get(FeedReceiver, name, with_for_update=True, populate_existing=True)


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
