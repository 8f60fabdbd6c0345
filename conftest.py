"""The order of tests: what is slow comes last, so that a mistake shows within seconds."""

import pytest

LAST = ("browser", "end_to_end")
"""Folders of tests/ that drive a browser, and the whole desk with the real engine."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves the slow folders behind everything else; the order within each stays."""
    items.sort(key=lambda item: max((LAST.index(part) + 1 for part in item.path.parts if part in LAST), default=0))
