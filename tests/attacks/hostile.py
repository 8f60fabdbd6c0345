"""Texts that try to run on a page, stored wherever a debtor, an import or a colleague can put a text."""

from dataclasses import dataclass, field
from datetime import date, datetime
from html.parser import HTMLParser

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Level, Verification
from console.activity import note
from console.models import What
from conversations.models import Author, Conversation, Message, OutboxItem, TurnState
from conversations.open import open_conversation
from conversations.say import pass_on
from conversations.tickets import open_ticket
from conversations.turns import Heard, receive
from ledger.approvals import Asked, ask
from ledger.kinds import Authority, BoundedAct
from ledger.models import Creditor, Debtor
from ledger.money import Money
from ledger.opening import open_debt
from ledger.receipts import receive as receive_payment
from runtime.database import Database
from runtime.ids import ConversationId, DebtId, DebtorId, StaffId

FOREIGN = "foreign.example"
PLAIN = "NG-2"
"""Reference of a debt that can be looked up."""
_BREAKS = "\"'></textarea></title></script>"
_RUNS = f"<script>xss=1</script><img src=//{FOREIGN}/i onerror=xss=1 data-xss>{{{{7*7}}}}"
_MORE = (
    "<svg/onload=xss=1 data-xss><iframe srcdoc='<script>parent.xss=1</script>' data-xss></iframe>"
    f"<b hx-get=//{FOREIGN}/h hx-trigger=load hx-on:load=xss=1 data-xss></b><input autofocus onfocus=xss=1 data-xss>"
    f"<a href=javascript:xss=1 data-xss>x</a><form action=//{FOREIGN}/f data-xss>"
    f"<link rel=stylesheet href=//{FOREIGN}/c>"
    f"<meta http-equiv=refresh content='0;//{FOREIGN}/m'><base href=//{FOREIGN}/>${{7*7}}<%=7*7%>\\u003cscript\\u003e"
)


def hostile(place: str, *, short: bool = False) -> str:
    """A text that breaks out of an element, an attribute or a script where it is not escaped; it names its place."""
    return f"@{place}{_BREAKS}{_RUNS}" + ("" if short else _MORE)


@dataclass
class Outside:
    """What came from outside: the places that hold a hostile text, and the rows that can be opened."""

    debtor_id: DebtorId | None = None
    debt_id: DebtId | None = None
    payment: int = 0
    places: set[str] = field(default_factory=set)
    conversations: list[ConversationId] = field(default_factory=list)
    tickets: list[str] = field(default_factory=list)

    def text(self, place: str, *, short: bool = False) -> str:
        """The hostile text of a place, which is to be shown somewhere."""
        self.places.add(place)
        return hostile(place, short=short)


def fill(db: Database, staff_id: StaffId, now: datetime) -> Outside:
    """Store one of everything."""
    made = Outside()
    with db.write() as session:
        creditor = Creditor(ref="C-1", name=made.text("creditor"), country="GB", currency="GBP", policy="uk-standard")
        debtor = Debtor(ref=made.text("reference"), first_name=made.text("first-name"), region=made.text("region"),
                        last_name=made.text("last-name"), language=made.text("language"), country="GB",
                        timezone="Europe/London", date_of_birth="1981-03-12", postcode="SW1A 2AA", created_at=now)
        session.add_all([creditor, debtor])
        session.flush()
        made.debtor_id = debtor.id
        none = Money(0, "GBP")
        debt, _plain = (open_debt(
            session, key=ref, ref=ref, debtor_id=debtor.id, creditor_id=creditor.id, kind="energy",
            opened_on=date(2025, 6, 1), principal=Money(30_000, "GBP"), interest=none, fees=none, costs=none,
            effective_on=now.date(), now=now, actor="import") for ref in ("NG-1", PLAIN))
        made.debt_id = debt.id
        debt.ref, debt.description = made.text("debt-reference"), made.text("description")
        made.payment = receive_payment(
            session, key="paid", split={debt.id: Money(500, "GBP")}, actor="import",
            cause=made.text("cause", short=True), effective_on=now.date(), posted_at=now).id
        ask(session, Asked("asked", BoundedAct.WRITE_OFF, debtor.id, debt.id, {}, Authority.LEAD, 100),
            actor=f"staff:{staff_id}", now=now, form={
                "deed": "write-off", "target": debt.id,
                "values": {"reason": "hardship", "why": made.text("note-of-an-approval", short=True)}})
        for summary, where in (("summary", None), ("summary-of-a-talk", _talk(session, made, debtor, now))):
            made.tickets.append(open_ticket(
                session, key=summary, conversation_id=where, debtor_id=debtor.id, kind="complaint", urgent=True,
                summary=made.text(summary), now=now).number)
        _telegram(session, made, debtor, now)
        note(session, staff_id=staff_id, what=What.CLOSED_TICKET, now=now, detail=made.text("what-was-done"))
    return made


def _talk(session: Session, made: Outside, debtor: Debtor, now: datetime) -> ConversationId:
    """A conversation with somebody verified."""
    talk = ConversationId(open_conversation(session, channel="web", now=now).id)
    made.conversations.append(talk)
    session.add(Verification(conversation_id=talk, debtor_id=debtor.id, level=Level.VERIFIED, method="factors",
                             verified_at=now, last_used_at=now))
    typed = made.text("typed")
    turn, _ = receive(session, conversation_id=talk, provider_id="web:1", now=now, heard=Heard(
        raw=typed, shown=typed, masked=typed, terms={}, factors={}))
    turn.state, turn.error, turn.intent = TurnState.FAILED, made.text("error"), made.text("intent")
    turn.actions, turn.ranking = [made.text("action")], [{"name": made.text("also-considered"), "confidence": 0.5}]
    receive(session, conversation_id=talk, provider_id="web:2", now=now, heard=Heard(
        raw="DD-1", shown="DD-1", masked=made.text("masked"), terms={}, factors={"references": ["DD-1"]}))
    answer(session, talk, made, now)
    return talk


def answer(session: Session, talk: ConversationId, made: Outside, now: datetime) -> None:
    """What the desk says with a debtor's words in it: a text with a button and a card, and a reply of staff."""
    conversation = session.get_one(Conversation, talk)
    session.add(Message(
        conversation_id=talk, event_id=conversation.next_event, author=Author.BOT, say="help", at=now,
        text=made.text("said"), buttons=[{"id": "b1", "title": made.text("button")}],
        card={"kind": "plan", "title": made.text("card"),
              "rows": [{"label": made.text("label"), "value": made.text("value")}]}))
    conversation.next_event += 1
    pass_on(session, conversation_id=talk, words=made.text("reply"), staff_name=made.text("staff-name"), now=now)


def _telegram(session: Session, made: Outside, debtor: Debtor, now: datetime) -> None:
    """A conversation with whoever opened a link, in a language that Telegram tells, of which a reply did not arrive."""
    talk = ConversationId(open_conversation(session, channel="telegram", address="7", now=now).id)
    made.conversations.append(talk)
    session.add(Verification(conversation_id=talk, debtor_id=debtor.id, level=Level.IDENTIFIED, method="link",
                             verified_at=now, last_used_at=now))
    pass_on(session, conversation_id=talk, words=made.text("undelivered"), staff_name="Ana", now=now)
    typed = made.text("typed-last")
    turn, _ = receive(session, conversation_id=talk, provider_id="telegram:1", now=now, heard=Heard(
        raw=typed, shown=typed, masked=typed, terms={}, factors={}))
    turn.state = TurnState.DONE
    for item in session.scalars(select(OutboxItem).where(OutboxItem.conversation_id == talk)):
        item.state, item.error = "failed", made.text("delivery-error")
    session.get_one(Conversation, talk).locale = made.text("locale")


class Read(HTMLParser):
    """A page as a parser reads it: texts and values of attributes, and whatever no page of ours has."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.odd: list[str] = []
        self.feed(page)
        self.close()

    def handle_data(self, data: str) -> None:
        """Words between elements."""
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element: those that run or load something, and where they point."""
        given = {name: value or "" for name, value in attrs}
        self.words += given.values()
        script = tag == "script" and not given.get("src")
        points = [given[name] for name in ("src", "href", "action", "formaction", "hx-get", "hx-post") if name in given]
        if (script or tag in ("iframe", "base", "object", "embed", "svg", "style") or "data-xss" in given
                or "http-equiv" in given or any(name.startswith(("on", "hx-on", "style")) for name in given)
                or not all(point.startswith(("/", "#", "http://127.0.0.1")) and "//" not in point[:2]
                           for point in points)):
            self.odd.append(self.get_starttag_text() or tag)

    def shows(self, places: set[str]) -> set[str]:
        """The places whose text stands here as text. References are kept in capitals."""
        text = "\n".join(self.words).casefold()
        return {place for place in places if f"@{place}{_BREAKS}<script>xss" in text}
