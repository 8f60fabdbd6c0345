"""The order of tests: what needs the real engine comes last, so that a mistake shows within seconds."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Moves tests/engine_*/** behind everything else; the order within stays."""
    items.sort(key=lambda item: any(part.startswith("engine_") for part in item.path.parts))
