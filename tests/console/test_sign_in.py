"""Signing in: what opens the console, and everything that does not."""

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from console import attempts
from console.models import Role, StaffAccount, StaffAct, StaffSession, What
from console.sessions import MAX_AGE, MAX_IDLE
from console.sign_in import safe_next
from console.staff import add_staff, close_account, set_password
from conversations.duty import someone_on_duty
from runtime.database import Database
from runtime.errors import StaffError
from runtime.settings import settings
from tests.console.conftest import PASSWORD, Browser, Hands

Open = Callable[[], Browser]
People = dict[str, StaffAccount]


def test_a_password_opens_the_console_and_is_kept_as_a_hash_only(db: Database, ana: Browser, staff: People) -> None:
    assert ana.get("/conversations").status_code == 200
    with db.read() as session:
        account = session.get_one(StaffAccount, staff["ana"].id)
        kept = session.scalars(select(StaffSession)).one()
        acts = session.scalars(select(StaffAct.what)).all()
    assert account.password_hash.startswith("$argon2id$")
    cookie = ana.client.cookies["desk-session"]
    assert cookie not in (kept.token_hash, "")
    assert acts == [What.SIGNED_IN]


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(browser: Open, staff: People) -> None:
    header = browser().sign_in("ana@desk.example").headers["set-cookie"]
    assert "desk-session=" in header
    for part in ("HttpOnly", "SameSite=strict", "Path=/"):
        assert part in header
    assert "Secure" not in header  # http://127.0.0.1 would not keep it


def test_https_binds_the_cookie_to_the_host(browser: Open, staff: People, monkeypatch: pytest.MonkeyPatch) -> None:
    secured = settings().model_copy(update={"public_url": "https://desk.example"})
    monkeypatch.setattr("console.web.settings", lambda: secured)
    header = browser().get("/sign-in").headers["set-cookie"]
    assert header.startswith("__Host-desk-form=")
    assert "Secure" in header
    assert "Domain" not in header


@pytest.mark.parametrize(("email", "password"), [
    ("ana@desk.example", "wrong horse battery"), ("nobody@desk.example", PASSWORD), ("", ""),
    ("ana@desk.example", ""), ("ana@desk.example", "x" * 5000), ("' OR 1=1 --", PASSWORD),
])
def test_a_wrong_pair_gets_one_and_the_same_answer(browser: Open, staff: People, email: str, password: str) -> None:
    stranger = browser()
    answer = stranger.sign_in(email, password)
    assert answer.status_code == 403
    assert "go together" in answer.text
    assert password == "" or password not in answer.text
    assert stranger.get("/conversations").status_code == 303


def test_an_unknown_account_is_checked_as_long_as_a_known_one(
    browser: Open, staff: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[object] = []

    def fits(account: StaffAccount | None, password: str) -> bool:
        checked.append(account)
        return False
    monkeypatch.setattr("console.sign_in.password_fits", fits)
    browser().sign_in("nobody@desk.example")
    browser().sign_in("ana@desk.example")
    assert len(checked) == 2
    assert checked[0] is None


def test_a_closed_account_looks_like_a_wrong_password(db: Database, browser: Open, staff: People, hands: Hands) -> None:
    with db.write() as session:
        close_account(session, account=session.get_one(StaffAccount, staff["ben"].id), now=hands.now)
    answer = browser().sign_in("ben@desk.example")
    assert answer.status_code == 403
    assert "go together" in answer.text


def test_the_form_needs_its_own_token(browser: Open, staff: People) -> None:
    stranger = browser()
    stranger.get("/sign-in")
    answer = stranger.post("/sign-in", csrf="something else", email="ana@desk.example", password=PASSWORD)
    assert answer.status_code == 403
    assert stranger.get("/conversations").status_code == 303
    without_cookie = browser().post("/sign-in", csrf="", email="ana@desk.example", password=PASSWORD)
    assert without_cookie.status_code == 403


def test_too_many_failures_wait_whatever_the_password(browser: Open, staff: People, hands: Hands) -> None:
    stranger = browser()
    for _ in range(attempts.FOR_ONE_ACCOUNT):
        assert stranger.sign_in("ana@desk.example", "wrong horse battery").status_code == 403
    refused = stranger.sign_in("ana@desk.example")
    assert refused.status_code == 429
    assert "quarter of an hour" in refused.text
    assert stranger.sign_in("ben@desk.example").status_code == 303  # a colleague in the same office is not kept out
    hands.on(minutes=16)
    assert browser().sign_in("ana@desk.example").status_code == 303


def test_unknown_accounts_lock_alike(browser: Open, staff: People) -> None:
    stranger = browser()
    for _ in range(attempts.FOR_ONE_ACCOUNT):
        stranger.sign_in("nobody@desk.example")
    assert stranger.sign_in("nobody@desk.example").status_code == 429


def test_one_address_cannot_try_many_accounts(browser: Open, staff: People) -> None:
    stranger = browser()
    for number in range(attempts.FROM_ONE_ADDRESS):
        stranger.sign_in(f"guess{number}@desk.example")
    assert stranger.sign_in("ana@desk.example").status_code == 429


def test_success_forgets_the_failures(browser: Open, staff: People) -> None:
    stranger = browser()
    for _ in range(2):
        for _ in range(attempts.FOR_ONE_ACCOUNT - 1):
            stranger.sign_in("ana@desk.example", "wrong horse battery")
        assert stranger.sign_in("ana@desk.example").status_code == 303
        stranger.post("/sign-out")


def test_signing_out_ends_the_session_on_the_server(db: Database, ana: Browser, hands: Hands) -> None:
    cookie = ana.client.cookies["desk-session"]
    assert ana.post("/sign-out").status_code == 303
    ana.client.cookies.set("desk-session", cookie, domain="127.0.0.1", path="/")
    assert ana.get("/conversations").status_code == 303
    with db.read() as session:
        assert not someone_on_duty(session, now=hands.now)


def test_sessions_end_by_idleness_and_a_page_that_refreshes_itself_is_idle(ana: Browser, hands: Hands) -> None:
    for _ in range(10):
        hands.on(minutes=3)
        answer = ana.refresh("/tickets", **{"HX-Current-URL": "http://127.0.0.1:8000/console/tickets?state=closed"})
    assert MAX_IDLE.total_seconds() == 1800
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/console/sign-in?next=%2Ftickets%3Fstate%3Dclosed"


def test_activity_keeps_a_session_but_not_for_ever(db: Database, ana: Browser, hands: Hands) -> None:
    for _ in range(int(MAX_AGE.total_seconds() // 1200) - 1):
        hands.on(minutes=20)
        assert ana.refresh("/conversations", **{"X-Active": "1"}).status_code == 200
    with db.read() as session:
        assert someone_on_duty(session, now=hands.now)
    hands.on(minutes=21)
    assert ana.get("/conversations").status_code == 303


def test_a_new_password_and_a_closed_account_end_open_sessions(
    db: Database, ana: Browser, ben: Browser, staff: People, hands: Hands
) -> None:
    with db.write() as session:
        set_password(session, account=session.get_one(StaffAccount, staff["ana"].id), password="another good one",
                     now=hands.now)
        close_account(session, account=session.get_one(StaffAccount, staff["ben"].id), now=hands.now)
    assert ana.get("/conversations").status_code == 303
    assert ben.get("/conversations").status_code == 303


def test_nobody_is_on_duty_after_a_while(db: Database, ana: Browser, hands: Hands) -> None:
    with db.read() as session:
        assert someone_on_duty(session, now=hands.now)
        assert not someone_on_duty(session, now=hands.on(minutes=11))


@pytest.mark.parametrize("path", ["/", "/conversations", "/conversations/x", "/tickets", "/tickets/D-2001", "/alerts",
                                  "/activity"])
def test_every_page_needs_a_sign_in(browser: Open, path: str) -> None:
    answer = browser().get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/console/sign-in")


def test_after_signing_in_the_page_that_was_asked_for(browser: Open, staff: People) -> None:
    someone = browser()
    location = someone.get("/tickets?state=closed").headers["location"]
    assert location == "/console/sign-in?next=%2Ftickets%3Fstate%3Dclosed"
    assert someone.sign_in("ana@desk.example", next="/tickets?state=closed").headers["location"] == (
        "/console/tickets?state=closed")


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/\\evil.example", "/\tx", "", "sign-in",
                                  "/sign-in", "/sign-out", "javascript:alert(1)"])
def test_it_never_leads_elsewhere(path: str) -> None:
    assert safe_next(path) == "/conversations"


def test_a_link_from_an_email_meets_a_strict_cookie(browser: Open) -> None:
    answer = browser().get("/tickets/D-2001", **{"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 200
    assert 'http-equiv="refresh"' in answer.text


@pytest.mark.parametrize("wrong", [
    {"password": "too short"}, {"email": "no address"}, {"name": " "}, {"email": "ANA@desk.example"},
    {"name": "x" * 81},
])
def test_accounts_are_checked_when_they_are_added(
    db: Database, staff: People, hands: Hands, wrong: dict[str, str]
) -> None:
    values = {"name": "Zoe", "email": "zoe@desk.example", "password": PASSWORD} | wrong
    with db.write() as session, pytest.raises(StaffError):
        add_staff(session, role=Role.AGENT, now=hands.now, **values)


def test_pages_say_nothing_is_to_be_kept_framed_or_run(site: FastAPI, browser: Open) -> None:
    headers = browser().get("/sign-in").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-frame-options"] == "DENY"
    policy = headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "default-src 'none'" in policy
    assert browser().get("/static/console.css").headers["cache-control"] == "public, max-age=300"
