"""Checks of the engine's own modules; run by the engine's Python, which has no pytest. Prints what failed."""

import asyncio
import tempfile
from contextlib import AsyncExitStack

from aiohttp import ClientConnectionError
from rasa.core.lock_store import InMemoryLockStore
from rasa.core.tracker_store import SQLTrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from engine import repairs
from engine.channel import DeskChannel
from engine.tracker_store import CHUNK, TURNS, DeskTrackerStore

repairs.apply()
DOMAIN = Domain.from_yaml("""
version: "3.1"
intents: [greet]
actions: [action_greet]
slots:
  open_question: {type: text, mappings: [{type: custom}]}
""")


def turn(number: int, bots: int = 1) -> list[Event]:
    """What one turn adds, as the channel does."""
    return [
        SlotSet("open_question", f"question {number}"),
        UserUttered(f"text {number}", {"name": "greet", "confidence": 1.0}, message_id=str(number)),
        ActionExecuted("action_greet"),
        *(BotUttered(f"answer {number}", {"custom": {"say": "hello"}}) for _ in range(bots)),
        ActionExecuted("action_listen"),
    ]


async def talk(store: SQLTrackerStore, sender: str, turns: int, bots: int = 1) -> DialogueStateTracker:
    """A conversation, each turn loaded and saved."""
    for number in range(turns):
        tracker = await store.get_or_create_tracker(sender, append_action_listen=False)
        if not tracker.events:
            begun = [ActionExecuted("action_session_start"), ActionExecuted("action_listen")]
            tracker.update_with_events(begun, DOMAIN)
        tracker.update_with_events(turn(number, bots), DOMAIN)
        await store.save(tracker)
    return await store.get_or_create_tracker(sender, append_action_listen=False)


def texts(tracker: DialogueStateTracker) -> list[str]:
    """What was typed."""
    return [e.text for e in tracker.events if isinstance(e, UserUttered)]


async def check(url: str) -> None:
    """All of it."""
    statements: list[str] = []
    event.listen(Engine, "before_cursor_execute", lambda _c, _cursor, sql, *_: statements.append(sql))
    store = DeskTrackerStore(domain=DOMAIN, host=url)
    assert isinstance(store.engine.pool, QueuePool)
    assert await store.retrieve("nobody") is None

    short = await talk(store, "short", TURNS - 1)
    assert texts(short) == [f"text {n}" for n in range(TURNS - 1)]
    assert short.events[0].action_name == "action_session_start"

    long = await talk(store, "long", 3 * TURNS)
    assert texts(long) == [f"text {n}" for n in range(2 * TURNS, 3 * TURNS)], texts(long)
    assert long.events[0].action_name == "action_listen"
    assert long.get_slot("open_question") == f"question {3 * TURNS - 1}"
    assert long.latest_message.message_id == str(3 * TURNS - 1)
    full = await store.retrieve_full_tracker("long")
    assert texts(full) == [f"text {n}" for n in range(3 * TURNS)]  # nothing twice, nothing lost, in order
    assert len(full.events) == 2 + 3 * TURNS * len(turn(0))

    wordy = await talk(store, "wordy", TURNS + 2, bots=CHUNK)  # one turn is more than is read at first
    assert texts(wordy) == [f"text {n}" for n in range(2, TURNS + 2)]

    statements.clear()
    tracker = await store.retrieve("long")
    tracker.update_with_events(turn(99), DOMAIN)
    await store.save(tracker)
    await store.save(tracker)  # nothing new: nothing written
    assert len(statements) == 2, statements

    theirs = SQLTrackerStore(domain=DOMAIN, host=url)  # the same table, readable by Rasa's own store
    assert texts(await theirs.retrieve_full_tracker("long"))[-1] == "text 99"
    assert Event.resolve_by_type("user") is UserUttered


class Slow:
    """A processor that stores only when it is told to, or fails to."""

    def __init__(self, fails: bool = False) -> None:
        self.go, self.stored, self.fails = asyncio.Event(), 0, fails

    async def save_tracker(self, _tracker: DialogueStateTracker) -> None:
        """As Rasa's."""
        await self.go.wait()
        if self.fails:
            raise OSError("the disk is full")
        self.stored += 1


async def check_saving() -> None:
    """The sender's next turn waits until the one before is stored, also when it cannot be."""
    channel, locks = DeskChannel("secret"), InMemoryLockStore()
    for processor in (Slow(), Slow(fails=True)):
        held = AsyncExitStack()
        await held.enter_async_context(locks.lock("someone"))
        saving = asyncio.create_task(channel._save(processor, DialogueStateTracker("someone", []), held))

        async def next_turn() -> None:
            async with locks.lock("someone"):
                return

        waiting = asyncio.create_task(next_turn())
        await asyncio.sleep(0.05)
        assert not waiting.done()
        processor.go.set()
        await asyncio.wait_for(asyncio.gather(saving, waiting), 10)
        assert processor.stored == (0 if processor.fails else 1)


async def check_calling() -> None:
    """Actions are called over one connection, and what goes wrong is what Rasa knows."""
    statuses = iter([b"200 OK", b"200 OK", b"500 Internal Server Error"])
    opened = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal opened
        opened += 1
        while not reader.at_eof():
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
            except asyncio.IncompleteReadError:
                break
            assert b"x-desk-secret: s" in head
            body = await reader.readexactly(int(head.split(b"content-length:")[1].split()[0]))
            writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (next(statuses), len(body)) + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/webhook"
    endpoint = EndpointConfig(address, headers={"X-Desk-Secret": "s"})
    call = {"json": {"text": "£"}, "method": "post", "timeout": 1, "compress": False}
    for _ in range(2):
        assert await endpoint.request(**call) == {"text": "£"}
    for error in (ClientResponseError, ClientConnectionError):
        try:
            await endpoint.request(**call)
        except error:
            pass
        else:
            raise AssertionError(error)
        await repairs.close()
        server.close()
    assert opened == 1


if __name__ == "__main__":
    asyncio.run(check_saving())
    asyncio.run(check_calling())
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(check(f"sqlite:///{folder}/tracker.sqlite3"))
