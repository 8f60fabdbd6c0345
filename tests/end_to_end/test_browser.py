"""The whole desk as a person sees it: a real browser, the real page, the card form, the staff console."""

from collections.abc import Iterator
from datetime import date

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from cli.demo_staff import EMAIL, demo_login
from ledger.balances import balance_of
from ledger.check import check
from ledger.holds import active_holds
from ledger.kinds import HoldReason
from ledger.plans import plans_of
from tests.browser.conftest import browser as browser_of_the_machine
from tests.end_to_end.conftest import Desk
from tests.end_to_end.debtor import Person, make_person, personal_link

browser = browser_of_the_machine
"""The browser fixture of the browser tests."""


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A phone's tab in London. Script errors and breaches of the content policy fail the test."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-GB", timezone_id="Europe/London")
    page = context.new_page()
    page.set_default_timeout(30_000)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security Policy" in line.text else None)
    yield page
    context.close()
    assert faults == []


def write(page: Page | FrameLocator, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.get_by_label("Write a message").press("Enter")


def owed(desk: Desk, person: Person) -> int:
    with desk.database.read() as session:
        return balance_of(session, person.debtor_id, now=desk.now).totals["GBP"].minor


def log(page: Page | FrameLocator) -> str:
    return page.get_by_role("log").inner_text()


def help_on_the_website(page: Page, desk: Desk) -> FrameLocator:
    """The chat, opened by the launcher on the demo creditor's website."""
    page.goto(desk.url)
    page.get_by_role("button", name="Help").click()
    chat = page.frame_locator("iframe[title=Messages]")
    expect(chat.get_by_role("log")).to_contain_text("automated assistant")
    return chat


def test_ask_pay_arrange_cannot_pay(desk: Desk, page: Page) -> None:
    """The main job, from the creditor's website on."""
    person = make_person(desk, {"first_name": "Nora", "last_name": "Fielding",
                                "debts": [{"creditor": "DEMO-NG", "amount": "640.00"}]})
    chat = help_on_the_website(page, desk)
    write(chat, "what do i owe?")
    expect(chat.get_by_role("log")).to_contain_text("your date of birth")
    assert "640" not in log(chat)
    write(chat, f"{person.ref} 17 May 1984 {person.postcode}")
    expect(chat.get_by_role("log")).to_contain_text("£640.00")

    write(chat, "can i pay 40 now")
    pay = chat.get_by_role("link", name="£40.00").last
    expect(pay).to_be_visible()
    with page.context.expect_page() as opening:
        pay.click()
    _pay_by_card(opening.value)
    expect(chat.get_by_role("log")).to_contain_text("£600.00")  # said by itself
    assert owed(desk, person) == 60_000

    chat = help_on_the_website(page, desk)  # a reload keeps what was said
    expect(chat.get_by_role("log")).to_contain_text("£600.00")
    write(chat, "can i do 50 a month")
    expect(chat.get_by_role("table", name="Your plan")).to_contain_text("£50.00")
    with desk.database.read() as session:
        assert plans_of(session, person.debtor_id, today=date.today()) == []
    chat.get_by_role("button", name="Yes, set it up").click()
    expect(chat.get_by_role("log")).to_contain_text("is set up")
    with desk.database.read() as session:
        [plan] = plans_of(session, person.debtor_id, today=date.today())
    assert (plan.total.minor, plan.instalment.minor, plan.count) == (60_000, 5_000, 12)

    write(chat, "I've lost my job, I can't pay now")
    chat.get_by_role("button", name="Yes, put it on hold").click()
    expect(chat.get_by_role("log")).to_contain_text("Everything is on hold")
    with desk.database.read() as session:
        reasons = [hold.reason for hold in active_holds(session, debtor_id=person.debtor_id, now=desk.now)]
        assert reasons == [HoldReason.HARDSHIP]
        assert check(session) == []
    assert owed(desk, person) == 60_000


def _pay_by_card(paying: Page) -> None:
    """Our page, the card form, a refused card first."""
    assert "debt" not in paying.title().lower()
    expect(paying.get_by_text("TEST MODE").first).to_be_visible()
    paying.get_by_role("button").first.click()
    paying.get_by_label("Card number").fill("4000 0000 0000 0002")
    paying.get_by_label("Expiry").fill("12/40")
    paying.get_by_label("Security code").fill("123")
    paying.get_by_role("button").first.click()
    expect(paying.get_by_text("declined").first).to_be_visible()
    paying.get_by_label("Card number").fill("4242 4242 4242 4242")
    paying.get_by_label("Expiry").fill("12/40")
    paying.get_by_label("Security code").fill("123")
    paying.get_by_role("button").first.click()
    paying.wait_for_url("**/done*")
    paying.close()


def test_the_websites_own_link_opens_the_chat_and_escape_closes_it(desk: Desk, page: Page) -> None:
    page.goto(desk.url)
    page.get_by_role("link", name="Get help").click()
    chat = page.frame_locator("iframe[title=Messages]")
    expect(chat.get_by_role("log")).to_contain_text("automated assistant")
    expect(chat.get_by_label("Write a message")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("iframe")).to_be_hidden()


def test_staff_take_over_answer_and_hand_back(desk: Desk, page: Page, browser: Browser) -> None:
    person = make_person(desk, {"first_name": "Olive", "last_name": "Marsh"})
    page.goto(f"{desk.url}/chat#{personal_link(desk, person)}")
    expect(page.get_by_role("log")).to_contain_text("Olive")
    write(page, "I'd like to talk to a real person please")
    expect(page.get_by_role("log")).to_contain_text("D-2")

    _, password = demo_login(desk.database)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    staff = context.new_page()
    staff.set_default_timeout(30_000)
    staff.goto(f"{desk.url}/console")
    staff.get_by_label("E-mail").fill(EMAIL)
    staff.get_by_label("Password").fill(password)
    staff.get_by_role("button", name="Sign in").click()
    staff.get_by_role("link", name="Olive").first.click()
    expect(staff.get_by_text("I'd like to talk to a real person please").first).to_be_visible()
    expect(staff.get_by_text("request_human").first).to_be_visible()
    staff.get_by_role("button", name="Take over").click()
    staff.get_by_label("Reply").fill("Hello Olive, this is Sam. How can I help?")
    staff.get_by_role("button", name="Send").click()
    expect(page.get_by_role("log")).to_contain_text("this is Sam")

    write(page, "what do i owe")
    expect(staff.get_by_text("what do i owe").first).to_be_visible()
    assert "£640.00" not in log(page)  # the bot is silent while Sam has the conversation
    staff.get_by_role("button", name="Hand back").click()
    expect(staff.get_by_role("button", name="Take over")).to_be_visible()
    write(page, "and what do I owe now?")
    expect(page.get_by_role("log")).to_contain_text("£640.00")
    context.close()
