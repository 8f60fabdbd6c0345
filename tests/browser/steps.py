"""What the browser tests do again and again."""

import time
from collections.abc import Callable

from playwright.sync_api import Page

from tests.browser.fake_desk import FakeDesk

PATIENCE_S = 20.0


def until(true: Callable[[], object], what: str) -> None:
    """Waits for something on the server's side."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, f"never happened: {what}"
        time.sleep(0.02)


def opened(page: Page, desk: FakeDesk, fragment: str = "") -> Page:
    """The chat page with its session begun."""
    page.goto(f"{desk.url}/chat{fragment}")
    begun = "(sessionStorage.getItem('messages.tab') || '').includes('token')"
    until(lambda: page.evaluate(begun), "session")  # The page's policy forbids Playwright's own way to wait for this.
    return page


def write(page: Page, text: str) -> None:
    """Types a message and presses Enter."""
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def bubbles(page: Page, author: str) -> list[str]:
    """The texts of one author, in the order they stand on the page."""
    return page.locator(f".message.{author} .bubble").all_inner_texts()
