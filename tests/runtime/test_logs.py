"""Logs: one line per record, and nothing in them that opens something or belongs to somebody."""

import io
import logging
import sys
import threading

import pytest
from pydantic import SecretStr

from runtime import logs
from runtime.logs import set_up_logs
from runtime.redaction import never_show, redact
from runtime.settings import settings


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> object:
    """What is written to standard error."""
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    for hook in ("sys.excepthook", "threading.excepthook"):
        monkeypatch.setattr(hook, sys.modules[hook.partition(".")[0]].excepthook)  # put back afterwards
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


@pytest.mark.parametrize("said", [
    "jane.roe+x@example.co.uk", "+44 7700 900123", "07700 900123", "(020) 7946 0018", "+12125550187", "212-555-0187",
    "17/05/1984", "1984-05-17", "17.5.84", "17 May 1984", "17th of may 84", "May 17, 1984", "5-17-1984"])
def test_what_says_who_somebody_is_is_left_out(logged: io.StringIO, said: str) -> None:
    logging.getLogger("x").error("it was %s again", said)
    assert said not in logged.getvalue()
    assert "it was [redacted] again" in logged.getvalue()


def test_beside_a_date_of_birth_references_and_postcodes_go_too() -> None:
    assert redact("DD-1042 17/05/1984 SW1A 2AA", year=2026) == "[redacted] [redacted] [redacted]"
    assert redact("ab1234 born 5/17/1984, zip 78701", year=2026) == "[redacted] born [redacted], zip [redacted]"


@pytest.mark.parametrize("said", [
    "interest through 2026-11-21: 3 debts looked at", "outbox item 12 (telegram) is given up: 429", "ticket D-2041",
    "127.0.0.1:8000", "rasa 3.6.21 and 10.12.84.3", "conversation 3fQz-0Xk2sTtN9y_aaBbCc took 1234567 ns",
    "revision 05dbd93ea31e", "posting 10042 on DD-1042, 1,234.56 GBP", "2026-03-03T12:00:00+00:00", "pi_3Nabc",
    "plan P-1012 until 2029-12-31", "12 of 84 done", "HTTP/1.1 200 OK"])
def test_what_a_log_is_for_stays(said: str) -> None:
    assert redact(said, year=2026) == said


@pytest.mark.parametrize("secret", [
    "gAAAAA" + "Bq_-" * 20 + "==", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJlLW9mLWl0",
    "k3Jx9Qe_7yT-abcDEF0123456789ghijKLMNOPqrstu", "postgresql://desk:hunter2hunter@db/x"])
def test_tokens_and_what_stands_encrypted_are_left_out(secret: str) -> None:
    assert "[redacted]" in redact(f"before {secret} after")
    assert secret.removeprefix("postgresql://desk:").removesuffix("@db/x") not in redact(f"before {secret} after")


def test_the_secrets_of_the_settings_are_left_out(
    logged: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = settings().model_copy(update={
        "feed_secret": SecretStr("v1-plainwords"), "smtp_url": "smtp://desk:open%20sesame@mail.example:25",
        "database_url": "postgresql://desk:swordfish9@db.example/desk", "alert_webhook": "https://hooks.example/T0/B0/x"})
    monkeypatch.setattr(logs, "settings", lambda: chosen)
    set_up_logs()
    never_show("made-later-by-the-vault")
    logging.getLogger("x").error("v1-plainwords swordfish9 https://hooks.example/T0/B0/x open sesame "
                                 "made-later-by-the-vault")
    said = logged.getvalue()
    for secret in ("plainwords", "swordfish9", "hooks.example", "open sesame", "made-later"):
        assert secret not in said


def test_what_nobody_caught_is_a_line_of_the_log(logged: io.StringIO) -> None:
    try:
        raise ValueError("jane@example.com was not expected")
    except ValueError as error:
        sys.excepthook(ValueError, error, error.__traceback__)
    thread = threading.Thread(target=lambda: 1 // 0)
    thread.start()
    thread.join()
    assert len(logged.getvalue().splitlines()) == 2
    assert "CRITICAL uncaught: ended by ValueError" in logged.getvalue()
    assert "jane@" not in logged.getvalue()
