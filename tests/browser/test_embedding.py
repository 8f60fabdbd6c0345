"""The chat inside a creditor's website, and the neutral words around it."""

import re

import pytest
from playwright.sync_api import Page, expect

from bot import pages
from runtime.settings import Settings
from tests.browser.fake_desk import FakeDesk
from tests.browser.steps import opened


@pytest.fixture(autouse=True)
def with_the_demo_site(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The installation shows the invented creditor's website."""
    configured = Settings(_env_file=None, demo=True, public_url=desk.url)
    monkeypatch.setattr(pages, "settings", lambda: configured)


def test_embedded_in_the_creditors_site(page: Page, desk: FakeDesk) -> None:
    desk.say("Hello, I am an automated assistant.")
    page.goto(desk.url)
    launcher = page.get_by_role("button", name="Help")
    assert page.locator("iframe").count() == 0
    launcher.click()
    chat = page.frame_locator("iframe")
    expect(chat.get_by_text("I am an automated assistant")).to_be_visible()
    expect(chat.get_by_label("Write a message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Messages")).to_be_hidden()
    expect(launcher).to_be_focused()
    desk.say("Are you still there?")
    expect(page.get_by_role("button", name="Help, new messages: 1")).to_be_visible()
    page.keyboard.press("Enter")
    expect(chat.get_by_label("Write a message")).to_be_focused()
    expect(page.get_by_role("button", name="Help", exact=True)).to_be_attached()
    chat.get_by_role("button", name="Close the chat").click()
    launcher.click()
    chat.get_by_role("button", name="Leave quickly").click()
    expect(page.locator("iframe")).to_have_count(0)
    expect(launcher).to_be_focused()
    assert page.evaluate("sessionStorage.length") == 0


def test_titles_and_addresses_are_neutral(page: Page, desk: FakeDesk) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    desk.say("Hello.")
    opened(page, desk)
    titles = [page.title()]
    page.goto(desk.url)
    titles.append(page.title())
    for text in [*asked, *titles]:
        assert not re.search("debt|collect|owe|arrears", text, re.IGNORECASE), text
    assert titles[0] == "Messages"
