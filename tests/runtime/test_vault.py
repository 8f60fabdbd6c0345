"""Encryption at rest and the secrets that processes of one machine share."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from runtime import vault
from runtime.errors import OperatorError
from runtime.settings import settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder of the test's own."""
    chosen = settings().model_copy(update={"data_dir": tmp_path})
    monkeypatch.setattr(vault, "settings", lambda: chosen)
    return tmp_path / "secrets"


def test_of_many_who_make_a_secret_at_once_all_have_the_same(folder: Path) -> None:
    for round_ in range(20):
        processes = 8
        ready = Barrier(processes)

        def make(number: int, name: str = f"secret-{round_}", ready: Barrier = ready) -> bytes:
            ready.wait()
            return vault.kept_secret(name, f"{number}".encode() * 100)

        with ThreadPoolExecutor(processes) as pool:
            found = set(pool.map(make, range(processes)))
        assert len(found) == 1
        assert len(found.pop()) == 100
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"secret-{n}" for n in range(20))


def test_a_secret_is_its_owners_only(folder: Path) -> None:
    vault.kept_secret("engine", b"x")
    assert stat.S_IMODE((folder / "engine").stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_empty_secret_or_a_folder_that_is_none_is_said(folder: Path) -> None:
    vault.kept_secret("engine", b"x")
    (folder / "engine").write_bytes(b"")
    with pytest.raises(OperatorError, match="is empty"):
        vault.kept_secret("engine", b"y")
    (folder / "engine").unlink()
    (folder / "engine").mkdir()
    with pytest.raises(OperatorError, match="DEBTDESK_DATA_DIR"):
        vault.kept_secret("engine", b"y")


@pytest.mark.parametrize("words", ["", "x", "\x00", "😀" * 1000, "é\u202e\n"])
def test_what_is_encrypted_comes_back(words: str) -> None:
    stored = vault.encrypt(words)
    assert stored.isascii()
    assert vault.decrypt(stored) == words
    assert vault.encrypt(words) != stored


@pytest.mark.parametrize("stored", ["", "x", "gAAAAA", "é"])
def test_what_was_not_encrypted_here_is_said(stored: str) -> None:
    with pytest.raises(OperatorError, match="another key"):
        vault.decrypt(stored)


def test_purposes_are_kept_apart() -> None:
    assert vault.keyed_hash("address", "x") == vault.keyed_hash("address", "x")
    assert vault.keyed_hash("address", "x") != vault.keyed_hash("code", "x")


def test_many_texts_are_encrypted_as_each_alone(folder: Path) -> None:
    texts = ["1981-05-17", "SW1A 1AA", "", "x" * 15, "x" * 16, "é" * 40, "1981-05-17"]
    tokens = vault.encrypt_many(texts)
    assert [vault.decrypt(token) for token in tokens] == texts
    assert len(set(tokens)) == len(texts)  # the same text never looks the same
    assert [len(token) for token in tokens] == [len(vault.encrypt(text)) for text in texts]
    assert vault.encrypt_many([]) == []


def test_many_are_deciphered_at_once_as_one_by_one() -> None:
    texts = ["", "a", "sixteen letters.", "é" * 40, "x" * 1000, "2026-03-03"]
    stored = [vault.encrypt(text) for text in texts]
    assert vault.decrypt_many(stored) == texts
    assert vault.decrypt_many(vault.encrypt_many(texts)) == texts
    assert vault.decrypt_many([]) == []


@pytest.mark.parametrize("wrong", ["", "gAAAA", "no token", "gAAAAA==", "é"])
def test_of_many_one_that_is_no_token_is_refused(wrong: str) -> None:
    whole = vault.encrypt("a text")
    changed = whole[:40] + ("A" if whole[40] != "A" else "B") + whole[41:]
    for bad in (wrong, changed):
        with pytest.raises(OperatorError):
            vault.decrypt_many([whole, bad])
