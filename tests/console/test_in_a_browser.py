"""The page that refreshes itself: what staff type, where they read and what they opened stays as it was."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Page, expect

from console.app import console
from console.models import Role, StaffSession
from console.staff import add_staff
from conversations.tickets import open_ticket
from runtime.clock import Clock
from runtime.database import Database
from tests.browser.conftest import browser, page
from tests.console.conftest import PASSWORD, Debtors, Hands

__all__ = ["browser", "page"]


@pytest.fixture
def served(make_sqlite: Callable[[], Database]) -> Iterator[tuple[str, Database]]:
    """The console on a port of its own."""
    db = make_sqlite()
    with db.write() as session:
        add_staff(session, name="Ana", email="ana@desk.example", password=PASSWORD, role=Role.AGENT,
                  now=datetime.now(timezone.utc))
    app = FastAPI()
    app.mount("/console", console(db, Clock()))
    with contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}/console", db
    server.should_exit = True
    thread.join()
    db.close()


def test_a_working_hour(served: tuple[str, Database], page: Page) -> None:
    site, db = served
    debtors = Debtors(db, Hands(datetime.now(timezone.utc)))
    conversation = debtors.conversation()
    debtors.says(conversation, "NG-4471", masked="[reference]", factors={"references": ["NG-4471"]})
    for number in range(30):
        debtors.says(conversation, f"line {number}")
    page.set_viewport_size({"width": 1200, "height": 700})
    page.goto(f"{site}/conversations/{conversation}")
    page.fill("#email", "ana@desk.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    log = page.locator("#log")
    expect(log).to_contain_text("line 29")
    assert log.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 5

    page.get_by_role("button", name="Take over").click()
    expect(page.locator("#state")).to_contain_text("You have this conversation")
    words = page.locator("#words")
    words.fill("half a sent")
    log.evaluate("box => { box.scrollTop = 0 }")
    page.get_by_text("Masked. Show").click()
    page.locator("details.show select").select_option("Quality check")
    words.focus()
    debtors.says(conversation, "are you there?")
    expect(log).to_contain_text("are you there?")
    assert words.input_value() == "half a sent"
    assert page.evaluate("document.activeElement.id") == "words"
    assert log.evaluate("box => box.scrollTop") == 0
    expect(page.locator("details.show select")).to_have_value("Quality check")

    words.fill("Yes, I am.")
    page.keyboard.press("Control+Enter")
    expect(log).to_contain_text("Yes, I am.")
    expect(words).to_have_value("")

    with db.write() as session:
        open_ticket(session, key="urgent", conversation_id=None, debtor_id=None, kind="complaint", urgent=True,
                    summary="Unhappy", now=datetime.now(timezone.utc))
    expect(page.locator("#alarm")).to_contain_text("D-2001", timeout=10_000)
    assert page.title().startswith("(1) ")
    expect(page.locator("#announce")).to_contain_text("complaint")

    with db.write() as session:
        for kept in session.query(StaffSession):
            kept.revoked_at = datetime.now(timezone.utc)
    page.wait_for_url("**/sign-in?next=*", timeout=10_000)


def test_an_adjustment_by_a_double_click(served: tuple[str, Database], page: Page) -> None:
    site, db = served
    debtor = Debtors(db, Hands(datetime.now(timezone.utc))).debtor()
    page.goto(f"{site}/debtors/{debtor.id}")
    page.fill("#email", "ana@desk.example")
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Maya Patel")
    page.get_by_role("link", name="Adjust").click()
    page.get_by_label("What", exact=True).select_option("Fees")
    page.get_by_label("How", exact=True).select_option("Raise it")
    page.get_by_label("By how much (GBP)").fill("12.50")
    page.get_by_label("Why?").fill("court fee")
    page.get_by_role("button", name="Show what will happen").click()
    expect(page.locator(".changes")).to_contain_text("£324.50")
    page.get_by_role("button", name="Change the form").click()
    expect(page.get_by_label("By how much (GBP)")).to_have_value("12.50")
    page.get_by_role("button", name="Show what will happen").click()
    page.get_by_role("button", name="Do it").dblclick()
    expect(page.locator(".done")).to_contain_text("Done.")
    expect(page.locator("#h-postings + table tbody tr")).to_have_count(1)
    expect(page.locator("#h-postings + table")).to_contain_text("court fee")
