"""How much one conversation or address may send: enough for anybody typing, too little for a machine."""

import time
from collections import OrderedDict


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
