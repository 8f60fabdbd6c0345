"""What the desk itself says, by its own actions and texts, keeps the rules: people of the demo portfolio, audited."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy.orm import Session

from actions.registry import ACTIONS
from audit.rule import Finding
from audit.running import audit
from audit.scope import Scope
from cli.demo import load
from conversations.models import Message
from tests.audit.desk import Desk, Talk
from tests.conftest import Make

NOW = datetime(2026, 3, 3, 16, 0, tzinfo=timezone.utc)

MONEY = (
    ("action_balance", "what do i owe"),
    ("action_debt_details", "what is it for"),
    ("action_interest_fees", "is there interest"),
    ("action_payment_history", "what have i paid"),
    ("action_next_payment", "when is my next payment"),
    ("action_plan", "can i pay 15 a month"),
    ("action_plan", "30 a month then"),
    ("action_plan_status", "how is my plan"),
    ("action_promise", "i'll pay 20 on friday"),
    ("action_promise_yes", "yes"),
    ("action_pay", "i want to pay 20 now"),
    ("action_missed_payment", "i missed one, sorry"),
    ("action_settlement", "would you take half"),
    ("action_statement", "send me a statement"),
    ("action_consequences", "what happens if i don't pay"),
    ("action_payment_methods", "how can i pay"),
    ("action_balance", "what do i owe"),
)
RIGHTS = (
    ("action_who_are_you", "are you a bot? is this a scam"),
    ("action_cannot_pay", "i lost my job"),
    ("action_hardship_hold", "yes"),
    ("action_balance", "what do i owe"),
    ("action_already_paid", "i paid that"),
    ("action_complaint", "i want to make a complaint"),
    ("action_breathing_space", "i need a breathing space"),
    ("action_breathing_space", "can you end the hold"),
    ("action_debt_advice", "who can help me"),
    ("action_vulnerability", "i'm bipolar and in a bad patch"),
    ("action_vulnerability_note", "yes"),
    ("action_privacy", "what do you know about me"),
    ("action_validation", "prove it"),
    ("action_dispute", "this isn't my debt"),
    ("action_balance", "what do i owe now"),
    ("action_pay", "pay all of it"),
    ("action_stop_contact", "stop texting me"),
    ("action_balance", "and what do i owe"),
    ("action_human", "get me a person"),
)
ENDS = (
    (
        ("action_bankruptcy", "i am bankrupt"),
        ("action_pay", "can i pay"),
        ("action_promise_no", "no"),
        ("action_balance", "what do i owe"),
    ),
    (
        ("action_represented", "talk to my lawyer"),
        ("action_plan", "can i spread it"),
        ("action_balance", "what do i owe"),
    ),
    (("action_self_harm", "i want to kill myself"), ("action_balance", "what do i owe"), ("action_pay", "pay 20")),
    (("action_fraud", "someone used my name"), ("action_pay", "pay 20"), ("action_hardship_hold", "yes")),
    (("action_deceased", "he has died"), ("action_balance", "what did he owe")),
    (("action_wrong_person", "wrong number"), ("action_balance", "what do i owe")),
    (("action_third_party", "i'm writing for my mother"), ("action_balance", "what does she owe")),
)
PEOPLE = ("DD-1001", "DD-1002", "DD-1003", "DD-1004", "DD-1007", "DD-1008")


def hold(talk: Talk, lines: Sequence[tuple[str, str]]) -> None:
    for action, words in lines:
        talk.type(action, words)


@pytest.fixture
def desk(make_sqlite: Make, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk with the demo portfolio."""
    monkeypatch.setenv("DEBTDESK_DEMO", "true")
    db = make_sqlite()
    load(db, today=NOW.date())
    return Desk(db, NOW)


def test_talks_of_the_demo_keep_every_rule(desk: Desk) -> None:
    for place, ref in enumerate(PEOPLE):
        person = desk.person(ref)
        hold(desk.talk(person), (*MONEY, *ENDS[place % len(ENDS)]))
        hold(desk.talk(person), RIGHTS if place < 2 else ENDS[(place + 3) % len(ENDS)])
    hold(desk.talk(), (*MONEY[:6], *RIGHTS))
    with desk.db.read() as session:
        report = audit(session, Scope(now=desk.now + timedelta(hours=2)))
        assert [told(session, f) for f in report.findings] == []
    assert report.conversations == 13
    assert report.messages > 300


LATE = frozenset({
    "action_self_harm", "action_bankruptcy", "action_represented", "action_deceased", "action_wrong_person",
    "action_third_party", "action_stop_contact", "action_fraud",
})
"""What ends most talk: only in the second half."""
WORDS = dict(line for lines in (MONEY, RIGHTS, *ENDS) for line in lines)


@pytest.mark.parametrize("seed", [1])
def test_talks_in_any_order_keep_every_rule(desk: Desk, seed: int) -> None:
    draw = random.Random(seed)
    names = [name for name in ACTIONS if name not in ("action_identity", "action_send_code")]
    for number in range(6):
        talk = desk.talk(desk.person(f"DD-10{draw.randrange(1, 22):02}"))
        for place in range(24):
            action = draw.choice(names if place > 12 else [name for name in names if name not in LATE])
            if number % 2 and place and draw.random() < 0.4 and talk.buttons():
                talk.press(draw.choice(talk.buttons()))
            else:
                talk.type(action, WORDS.get(action, "ok then"))
    with desk.db.read() as session:
        report = audit(session, Scope(now=desk.now + timedelta(hours=2)))
        assert [told(session, f) for f in report.findings] == []


def told(session: Session, finding: Finding) -> tuple[object, ...]:
    """A finding with the text it is about, for whoever reads a failure."""
    found = (
        session.query(Message).filter_by(conversation_id=finding.conversation, event_id=finding.message).one_or_none()
    )
    return finding.rule, finding.subject, finding.reason, found and found.say, found and found.text[:120]
