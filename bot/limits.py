"""How much one conversation, account or address may send: enough for anybody typing, too little for a machine.

Counted by each gateway for itself, in memory, for the keys used last; that wrong guesses at an identity stay wrong is
not left to it (``compliance.locks`` counts those in the database).
"""

import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from runtime.settings import Settings

ACCOUNT_SHARE = 3
"""Conversations' worth of messages for one debtor: a telephone, a computer and one more."""


class Limiter:
    """A token bucket per key, kept for the ``keep`` keys used last."""

    def __init__(self, per_minute: int, keep: int = 20_000) -> None:
        self._rate = per_minute / 60
        self._size = float(max(per_minute, 1))
        self._keep = keep
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allows(self, key: str) -> bool:
        """Take one from the key's bucket; False when it is empty."""
        now = time.monotonic()
        left, at = self._buckets.pop(key, (self._size, now))
        left = min(self._size, left + (now - at) * self._rate)
        allowed = left >= 1
        self._buckets[key] = (left - 1 if allowed else left, now)
        while len(self._buckets) > self._keep:
            self._buckets.popitem(last=False)
        return allowed


@dataclass(frozen=True)
class Limits:
    """The limits of one gateway."""

    messages: Limiter
    """By conversation."""
    accounts: Limiter
    """By debtor, over all conversations in which they are verified."""
    sessions: Limiter
    """New conversations, by address."""

    @classmethod
    def of(cls, chosen: Settings) -> "Limits":
        """As the settings say."""
        return cls(Limiter(chosen.messages_per_minute), Limiter(ACCOUNT_SHARE * chosen.messages_per_minute),
                   Limiter(chosen.sessions_each_minute))


@lru_cache(10_000)
def address_key(address: str) -> str:
    """What stands for an address: itself, or the /64 of IPv6 that one household or telephone has to itself."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return address
    return str(read.ipv4_mapped or IPv6Address(int(read) >> 64 << 64))
