"""The dialogues of ``tests/conversations``, held with the real desk.

Each file holds scenarios: ``given`` (the debtor, their ``debts``, what they ``paid`` and the ``plan`` they have),
``link`` (staff, sent, dead or none), and ``turns``. A turn is what the debtor types (``debtor``), presses (``press``
the newest button of that title, ``press_old`` the oldest) or pays (``pay``); ``reopen`` begins another conversation of
the same person with a link of that kind, ``wait`` lets minutes pass. With what must come of it:

``says``      names of the texts answered, in order; ``this|that`` is either
``text``      words the answer must contain; ``never`` words it must not
``buttons``   beginnings of button titles that must be there
``intent``    how the message was read
``rows``      rows of the card
``owed``      the balance afterwards, ``"486.20 GBP"``
``holds``     reasons of the holds in force, sorted
``ticket``    kind of the newest ticket of the conversation; ``noted`` words that its summary contains
``tickets``   how many tickets the conversation has
``asked``     name of the question that is open afterwards, or ``nothing``
``plan``      status, instalment and count of the newest plan
``promise``   amount, status and day (``in_days`` from today) of the newest promise
``verified``  whether somebody is verified afterwards
``stopped``   whether contact is stopped; ``vulnerable`` whether the flag is set
and what ``effects`` adds.
"""

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from compliance.standing import who
from conversations.models import Message, Ticket
from ledger.balances import balance_of
from ledger.holds import active_holds
from ledger.models import Debtor
from ledger.plans import plans_of
from ledger.promises import promises_of
from runtime.clock import ClockOffset
from tests.end_to_end.conftest import Desk
from tests.end_to_end.debtor import Chat, Person, make_person, personal_link
from tests.end_to_end.effects import EFFECTS
from tests.end_to_end.paying import pay

FOLDER = Path(__file__).parents[1] / "conversations"
SCENARIOS = sorted(FOLDER.glob("*.yml"))
CHECKS = {"says", "text", "never", "buttons", "no_buttons", "intent", "rows", "owed", "holds", "ticket", "noted",
          "tickets", "asked", "plan", "promise", "verified", "stopped", "vulnerable", *EFFECTS}
ACTS = {"debtor", "press", "press_old", "pay", "reopen", "wait"}


def test_there_are_scenarios() -> None:
    assert len(SCENARIOS) >= 4


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda p: p.stem)
def test_scenario(desk: Desk, path: Path) -> None:
    for number, scenario in enumerate(yaml.safe_load_all(path.read_text(encoding="utf-8"))):
        hold(desk, scenario, f"{path.stem}, scenario {number + 1}")


def hold(desk: Desk, scenario: dict[str, Any], name: str) -> None:
    person = make_person(desk, scenario.get("given") or {})
    locale = scenario.get("locale", "en-GB")
    chat = begin(desk, person, scenario.get("link", "staff"), locale)
    for number, turn in enumerate(scenario["turns"], start=1):
        at = f"{name} ({scenario.get('title', '')}), turn {number}: {turn}"
        unknown = set(turn) - CHECKS - ACTS
        assert not unknown, f"{at}: unknown {unknown}"
        if "debtor" in turn:
            chat.type(str(turn["debtor"]).format(**person.words))
        elif "press" in turn:
            chat.press(turn["press"])
        elif "press_old" in turn:
            chat.press(turn["press_old"], oldest=True)
        elif "reopen" in turn:
            chat = begin(desk, person, turn["reopen"], locale)
        elif "wait" in turn:
            pass_time(desk, minutes=int(turn["wait"]))
            continue
        else:
            before = sum(m.say == "payment_received" for m in chat.messages())
            pay(chat, card=str(turn["pay"]))
            chat.last = [chat.wait_for("payment_received", besides=before)]
        for check in [c for c in CHECKING if c in turn]:
            CHECKING[check](chat, person, turn[check], at)


def begin(desk: Desk, person: Person, kind: str, locale: str) -> Chat:
    """A conversation, opened with a personal link of that kind."""
    if kind == "dead":
        return Chat(desk, link="a-link-that-was-never-made", locale=locale, address=person.address)
    link = None if kind == "none" else personal_link(desk, person, sent=kind == "sent")
    return Chat(desk, link=link, locale=locale, address=person.address)


def pass_time(desk: Desk, *, minutes: int) -> None:
    """Move the clock of every process on."""
    with desk.database.write() as session:
        offset = session.scalar(select(ClockOffset))
        if offset is None:
            session.add(ClockOffset(id=1, seconds=60 * minutes))
        else:
            offset.seconds += 60 * minutes
    time.sleep(1.2)  # each clock reads its offset at most once a second


def spoken(chat: Chat) -> str:
    """All that was answered, cards included, as one text."""
    return "\n".join(_words(m) for m in chat.last)


def _words(message: Message) -> str:
    card = message.card or {}
    rows = " ".join(f"{r['label']} {r['value']}" for r in card.get("rows", ()))
    return f"{message.text} {card.get('title', '')} {rows}"


def _says(chat: Chat, _person: Person, wanted: Any, at: str) -> None:
    wanted = [wanted] if isinstance(wanted, str) else wanted
    found = [m.say for m in chat.last]
    turn = chat.last_turn()
    read = f"read as {turn.intent} {turn.confidence}, {turn.actions}"
    fits = len(found) == len(wanted) and all(f in w.split("|") for f, w in zip(found, wanted, strict=True) if f)
    assert fits, f"{at}\nsaid {found}: {spoken(chat)}\n{read}"


def _text(chat: Chat, _person: Person, wanted: Any, at: str) -> None:
    for words in [wanted] if isinstance(wanted, str) else wanted:
        assert str(words) in spoken(chat), f"{at}\n{words!r} is not in: {spoken(chat)}"


def _never(chat: Chat, _person: Person, wanted: Any, at: str) -> None:
    for words in [wanted] if isinstance(wanted, str) else wanted:
        assert str(words).lower() not in spoken(chat).lower(), f"{at}\n{words!r} is in: {spoken(chat)}"


def _buttons(chat: Chat, _person: Person, wanted: Any, at: str) -> None:
    titles = [b["title"] for m in chat.last for b in m.buttons]
    for title in [wanted] if isinstance(wanted, str) else wanted:
        assert any(t.startswith(title) for t in titles), f"{at}\nno button {title!r} among {titles}"


def _no_buttons(chat: Chat, _person: Person, wanted: Any, at: str) -> None:
    titles = [b["title"] for m in chat.last for b in m.buttons]
    for title in [wanted] if isinstance(wanted, str) else wanted:
        assert not any(t.startswith(title) for t in titles), f"{at}\nthere is a button {title!r} among {titles}"


def _intent(chat: Chat, _person: Person, wanted: str, at: str) -> None:
    turn = chat.last_turn()
    assert turn.intent == wanted, f"{at}\nread as {turn.intent} ({turn.confidence}), {turn.ranking}"


def _rows(chat: Chat, _person: Person, wanted: int, at: str) -> None:
    cards = [m.card for m in chat.last if m.card]
    assert cards, f"{at}\nno card"
    assert len(cards[-1]["rows"]) == wanted, f"{at}\n{cards[-1]['rows']}"


def _owed(chat: Chat, person: Person, wanted: str, at: str) -> None:
    with chat.desk.database.read() as session:
        found = balance_of(session, person.debtor_id, now=chat.desk.now)
    owed = " + ".join(f"{m.decimal} {m.currency}" for m in found.totals.values() if not m.is_zero) or "nothing"
    assert owed == wanted, f"{at}\nowed {owed}"


def _holds(chat: Chat, person: Person, wanted: list[str], at: str) -> None:
    with chat.desk.database.read() as session:
        found = sorted({str(h.reason) for h in active_holds(session, debtor_id=person.debtor_id, now=chat.desk.now)})
    assert found == sorted(wanted), f"{at}\nholds {found}"


def _ticket(chat: Chat, _person: Person, wanted: str, at: str) -> None:
    with chat.desk.database.read() as session:
        found = session.scalars(select(Ticket.kind).where(Ticket.conversation_id == chat.conversation_id)
                                .order_by(Ticket.id.desc())).all()
    assert found[:1] == [wanted], f"{at}\ntickets {found}"


def _noted(chat: Chat, _person: Person, wanted: Any, at: str) -> None:
    with chat.desk.database.read() as session:
        found = session.scalar(select(Ticket.summary).where(Ticket.conversation_id == chat.conversation_id)
                               .order_by(Ticket.id.desc()).limit(1))
    for words in [wanted] if isinstance(wanted, str) else wanted:
        assert words in (found or ""), f"{at}\nthe ticket says {found}"


def _tickets(chat: Chat, _person: Person, wanted: int, at: str) -> None:
    with chat.desk.database.read() as session:
        found = session.scalars(select(Ticket.kind).where(Ticket.conversation_id == chat.conversation_id)).all()
    assert len(found) == wanted, f"{at}\ntickets {found}"


def _asked(chat: Chat, _person: Person, wanted: str, at: str) -> None:
    found = (chat.conversation().open_question or {}).get("name", "nothing")
    assert found == wanted, f"{at}\nopen is {found}"


def _plan(chat: Chat, person: Person, wanted: Any, at: str) -> None:
    with chat.desk.database.read() as session:
        plans = plans_of(session, person.debtor_id, today=date.today())
    if wanted == "none":
        assert not plans, f"{at}\n{plans}"
        return
    assert plans, f"{at}\nno plan"
    found = {"status": str(plans[0].status), "instalment": str(plans[0].instalment.decimal), "count": plans[0].count,
             "total": str(plans[0].total.decimal)}
    assert {k: found[k] for k in wanted} == wanted, f"{at}\n{found}"


def _promise(chat: Chat, person: Person, wanted: Any, at: str) -> None:
    with chat.desk.database.read() as session:
        promises = promises_of(session, person.debtor_id)
    if wanted == "none":
        assert not promises, f"{at}\n{promises}"
        return
    assert promises, f"{at}\nno promise"
    found = {"amount": str(promises[0].amount.decimal), "status": str(promises[0].status),
             "in_days": (promises[0].due_on - promises[0].made_on).days}
    assert {k: found[k] for k in wanted} == wanted, f"{at}\n{found}"


def _verified(chat: Chat, person: Person, wanted: bool, at: str) -> None:
    with chat.desk.database.read() as session:
        found = who(session, chat.conversation_id, now=chat.desk.now).verified
    assert (found == person.debtor_id) is wanted, f"{at}\nverified {found}"


def _stopped(chat: Chat, _person: Person, wanted: bool, at: str) -> None:
    assert (chat.conversation().contact_stopped_at is not None) is wanted, at


def _vulnerable(chat: Chat, person: Person, wanted: bool, at: str) -> None:
    with chat.desk.database.read() as session:
        assert session.get_one(Debtor, person.debtor_id).vulnerable is wanted, at


CHECKING = {"says": _says, "text": _text, "never": _never, "buttons": _buttons, "no_buttons": _no_buttons,
            "intent": _intent, "rows": _rows, "owed": _owed, "holds": _holds, "ticket": _ticket, "noted": _noted,
            "tickets": _tickets, "asked": _asked, "plan": _plan, "promise": _promise, "verified": _verified,
            "stopped": _stopped, "vulnerable": _vulnerable, **EFFECTS}
