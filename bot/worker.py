"""``python -m bot.worker``: delivers the outbox and the feed, seals the evidence; with time interest, plans, promises,
open payments, and what may be kept no longer."""

import asyncio
import logging
import signal
import sys
from datetime import date, timedelta

from sqlalchemy import select
from telegram import Bot
from telegram.error import TelegramError

from bot.delivery import deliver
from bot.delivery_error import DeliveryError
from bot.telegram import make_bot
from compliance.evidence.anchor import usual_place
from compliance.evidence.sealing import seal_all
from conversations.models import OutboxItem
from conversations.tickets import open_ticket
from exchange.delivering import Feed
from exchange.receivers import receivers
from ledger.accrual import accrue_all
from ledger.plans import JudgedPlan, judge_plans
from ledger.promises import judge_promises
from ledger.settling import judge_settlements
from payments.mode import card_mode
from payments.reconcile import reconcile
from privacy.retention import retention
from runtime.clock import Clock
from runtime.database import Database, database
from runtime.errors import OperatorError, start
from runtime.logs import set_up_logs
from runtime.settings import settings

log = logging.getLogger(__name__)
POLL_SECONDS = 0.2
HOUSEKEEPING_SECONDS = 300.0
SEAL_SECONDS = 5.0
MAX_ATTEMPTS = 12
LONGEST_WAIT = timedelta(hours=1)


class Worker:
    """One worker. Several may run; an item is claimed before it is sent."""

    def __init__(self, db: Database, clock: Clock, bot: Bot | None) -> None:
        self._database = db
        self._clock = clock
        self._bot = bot
        self._accrued_through: date | None = None
        self._cleared_on: date | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop`` is set."""
        feed = Feed(self._database, self._clock, receivers(settings()), poll_seconds=settings().feed_poll_seconds)
        await asyncio.gather(feed.run(stop), self._work(stop), self._seal(stop))

    async def _work(self, stop: asyncio.Event) -> None:
        next_housekeeping = 0.0
        loop = asyncio.get_running_loop()
        while not stop.is_set():
            try:
                sent = await self.deliver_due()
                if loop.time() >= next_housekeeping:
                    await asyncio.to_thread(self.housekeeping)
                    next_housekeeping = loop.time() + HOUSEKEEPING_SECONDS
            except Exception:
                log.exception("the worker stumbled; going on")
                sent = 0
            if not sent:
                try:
                    await asyncio.wait_for(stop.wait(), POLL_SECONDS)
                except TimeoutError:
                    continue

    async def _seal(self, stop: asyncio.Event) -> None:
        """Give the evidence its places in the chain, every few seconds."""
        while not stop.is_set():
            try:
                await asyncio.to_thread(seal_all, self._database, anchor=usual_place())
            except OperatorError as error:
                log.error("evidence: %s", error)
            except Exception:
                log.exception("sealing of the evidence stumbled; going on")
            try:
                await asyncio.wait_for(stop.wait(), SEAL_SECONDS)
            except TimeoutError:
                continue

    async def deliver_due(self) -> int:
        """Deliver what is due, each conversation's items in order. Returns how many were tried."""
        items = await asyncio.to_thread(self._claim)
        for item in items:
            try:
                await deliver(item, database=self._database, bot=self._bot)
            except DeliveryError as error:
                await asyncio.to_thread(self._failed, item, error)
            except Exception as error:
                log.exception("outbox item %s (%s)", item.id, item.kind)
                await asyncio.to_thread(self._failed, item, DeliveryError(type(error).__name__))
            else:
                await asyncio.to_thread(self._sent, item)
        return len(items)

    def _claim(self) -> list[OutboxItem]:
        now = self._clock.now()
        with self._database.read() as session:
            if session.scalar(select(OutboxItem.id).where(OutboxItem.state == "due").limit(1)) is None:
                return []
        with self._database.write() as session:
            found = session.scalars(select(OutboxItem).where(OutboxItem.state == "due").order_by(OutboxItem.id)
                                    .limit(50).with_for_update(skip_locked=True)).all()
            claimed, busy = [], set()
            for item in found:
                if item.conversation_id and item.conversation_id in busy:
                    continue
                if item.conversation_id:
                    busy.add(item.conversation_id)
                if item.next_attempt_at <= now:
                    item.attempts += 1
                    item.next_attempt_at = now + timedelta(seconds=60)  # when this worker dies, another takes it
                    claimed.append(item)
            return claimed

    def _sent(self, item: OutboxItem) -> None:
        with self._database.write() as session:
            stored = session.get_one(OutboxItem, item.id)
            stored.state, stored.sent_at, stored.error = "sent", self._clock.now(), None

    def _failed(self, item: OutboxItem, error: DeliveryError) -> None:
        with self._database.write() as session:
            stored = session.get_one(OutboxItem, item.id)
            stored.error = str(error)[:400]
            if error.final or stored.attempts >= MAX_ATTEMPTS:
                stored.state = "failed"
                log.error("outbox item %s (%s) is given up: %s", item.id, item.kind, error)
                return
            wait = timedelta(seconds=error.wait_seconds or min(2 ** stored.attempts, 600))
            stored.next_attempt_at = self._clock.now() + min(wait, LONGEST_WAIT)

    def housekeeping(self) -> None:
        """What falls due with time: interest, promises, settlements and plans; open payments are asked after."""
        with self._database.write() as session:
            judge_promises(session, today=self._clock.today(None))
            now = self._clock.now()
            judge_settlements(session, today=self._clock.today(None), now=now)
        self._accrue(self._clock.today(None) - timedelta(days=1))
        while self._judge_plans():
            pass
        if card_mode() != "off":
            reconcile(self._database, now=self._clock.now())
        self._clear(self._clock.today(None))

    def _clear(self, today: date) -> None:
        """What the retention rules no longer let us keep, once a day."""
        if self._cleared_on == today:
            return
        done = retention(self._database, now=self._clock.now())
        if done.counts:
            log.info("retention: %s", ", ".join(f"{count} {name}" for name, count in done.counts.items()))
        if done.tracker:
            log.error("retention: %s", done.tracker)
        else:
            self._cleared_on = today

    def _accrue(self, yesterday: date) -> None:
        """Interest of the days that are over, once a day; in every other round there would be nothing to do."""
        if self._accrued_through == yesterday:
            return
        done = accrue_all(self._database, until=yesterday, now=self._clock.now())
        if done.debts:
            log.info("interest through %s: %s debts looked at", yesterday, done.debts)
        self._accrued_through = yesterday

    def _judge_plans(self) -> bool:
        """Judge some plans, and give to staff those that a person should look at. False when none were left."""
        now = self._clock.now()
        everywhere = (now - timedelta(hours=12)).date()  # a day that has begun wherever a debtor lives
        with self._database.write() as session:
            judged = judge_plans(session, today=everywhere, now=now)
            for plan in judged:
                if plan.ask_person:
                    open_ticket(session, key=plan.key, conversation_id=None, debtor_id=plan.debtor_id,
                                kind="plan_behind", urgent=False, summary=_behind(plan), now=now)
        return bool(judged)


def _behind(plan: JudgedPlan) -> str:
    """For staff."""
    days = ", ".join(line.on.isoformat() for line in plan.missed)
    return (f"Plan P-{1000 + plan.plan_id}: not paid in full by the end of its grace: {days}. "
            f"{plan.misses} missed in all, {plan.overdue} behind.")


async def _main() -> None:
    set_up_logs()
    stop = asyncio.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    db = database()
    token = settings().telegram_bot_token
    if token is None:
        await Worker(db, Clock(db), None).run(stop)
        return
    bot = make_bot(token.get_secret_value())
    try:
        await bot.initialize()
    except TelegramError as error:  # the rest goes out while Telegram is away
        log.warning("Telegram does not answer (%s); going on", type(error).__name__)
    await Worker(db, Clock(db), bot).run(stop)
    await bot.shutdown()


if __name__ == "__main__":
    sys.exit(start("worker", lambda: asyncio.run(_main())))
