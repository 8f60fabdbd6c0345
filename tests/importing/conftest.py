"""Small invented files, and a policy folder of the tests' own."""

import shutil
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from ledger.importing.checking import Request
from ledger.importing.mapping import NATIVE, MappingFile
from runtime.settings import ROOT, settings
from tests.importing.reading import Reading, read_file

TODAY = date(2026, 4, 15)


@pytest.fixture(autouse=True)
def policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A policy folder of this test alone: the shipped ones, and ``gentle`` as a copy."""
    folder = tmp_path / "policies"
    shutil.copytree(ROOT / "policies", folder)
    shutil.copyfile(folder / "uk-standard.yml", folder / "gentle.yml")
    monkeypatch.setenv("DEBTDESK_POLICY_DIR", str(folder))
    settings.cache_clear()
    yield folder
    settings.cache_clear()


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[..., Path]:
    """Writes a CSV: lines as text, or bytes as they are."""

    def write(*lines: str, raw: bytes | None = None, name: str = "debts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(raw if raw is not None else ("\n".join(lines) + "\n").encode())
        return path

    return write


@pytest.fixture
def read() -> Callable[..., Reading]:
    """Reads a file as ``debtdesk import`` would on TODAY."""

    def reading(path: Path, mapping: MappingFile = NATIVE, as_of: date | None = None, **more: str) -> Reading:
        return read_file(Request(path, TODAY, mapping=mapping, as_of=as_of, **more))

    return reading
