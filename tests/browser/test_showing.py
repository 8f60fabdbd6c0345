"""How the conversation looks to the eye, to a screen reader and on an old phone."""

import re
from datetime import UTC, datetime
from uuid import UUID

from playwright.sync_api import Browser, Page, expect

from tests.browser.fake_desk import FakeDesk
from tests.browser.steps import bubbles, opened, until, write


def test_choices_work_once_and_only_the_newest(page: Page, desk: FakeDesk) -> None:
    desk.say("Old question?", buttons=[{"id": "b0", "title": "Old choice"}])
    desk.say("Shall I?", buttons=[{"id": "b1", "title": "Yes, set it up"}, {"id": "b2", "title": "No"}])
    opened(page, desk)
    expect(page.get_by_role("button", name="Old choice")).to_be_disabled()
    page.get_by_role("button", name="Yes, set it up").click()
    expect(page.get_by_role("button", name="Yes, set it up (chosen)")).to_be_disabled()
    expect(page.get_by_role("button", name="No", exact=True)).to_be_disabled()
    expect(page.locator(".message.debtor .bubble")).to_have_text(["Yes, set it up"])
    until(lambda: desk.posted, "press")
    assert desk.posted[0]["button"] == "b1"
    assert "text" not in desk.posted[0]
    page.reload()
    expect(page.get_by_role("button", name="Yes, set it up (chosen)")).to_be_disabled()
    desk.say("And now?", buttons=[{"id": "b3", "title": "Go on"}])
    expect(page.get_by_role("button", name="Go on")).to_be_enabled()


def test_only_our_own_payment_pages_can_be_pressed(page: Page, desk: FakeDesk) -> None:
    own = f"{desk.url}/pay/abc_DEF-1"
    desk.say(f"Pay here: {own}. Not here: https://pay.example/pay/x, {desk.url}/chat or {desk.url}/pay/../x")
    desk.say(f"Mine: {own}", author="debtor")
    for url in ("https://pay.example/pay/x", "javascript:alert(1)", "data:text/html,x", "//pay.example/pay/x", own):
        desk.say("", card={"kind": "pay", "title": "x", "rows": [], "link": {"url": url, "title": "Pay £50.00"}})
    opened(page, desk)
    expect(page.get_by_role("link", name="Pay £50.00")).to_be_visible()
    links = page.locator("#log a")
    assert links.evaluate_all("all => all.map((a) => a.href)") == [own, own]
    assert links.first.get_attribute("rel") == "noopener noreferrer"
    assert links.first.get_attribute("target") == "_blank"
    assert bubbles(page, "debtor") == [f"Mine: {own}"]


def test_messages_stand_in_the_order_of_their_ids(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.say("second", id=2)
    expect(page.get_by_text("second")).to_be_visible()
    desk.say("first", id=1)
    desk.say("second", id=2)
    desk.say("third", id=3)
    expect(page.locator(".message.bot .bubble")).to_have_text(["first", "second", "third"])


def test_a_person_is_one_press_away(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    page.get_by_role("button", name="Talk to a person").click()
    until(lambda: desk.posted, "request")
    assert desk.posted[0]["text"] == "I would like to talk to a person."
    expect(page.get_by_role("button", name="Talk to a person")).to_be_disabled()
    desk.say("Hi, Priya here.", author="staff", author_name="Priya")
    expect(page.get_by_role("button", name="Talk to a person")).to_be_enabled()
    expect(page.locator(".message.staff .who")).to_have_text("Priya")
    expect(page.get_by_text("You are talking with Priya")).to_be_visible()
    desk.say("It's me again.")
    expect(page.locator("#who")).to_have_text("Automated assistant")


def test_typing_is_shown_until_the_answer(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    desk.send("typing", on=True)
    expect(page.locator("#typing")).to_be_visible()
    expect(page.locator("#typing-text")).to_have_text("Assistant is typing")
    desk.say("Here.")
    expect(page.locator("#typing")).to_be_hidden()
    desk.send("typing", on=True)
    desk.send("typing", on=False)
    expect(page.locator("#typing")).to_be_hidden()


def test_days_are_separated(page: Page, desk: FakeDesk) -> None:
    now = datetime.now(UTC)
    desk.say("long ago", at="2020-03-03T12:00:00+00:00")
    desk.say("the same day", at="2020-03-03T12:01:00+00:00")
    desk.say("today", at=now.isoformat())
    opened(page, desk)
    expect(page.locator(".day")).to_have_text([re.compile("^Tuesday,? 3 March 2020$"), "Today"])


def test_it_can_be_read_aloud_and_used_by_keyboard(page: Page, desk: FakeDesk) -> None:
    opened(page, desk)
    log = page.get_by_role("log")
    assert log.get_attribute("aria-live") == "polite"
    assert log.inner_text() == ""
    desk.say("Which?", buttons=[{"id": "b1", "title": "This"}, {"id": "b2", "title": "That"}])
    expect(page.get_by_role("group", name="Choices").get_by_role("button")).to_have_count(2)
    page.get_by_label("Write a message").focus()
    for _ in range(2):
        page.keyboard.press("Shift+Tab")
    expect(page.get_by_role("button", name="This")).to_be_focused()
    page.keyboard.press("Enter")
    until(lambda: desk.posted, "press")
    assert desk.posted[0]["button"] == "b1"
    expect(page.get_by_label("Write a message")).to_be_focused()
    small = page.locator("button:visible").evaluate_all(
        "all => all.filter((b) => b.getBoundingClientRect().height < 24 || b.getBoundingClientRect().width < 24).length"
    )
    assert small == 0
    assert page.get_by_label("Write a message").evaluate("box => getComputedStyle(box).fontSize") == "16px"


def test_a_narrow_old_phone(browser: Browser, desk: FakeDesk) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 480})
    page = context.new_page()
    page.add_init_script("delete Crypto.prototype.randomUUID; delete window.visualViewport;")
    page.add_init_script("Object.defineProperty(window, 'sessionStorage', {get() { throw new Error('blocked'); }});")
    desk.say("A" * 300, buttons=[{"id": "b1", "title": "B" * 90}])
    rows = [{"label": "Saturday 12 September 2026", "value": "£1,040.00"}]
    desk.say("x", card={"kind": "plan", "title": "Plan", "rows": rows})
    page.goto(f"{desk.url}/chat")
    expect(page.get_by_role("table")).to_be_visible()
    write(page, "hello")
    until(lambda: desk.posted, "message")
    assert UUID(desk.posted[0]["id"]).version == 4
    wide = "e => e.scrollWidth > e.clientWidth"
    assert not page.locator("html").evaluate(wide)
    assert not page.locator("#scroll").evaluate(wide)
    context.close()


def test_a_reader_who_scrolled_up_is_left_there(page: Page, desk: FakeDesk) -> None:
    for number in range(40):
        desk.say(f"message {number}")
    opened(page, desk)
    expect(page.get_by_text("message 39")).to_be_in_viewport()
    page.locator("#scroll").evaluate("box => { box.scrollTop = 0; }")
    desk.say("newest of all")
    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_text("newest of all")).to_be_in_viewport()
    expect(page.get_by_role("button", name="New messages")).to_be_hidden()


def test_a_long_answer_is_read_from_its_beginning(page: Page, desk: FakeDesk) -> None:
    rows = [{"label": f"{n}. 1 December 2026", "value": "£25.00"} for n in range(1, 27)]
    desk.say("Hello. How can I help?")
    opened(page, desk)
    desk.say("Here is your whole plan.", card={"kind": "plan", "title": "Your plan", "rows": rows},
             buttons=[{"id": "y", "title": "Yes, set it up"}])
    expect(page.get_by_text("Here is your whole plan.")).to_be_in_viewport()
    expect(page.get_by_role("button", name="Yes, set it up")).not_to_be_in_viewport()
    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_role("button", name="Yes, set it up")).to_be_in_viewport()
    expect(page.get_by_role("button", name="New messages")).to_be_hidden()
