"""The chat page alone, against a desk that answers from memory and can be made to fail."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.responses import JSONResponse
from playwright.sync_api import Page, expect

from tests.browser.fake_desk import FakeDesk, serving


@pytest.fixture
def desk() -> Iterator[FakeDesk]:
    """A desk that greets."""
    made = FakeDesk()
    made.say("Hello. How can I help?", buttons=[{"id": "b1", "title": "What do I owe?"}])
    with serving(made):
        yield made


def opened(page: Page, desk: FakeDesk, fragment: str = "") -> Page:
    page.goto(f"{desk.url}/chat{fragment}")
    expect(page.get_by_text("Hello. How can I help?")).to_be_visible()
    return page


def write(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def answered(text: str, **more: Any) -> Any:
    """A desk's reaction: say so."""
    return lambda desk, _body: desk.say(text, **more)


def test_a_message_is_sent_once_and_answered(page: Page, desk: FakeDesk) -> None:
    desk.reply = answered("Let me look.")
    write(opened(page, desk), "what do i owe")
    expect(page.get_by_text("Let me look.")).to_be_visible()
    expect(page.get_by_text("what do i owe", exact=True)).to_have_count(1)
    assert [body["text"] for body in desk.posted] == ["what do i owe"]


def test_the_log_is_there_before_messages_and_says_nothing_of_a_debt(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    log = page.get_by_role("log")
    expect(log).to_have_attribute("aria-live", "polite")
    assert not re.search("debt|collect|owe", page.title(), re.IGNORECASE)
    assert page.evaluate("getComputedStyle(document.getElementById('text')).fontSize") == "16px"


def test_markup_is_words(page: Page, desk: FakeDesk) -> None:
    desk.reply = answered("<img src=x onerror=\"document.title='hacked'\"> & <b>bold</b>")
    write(opened(page, desk), "<script>document.title='hacked'</script>")
    expect(page.get_by_text("<b>bold</b>")).to_be_visible()
    expect(page.get_by_text("<script>document.title='hacked'</script>")).to_be_visible()
    assert "hacked" not in page.title()
    assert page.locator("#log img, #log script, #log b").count() == 0


def test_only_our_own_payment_page_becomes_a_link(page: Page, desk: FakeDesk) -> None:
    token = "abcdefghijklmnopqrstuvwx"
    opened(page, desk)
    desk.say(f"Yours: {desk.url}/pay/{token} not https://evil.example/pay/{token} nor javascript:alert(1)")
    expect(page.get_by_text("evil.example")).to_be_visible()
    links = [link.get_attribute("href") for link in page.locator("#log a").all()]
    assert links == [f"{desk.url}/pay/{token}"]


def test_a_button_is_pressed_once_and_then_settled(page: Page, desk: FakeDesk) -> None:
    desk.reply = answered("£10.00 in total today.")
    opened(page, desk).get_by_role("button", name="What do I owe?").click()
    expect(page.get_by_text("£10.00 in total today.")).to_be_visible()
    assert [body.get("button") for body in desk.posted] == ["b1"]
    expect(page.locator("#log button", has_text="What do I owe?").and_(page.locator(":enabled"))).to_have_count(0)


def test_a_broken_stream_goes_on_where_it_was(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.close_streams()
    desk.say("While you were away.")
    expect(page.get_by_text("While you were away.")).to_have_count(1)
    expect(page.get_by_text("Hello. How can I help?")).to_have_count(1)
    assert desk.resumed_from[0] == "0"
    assert desk.resumed_from[-1] == "1"


def test_a_failed_message_is_sent_again_under_the_same_id(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.refuse["messages"] = [JSONResponse({}, 503), JSONResponse({}, 503)]
    desk.reply = answered("Here I am.")
    write(page, "are you there")
    expect(page.get_by_text("Here I am.")).to_be_visible(timeout=20000)
    expect(page.get_by_text("are you there", exact=True)).to_have_count(1)
    assert len({body["id"] for body in desk.posted}) == 1


def test_a_refused_message_is_kept_and_the_reason_said(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.refuse["messages"] = [JSONResponse({"detail": {"code": "x", "message": "Please send it in parts."}}, 422)]
    write(page, "a very long story")
    expect(page.get_by_text("Please send it in parts.").first).to_be_visible()
    expect(page.get_by_text("a very long story").first).to_be_visible()
    assert desk.posted == []


def test_a_session_that_is_over_is_said_to_be_and_begun_anew_on_request(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.expire()
    expect(page.get_by_text("This chat was closed")).to_be_visible(timeout=20000)
    page.get_by_role("button", name="Start a new chat").click()
    expect(page.get_by_text("Hello. How can I help?")).to_be_visible()
    assert len(desk.sessions) == 2


def test_a_reload_keeps_the_conversation(page: Page, desk: FakeDesk) -> None:
    desk.reply = answered("Noted.")
    write(opened(page, desk), "remember this")
    expect(page.get_by_text("Noted.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("remember this", exact=True)).to_have_count(1)
    expect(page.get_by_text("Noted.")).to_have_count(1)
    assert len(desk.sessions) == 1


def test_a_personal_link_leaves_the_address_bar_at_once(page: Page, desk: FakeDesk) -> None:
    opened(page, desk, "#pZSM_OtST59fXgKcc7elolEKkIKsAIEQT2A3rUXaQQg")
    assert page.url == f"{desk.url}/chat"
    assert desk.sessions[0]["link"] == "pZSM_OtST59fXgKcc7elolEKkIKsAIEQT2A3rUXaQQg"


def test_leaving_quickly_clears_the_screen_and_ends_the_session(page: Page, desk: FakeDesk) -> None:
    desk.reply = answered("£640.00 in total.")
    write(opened(page, desk), "what do i owe")
    expect(page.get_by_text("£640.00 in total.")).to_be_visible()
    with page.expect_response(lambda r: r.request.method == "DELETE"):
        page.get_by_role("button", name="Leave quickly").click()
    expect(page.get_by_text("£640.00")).to_have_count(0)
    expect(page.get_by_role("heading", name="The chat is closed")).to_be_visible()
    assert page.evaluate("JSON.stringify(sessionStorage)").find("token-1") == -1
    assert desk.deleted == ["Bearer token-1"]


def test_the_place_comes_from_the_clock_and_not_from_the_browsers_language(page: Page, desk: FakeDesk) -> None:
    page.add_init_script("Object.defineProperty(navigator, 'language', {get: () => 'en-US'})")
    opened(page, desk)
    assert desk.sessions[0]["locale"] == "en-GB"


def test_nothing_runs_out_of_a_small_screen(page: Page, desk: FakeDesk) -> None:
    page.set_viewport_size({"width": 320, "height": 568})
    rows = [{"label": f"{n}. 1 December 2026", "value": "£25.00"} for n in range(1, 27)]
    opened(page, desk)
    desk.say("Here is your whole plan." + "x" * 300, card={"kind": "plan", "title": "Your plan", "rows": rows},
             buttons=[{"id": "y", "title": "Yes, set it up"}, {"id": "n", "title": "Change it"}])
    expect(page.get_by_role("button", name="Yes, set it up")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("#scroll").evaluate("box => box.scrollWidth <= box.clientWidth")


def test_a_plan_is_a_table_with_its_rows(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.say("Your plan.", card={"kind": "plan", "title": "Your plan", "rows": [
        {"label": "1. 1 December 2026", "value": "£25.00"}, {"label": "In all", "value": "£25.00"}]})
    expect(page.get_by_role("table").get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("table")).to_contain_text("£25.00")


def test_the_keyboard_alone_is_enough(page: Page, desk: FakeDesk) -> None:
    desk.reply = answered("Of course.")
    opened(page, desk)
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "What do I owe?":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_text("Of course.")).to_be_visible()
