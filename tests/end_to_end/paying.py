"""Paying as a debtor does: open our page, press the one button, fill in a test card at the Stripe stand-in."""

import re

import httpx

from tests.end_to_end.debtor import Chat

SUCCEEDS = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"


def link_in(chat: Chat) -> str:
    """The newest payment link of the conversation."""
    links = [m.card["link"]["url"] for m in chat.messages() if m.card and m.card.get("link")]
    assert links, "no payment link was given"
    return str(links[-1])


def open_checkout(chat: Chat) -> str:
    """Open our page and press its button; the address of the card form it leads to."""
    with httpx.Client(timeout=30, trust_env=False) as browser:
        page = browser.get(link_in(chat))
        assert page.status_code == 200, page.text
        pressed = browser.post(link_in(chat), headers={"Origin": chat.desk.url})
        assert pressed.status_code == 303, pressed.text
        return pressed.headers["location"]


def fill_in(address: str, card: str) -> httpx.Response:
    """Fill in the card form of the stand-in."""
    with httpx.Client(timeout=30, trust_env=False) as browser:
        form = browser.get(address)
        assert "TEST MODE" in form.text
        action = re.search(r'<form[^>]*action="([^"]+)"', form.text)
        target = httpx.URL(address).join(action[1]) if action else httpx.URL(address)
        return browser.post(target, data={"number": card, "expiry": "12/40", "code": "123"})


def pay(chat: Chat, card: str = SUCCEEDS) -> httpx.Response:
    """The whole way; the stand-in's answer to the card form."""
    return fill_in(open_checkout(chat), SUCCEEDS if card == "works" else card)
