"""A script that somebody left in a text: on every page that shows it, it is words, for a parser and in a browser."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from playwright.sync_api import Browser, Page, Response, expect
from sqlalchemy import select

import tests.payments.conftest as paying
from bot import pages
from console.models import Role
from console.staff import add_staff
from conversations.models import Conversation
from payments.models import PayLink, PayLinkPart
from runtime.database import Database
from runtime.ids import ConversationId, StaffId, token_hash
from runtime.settings import Settings
from tests.attacks.conftest import personal_link
from tests.attacks.hostile import FOREIGN, PLAIN, Outside, Read, answer, fill, hostile
from tests.browser import conftest as browsing
from tests.browser.steps import write

browser, page = browsing.browser, browsing.page
configure, paid_in_test = paying.configure, paying.test_mode
PASSWORD = "correct horse battery"
RAN = """[(window.xss || window.XSS) === undefined, document.querySelectorAll('[data-xss]').length,
          document.baseURI.split('/')[2]]"""


class Watch:
    """Looks at whatever a page does beside being shown."""

    def __init__(self, page: Page, site: str) -> None:
        self.page, self.site = page, site
        self.did: list[str] = []
        page.on("dialog", lambda dialog: (self.did.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("popup", lambda popup: self.did.append(f"window: {popup.url}"))
        page.on("request", lambda request: self.did.append(f"request: {request.url}")
                if not request.url.startswith((site, "data:")) else None)
        page.on("framenavigated", lambda frame: self.did.append(f"frame: {frame.url}")
                if not frame.url.startswith((site, "about:blank")) else None)

    def quiet(self) -> None:
        """Nothing ran, nothing of the texts became an element, nobody else was asked for anything."""
        for frame in self.page.frames:
            assert frame.evaluate(RAN) == [True, 0, httpx.URL(self.site).netloc.decode()], frame.url
        assert self.did == [], self.page.url

    def opened(self, answer: Response | None) -> Read:
        """The page that was just opened, as it came."""
        assert answer is not None
        self.quiet()
        read = Read(answer.text())
        assert read.odd == [], answer.url
        return read


@pytest.fixture
def site(paid_in_test: None, client: httpx.Client) -> str:
    """The gateway's address, where test cards are taken."""
    return str(client.base_url).rstrip("/")


@pytest.fixture
def outside(db: Database, site: str, now: datetime) -> Outside:
    """A desk full of hostile texts, and a manager."""
    with db.write() as session:
        mia = StaffId(add_staff(session, name=hostile("manager", short=True)[:80], email="mia@desk.example",
                                password=PASSWORD, role=Role.MANAGER, now=now).id)
    return fill(db, mia, now)


def test_the_texts_do_run_where_nothing_stops_them(browser: Browser) -> None:
    page = browser.new_page()
    here = "http://here.example/"
    watch = Watch(page, here)
    words = hostile("here", short=True)
    page.route(here, lambda route: route.fulfill(body=f"<p>{words}</p>", content_type="text/html"))
    page.goto(here)
    page.wait_for_function("window.xss === 1 && document.querySelector('[data-xss]') !== null")
    assert [one for one in watch.did if FOREIGN in one]
    assert Read(hostile("here")).odd
    assert Read(hostile("here")).shows({"here"}) == set()
    page.context.close()


def test_every_page_of_the_console(site: str, db: Database, outside: Outside, page: Page) -> None:
    watch, console = Watch(page, site), f"{site}/console"
    found: set[str] = set()

    def look(answer: Response | None) -> None:
        found.update(watch.opened(answer).shows(outside.places))

    def press(name: str) -> Response:
        with page.expect_navigation() as gone:
            page.get_by_role("button", name=name, exact=True).click()
        answer = gone.value
        assert answer is not None
        return answer

    look(page.goto(f"{console}/sign-in?next={hostile('next', short=True)}"))
    page.fill("#email", "mia@desk.example")
    page.fill("#password", PASSWORD)
    press("Sign in")
    account = f"/debtors/{outside.debtor_id}"
    for path in ("/conversations", "/conversations?view=needs&after=" + hostile("after", short=True), "/tickets",
                 f"/tickets?after={hostile('after', short=True)}", f"/tickets/{outside.tickets[0]}",
                 f"/tickets/{outside.tickets[1]}", f"/tickets/{hostile('none', short=True)}",
                 *(f"/conversations/{one}" for one in outside.conversations), "/approvals", "/approvals/1", "/activity",
                 f"/debtors?ref={hostile('sought', short=True)}", account, f"{account}/budget/0",
                 f"{account}/refund/{outside.payment}", f"{account}/settle/{outside.debt_id}"):
        look(page.goto(f"{console}{path}"))
    look(page.goto(f"{console}{account}/adjust/{outside.debt_id}"))
    page.get_by_label("What", exact=True).select_option("Fees")
    page.get_by_label("How", exact=True).select_option("Raise it")
    page.get_by_label("Why?").fill(outside.text("why", short=True))
    page.get_by_label("By how much").evaluate("(field, words) => { field.value = words }", hostile("sum")[:16])
    look(press("Show what will happen"))  # refused, and the form as it was filled in
    page.get_by_label("By how much").fill("12.50")
    look(press("Show what will happen"))
    press("Do it")
    look(page.reload())
    assert outside.places - found == set()

    talk = outside.conversations[0]
    page.goto(f"{console}/conversations/{talk}")
    page.get_by_role("button", name="Take over").click()
    page.locator("#words").fill(hostile("typed-by-staff", short=True))
    page.keyboard.press("Control+Enter")
    expect(page.locator("#log")).to_contain_text("typed-by-staff\"'></textarea>")  # swapped in by htmx
    expect(page.locator("#words")).to_have_value("")
    watch.quiet()


def test_the_page_of_a_payment(site: str, db: Database, outside: Outside, page: Page, now: datetime) -> None:
    with db.write() as session:
        session.add(PayLink(id=1, key="link", token="t" * 43, token_hash=token_hash("t" * 43), reference="P2345678",
                            debtor_id=outside.debtor_id, currency="GBP", created_at=now,
                            expires_at=now + timedelta(days=1)))
        session.flush()
        session.add(PayLinkPart(pay_link_id=1, debt_id=outside.debt_id, amount=5000))
    watch = Watch(page, site)
    shown = watch.opened(page.goto(f"{site}/pay/{'t' * 43}")).shows(outside.places)
    assert shown == {"creditor", "description", "debt-reference"}


def chat(db: Database) -> ConversationId:
    """The conversation that was begun last."""
    with db.read() as session:
        return ConversationId(session.scalars(
            select(Conversation.id).where(Conversation.channel == "web").order_by(Conversation.created_at)).all()[-1])


def said(db: Database, talk: ConversationId) -> Outside:
    """What the desk says in it, hostile in every part."""
    words = Outside()
    with db.write() as session:
        answer(session, talk, words, datetime.now(UTC))
    return words


@pytest.mark.parametrize("embedded", [False, True])
def test_the_chat_alone_and_in_a_creditors_site(site: str, db: Database, outside: Outside, page: Page, now: datetime,
                                                monkeypatch: pytest.MonkeyPatch, embedded: bool) -> None:
    monkeypatch.setattr(pages, "settings", lambda: Settings(_env_file=None, demo=True, public_url=site))
    watch = Watch(page, site)
    if embedded:
        page.goto(site)
        page.get_by_role("button", name="Help").click()
        here = page.frame_locator("iframe").locator("#log")
    else:
        page.goto(f"{site}/chat#{personal_link(db, now, reference=PLAIN)}")
        here = page.locator("#log")
        expect(here).to_contain_text(hostile("first-name"))  # the greeting, with a name out of an import
        write(page, hostile("asked"))
        expect(here.locator(".debtor .bubble")).to_have_text(hostile("asked"))
    expect(here.locator(".message").first).to_be_visible()
    words = said(db, chat(db))
    for place in sorted(words.places):
        expect(here).to_contain_text(hostile(place))
    watch.quiet()
    if not embedded:
        page.reload()
        expect(here).to_contain_text(hostile("reply"))
        watch.quiet()
