"""What becomes of a message when the network or the server is not well."""

from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse
from playwright.sync_api import Page, expect

from tests.browser.fake_desk import FakeDesk
from tests.browser.steps import bubbles, opened, until, write

TOKEN = "mK3-_9aZ" * 5


def test_the_echo_becomes_what_was_stored(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.refuse["messages"] = [Response(status_code=503)]
    write(page, "my card is 4242 4242 4242 4242")
    until(lambda: not desk.refuse["messages"], "first try")
    sent = page.evaluate("JSON.parse(sessionStorage.getItem('messages.tab')).pending[0].id")
    desk.say("my card is [card]", author="debtor", client_id=sent)
    expect(page.locator(".message.debtor .bubble")).to_have_text(["my card is [card]"])
    assert "4242" not in page.evaluate("sessionStorage.getItem('messages.tab')")


def test_shift_enter_makes_a_line_and_blank_text_is_not_sent(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    write(page, "   ")
    box = page.get_by_label("Write a message")
    box.fill("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.get_by_role("button", name="Send").click()
    until(lambda: desk.posted, "message")
    assert [one["text"] for one in desk.posted] == ["one\ntwo"]


def test_a_failed_message_goes_again_under_the_same_id(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    tried: list[str] = []

    def fail_first(route: Any) -> None:
        tried.append(route.request.post_data_json["id"])
        if len(tried) == 1:
            route.fetch()  # It reached the server; only the answer was lost.
            route.abort()
        else:
            route.continue_()

    page.route("**/api/chat/messages", fail_first)
    # The stream is cut as well, so the stored copy cannot end the matter.
    desk.refuse["events"] = [Response(status_code=503)]
    desk.close_streams()
    until(lambda: not desk.refuse["events"], "stream refused")
    write(page, "once only")
    # routes are only served while the page is asked for something
    until(lambda: page.wait_for_timeout(20) or len(tried) == 2 or desk.messages, "sent again or stored")
    expect(page.locator(".message.pending")).to_have_count(0)
    assert len(set(tried)) == 1
    expect(page.locator(".message.debtor .bubble")).to_have_text(["once only"])
    assert [message["text"] for message in desk.messages] == ["once only"]


def test_what_is_written_offline_is_sent_later(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    page.context.set_offline(True)
    write(page, "from the train")
    write(page, "second")
    expect(page.locator(".message.pending")).to_have_count(2)
    expect(page.get_by_text("Waiting for a connection").first).to_be_visible()
    assert desk.posted == []
    page.context.set_offline(False)
    until(lambda: len(desk.posted) == 2, "sent")
    expect(page.locator(".message.pending")).to_have_count(0)
    assert bubbles(page, "debtor") == ["from the train", "second"]


def test_not_sent_says_so_and_can_be_tried_again(page: Page, desk: FakeDesk) -> None:
    page.add_init_script("const wait = setTimeout; window.setTimeout = (act, ms) => wait(act, ms / 20);")
    opened(page, desk)
    desk.refuse["messages"] = [Response(status_code=500) for _ in range(5)]
    write(page, "please arrive")
    expect(page.get_by_role("alert")).to_have_text("Not sent")
    assert desk.posted == []
    page.get_by_role("button", name="Try again").click()
    until(lambda: desk.posted, "sent")
    expect(page.locator(".message.pending")).to_have_count(0)
    assert bubbles(page, "debtor") == ["please arrive"]


def test_an_unsent_message_outlives_a_reload(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.refuse["messages"] = [Response(status_code=429, headers={"Retry-After": "60"})]
    write(page, "keep me")
    expect(page.get_by_text("Please wait 60 seconds")).to_be_visible()
    page.reload()
    until(lambda: desk.posted, "sent after the reload")
    expect(page.locator(".message.debtor .bubble")).to_have_text(["keep me"])


def test_too_many_at_once_waits_as_told(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.refuse["messages"] = [Response(status_code=429, headers={"Retry-After": "1"})]
    write(page, "hello")
    expect(page.get_by_text("Please wait 1 second;")).to_be_visible()
    until(lambda: desk.posted, "sent after the wait")
    expect(page.locator("#banner")).to_have_text("")


def test_a_refusal_is_shown_and_the_text_comes_back(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.refuse["messages"] = [JSONResponse({"detail": "That is too long for one message."}, status_code=413)]
    write(page, "long story")
    expect(page.locator(".message.failed")).to_contain_text("That is too long for one message.")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_label("Write a message")).to_have_value("long story")
    expect(page.locator(".message.debtor")).to_have_count(0)


def test_length_is_counted_near_the_limit(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    box = page.get_by_label("Write a message")
    box.fill("x" * 3000)
    expect(page.locator("#count")).to_have_text("")
    box.fill("x" * 3990)
    expect(page.locator("#count")).to_have_text("10 characters left")
    box.fill("🙂" * 4001)
    expect(page.locator("#count")).to_have_text("1 character too many")
    page.keyboard.press("Enter")
    box.fill("🙂" * 4000)
    page.keyboard.press("Enter")
    until(lambda: desk.posted, "sent")
    assert [len(one["text"]) for one in desk.posted] == [4000]


def test_an_ended_session_is_kind_and_keeps_the_unsent_text(page: Page, desk: FakeDesk) -> None:
    desk.say("You owe £1.00")
    opened(page, desk)
    expect(page.get_by_text("You owe £1.00")).to_be_visible()
    desk.tokens.clear()
    write(page, "are you there")
    expect(page.get_by_text("This chat was closed because it had been quiet")).to_be_visible()
    expect(page.get_by_label("Write a message")).to_have_value("are you there")
    assert len(desk.sessions) == 1
    page.get_by_role("button", name="Start a new chat").click()
    until(lambda: len(desk.sessions) == 2, "new session")
    assert "link" not in desk.sessions[1]
    page.get_by_role("button", name="Send").click()
    until(lambda: desk.posted, "sent in the new session")


def test_a_link_that_does_not_work_still_opens_the_chat(page: Page, desk: FakeDesk) -> None:
    desk.refuse["session"] = [JSONResponse({"detail": "gone"}, status_code=410)]
    opened(page, desk, f"#{TOKEN}")
    expect(page.get_by_text("That link did not work")).to_be_visible()
    assert "link" not in desk.sessions[0]
    write(page, "hello")
    until(lambda: desk.posted, "message")


def test_a_second_link_in_the_same_tab_starts_afresh(page: Page, desk: FakeDesk) -> None:
    desk.say("Secret of the first person")
    opened(page, desk, f"#{TOKEN}")
    expect(page.get_by_text("Secret of the first")).to_be_visible()
    desk.messages.clear()
    desk.events.clear()
    page.evaluate("location.hash = 'anotherTOKEN'")
    until(lambda: len(desk.sessions) == 2, "second session")
    assert desk.sessions[1]["link"] == "anotherTOKEN"
    expect(page.get_by_text("Secret of the first")).to_have_count(0)
    assert page.url == f"{desk.url}/chat"
