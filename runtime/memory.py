"""Rarer garbage collection in processes that answer people."""

import gc


def settle() -> None:
    """What is there after the start stays: it is never looked through again, and new objects in larger batches.

    Otherwise each turn pays for several searches through everything that was imported.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
