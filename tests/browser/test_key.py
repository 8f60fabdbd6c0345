"""The session's key: it stays in the browser, signs what is said, and brings the next token after a verification."""

import pytest
from playwright.sync_api import Page, expect

from bot.client_key import ClientKey
from compliance.session_keys import message_words, read_key, signed_by
from tests.browser.fake_desk import FakeDesk
from tests.browser.steps import opened, until, write

READ_OUT = """async () => {
  const opening = indexedDB.open("messages", 1);
  const database = await new Promise((done) => { opening.onsuccess = () => done(opening.result); });
  const asked = database.transaction("keys").objectStore("keys").getAll();
  const all = await new Promise((done) => { asked.onsuccess = () => done(asked.result); });
  database.close();
  const tried = await Promise.all(all.map((one) =>
    crypto.subtle.exportKey("jwk", one.key).catch((error) => error.name)));
  return tried;
}"""


def test_a_message_is_signed_with_the_key_of_the_session(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    write(page, "ref DD-1042, ünïcode 😀")
    until(lambda: desk.posted, "message")
    key, sent = desk.sessions[0]["client_key"], desk.posted[0]
    assert read_key(key) == key
    assert signed_by(key, signature=sent["proof"], words=message_words("c1", sent["id"], sent["text"]))
    assert not signed_by(ClientKey().public, signature=sent["proof"],
                         words=message_words("c1", sent["id"], sent["text"]))


def test_the_private_half_cannot_be_read_out(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    assert page.evaluate(READ_OUT) == ["InvalidAccessError"]
    assert "client_key" not in page.evaluate("sessionStorage.getItem('messages.tab')")


@pytest.mark.parametrize("told", [True, False])
def test_after_a_verification_the_page_goes_on_and_misses_nothing(page: Page, desk: FakeDesk, told: bool) -> None:
    opened(page, desk)
    desk.say("before")
    expect(page.get_by_text("before")).to_be_visible()
    desk.verified(told=told)
    desk.say("You owe nothing.")
    until(lambda: desk.renewed, "renewed")
    expect(page.get_by_text("You owe nothing.")).to_have_count(1)
    expect(page.get_by_text("before")).to_have_count(1)
    assert len(desk.sessions) == 1
    write(page, "thanks")
    until(lambda: [one for one in desk.posted if one["text"] == "thanks"], "message")
    expect(page.locator(".message.pending")).to_have_count(0)


def test_a_message_that_meets_the_dead_token_is_sent_once_after_it(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.retired |= desk.tokens
    desk.tokens.clear()  # the stream has not noticed yet
    write(page, "what do i owe")
    until(lambda: desk.posted, "message")
    assert len(desk.renewed) == 1
    assert [one["text"] for one in desk.posted] == ["what do i owe"]


def test_a_reload_right_after_a_verification_goes_on(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.say("before")
    expect(page.get_by_text("before")).to_be_visible()
    desk.retired |= desk.tokens
    desk.tokens.clear()
    page.reload()
    expect(page.get_by_text("before")).to_have_count(1)
    until(lambda: desk.renewed, "renewed")
    assert len(desk.sessions) == 1


def test_a_token_without_its_key_is_not_used(page: Page, desk: FakeDesk) -> None:
    """A planted session: the token is in the tab's storage, the key is in somebody else's browser."""
    opened(page, desk)
    page.evaluate("""() => {
      const kept = JSON.parse(sessionStorage.getItem("messages.tab"));
      sessionStorage.setItem("messages.tab", JSON.stringify(Object.assign(kept, { client: "another" })));
    }""")
    page.reload()
    expect(page.get_by_role("button", name="Start a new chat")).to_be_visible()


def test_a_browser_that_makes_no_key_begins_without_one(page: Page, desk: FakeDesk) -> None:
    page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', {get() { return undefined; }});")
    opened(page, desk)
    assert "client_key" not in desk.sessions[0]
    write(page, "hello")
    until(lambda: desk.posted, "message")
    assert "proof" not in desk.posted[0]
    desk.verified()
    expect(page.get_by_role("button", name="Start a new chat")).to_be_visible()


def test_leaving_forgets_the_key(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    page.locator("#leave").click()
    until(lambda: page.evaluate(READ_OUT) == [], "key gone")
