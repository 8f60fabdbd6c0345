"""Logs: one line per record, and nothing in them that opens something or belongs to somebody."""

import io
import logging

import pytest

from runtime.logs import set_up_logs


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> object:
    """What is written to standard error."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    set_up_logs()
    yield written
    root.handlers[:], root.level = before


@pytest.mark.parametrize("secret", [
    "sk_test_51Habcdefghijk", "sk_live_51Habcdefghijk", "rk_live_abcdef123", "whsec_abcdef123456",
    "123456:" + "A" * 35, "Bearer abc.def-ghi_jkl", "/pay/" + "A" * 43, "4242 4242 4242 4242", "4242-4242-4242-4242",
    "378282246310005"])
def test_secrets_and_card_numbers_are_left_out(logged: io.StringIO, secret: str) -> None:
    logging.getLogger("x").error("before %s after", secret)
    logging.getLogger("x").error("before %s after", RuntimeError(f"x {secret}\ny"))
    try:
        raise ValueError(f"it was {secret}")
    except ValueError:
        logging.getLogger("x").exception("failed")
    assert "[redacted]" in logged.getvalue()
    assert secret.removeprefix("/pay/").removeprefix("Bearer ") not in logged.getvalue()


def test_a_record_is_one_line_whatever_is_in_it(logged: io.StringIO) -> None:
    logging.getLogger("x").error("one\ntwo\r\nERROR forged: %s", "three\x0bfour\x1b[31m\u2028five\x85six")
    assert len(logged.getvalue().splitlines()) == 1
    assert "\x1b" not in logged.getvalue()


def test_talkative_libraries_are_quiet(logged: io.StringIO) -> None:
    logging.getLogger("httpx").info("HTTP Request: POST https://api.telegram.org/bot123456:%s/x", "A" * 35)
    assert logged.getvalue() == ""
