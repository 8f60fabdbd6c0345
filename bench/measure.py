"""What is measured: one turn after another, eight debtors at once, and late in a long conversation.

Both bots take turns in short rounds, so that whatever else the machine does slows both.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from statistics import median

from bench.talkers import Talker

Open = Callable[[], Talker]
"""Opens a new conversation."""


@dataclass(frozen=True)
class Pair:
    """Like with like: the same message to either bot."""

    name: str
    text: str
    ours: Open
    stock: Open


@dataclass
class Times:
    """Seconds per turn of either bot."""

    ours: list[float] = field(default_factory=list)
    stock: list[float] = field(default_factory=list)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ask_all(opened: Open, text: str, turns: int) -> list[float]:
    """A new conversation of ``turns`` messages, one after another; the seconds of each."""
    with closing(opened()) as talker:
        return [talker.ask(text) for _ in range(turns)]


def one_by_one(pairs: Sequence[Pair], *, rounds: int, turns: int, seconds: float) -> dict[str, Times]:
    """Seconds per turn of each pair, in ``rounds`` rounds of a new conversation each.

    No round begins after ``seconds``, but one is always done.
    """
    found = {pair.name: Times() for pair in pairs}
    until = time.monotonic() + seconds
    for number in range(rounds):
        if number and time.monotonic() > until:
            break
        for pair in pairs:
            found[pair.name].ours += ask_all(pair.ours, pair.text, turns)
            found[pair.name].stock += ask_all(pair.stock, pair.text, turns)
    return found


def at_once(pairs: Sequence[Pair], *, debtors: int, rounds: int, turns: int, seconds: float) -> dict[str, Times]:
    """Turns per second of each round when ``debtors`` talk at once, each waiting for an answer before going on.

    No round begins after ``seconds``, but one is always done.
    """
    found = {pair.name: Times() for pair in pairs}
    until = time.monotonic() + seconds
    for number in range(rounds):
        if number and time.monotonic() > until:
            break
        for pair in pairs:
            found[pair.name].ours.append(throughput(pair.ours, pair.text, debtors=debtors, turns=turns))
            found[pair.name].stock.append(throughput(pair.stock, pair.text, debtors=debtors, turns=turns))
    return found


def throughput(opened: Open, text: str, *, debtors: int, turns: int) -> float:
    """Turns per second of ``debtors`` conversations at once; opening them does not count."""
    with ExitStack() as stack, ThreadPoolExecutor(debtors) as pool:
        talkers = [stack.enter_context(closing(opened())) for _ in range(debtors)]
        began = time.perf_counter()
        for done in [pool.submit(lambda t: [t.ask(text) for _ in range(turns)], talker) for talker in talkers]:
            done.result()
        return debtors * turns / (time.perf_counter() - began)


@dataclass(frozen=True)
class Late:
    """Seconds per turn (medians) around message 10 of a conversation, and at its last."""

    early: float
    late: float
    message: int
    """The number of the last message."""

    @property
    def ratio(self) -> float:
        """How many times longer the late one takes."""
        return self.late / self.early


def late(opened: Open, text: str, *, message: int, conversations: int = 1, window: int = 10,
         seconds: float = 600) -> Late | None:  # fmt: skip
    """Compare the last ``window`` messages up to ``message`` with messages 6 to 15 of new conversations.

    The two kinds alternate, so neither has a quieter machine. None when ``seconds`` were not enough.
    """
    until = time.monotonic() + seconds
    first: list[float] = []
    last: list[float] = []
    for _ in range(conversations):
        with closing(opened()) as long, closing(opened()) as new:
            for _ in range(message - window):
                if time.monotonic() > until:
                    return None
                long.ask(text)
            for _ in range(5):
                new.ask(text)
            for _ in range(window):
                last.append(long.ask(text))
                first.append(new.ask(text))
    return Late(median(first), median(last), message)
