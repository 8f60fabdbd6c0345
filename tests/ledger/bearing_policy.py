"""The policy of the tests' creditors with another section ``interest``."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runtime.settings import ROOT, settings


def write_policy(folder: Path, section: str, *, version: int = 1) -> None:
    """The UK policy with ``section`` (flow style) as its interest. A higher version is read again."""
    original = (ROOT / "policies" / "uk-standard.yml").read_text(encoding="utf-8")
    file = folder / "uk-standard.yml"
    file.write_text(original.split("\ninterest:")[0] + f"\ninterest: {{{section}}}\n", encoding="utf-8")
    os.utime(file, ns=(version, version))


@contextmanager
def policies_in(folder: Path) -> Iterator[None]:
    """Policies are read from ``folder``."""
    before = os.environ.get("DEBTDESK_POLICY_DIR")
    os.environ["DEBTDESK_POLICY_DIR"] = str(folder)
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.pop("DEBTDESK_POLICY_DIR")
        if before is not None:
            os.environ["DEBTDESK_POLICY_DIR"] = before
        settings.cache_clear()
