"""An action asked twice, or by two at once, answers the same and does it once; every action answers everybody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import func, select

import actions.catalogue  # noqa: F401  # declares every action
from actions.context import context
from actions.registry import ACTIONS
from actions.running import NoOpenTurn, answer, run
from conversations.models import Conversation, Ticket, Turn, TurnState
from conversations.say import Say, say
from ledger.balances import balance_of
from ledger.holds import active_holds
from ledger.models import Creditor, Debtor, Hold, Plan
from ledger.offers import offers
from ledger.policy import policy_for
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId
from tests.actions.conftest import Says, people

ONE_DEBT = "DD-1002"
TERMS: tuple[dict[str, Any], ...] = (
    {}, {"amounts": [{"minor": 5000, "currency": "GBP"}], "dates": ["2026-03-20"]},
    {"amounts": [{"minor": 1, "currency": "GBP"}], "frequency": {"every": 2, "unit": "week"}},
    {"amounts": [{"minor": 10**11, "currency": "USD"}], "dates": ["1999-01-01", "2099-12-31"]},
    {"amounts": [{"minor": 0, "currency": "GBP"}], "frequency": {"every": 1, "unit": "month"}, "unsure": True})
"""What messages may have said: nothing, something sensible, far too little, far too much, nothing of it."""
ON_ONE = pytest.mark.parametrize("db", ["sqlite"], indirect=True)
"""What goes through hundreds of answers does so once."""


def clock(now: datetime) -> Clock:
    return Clock(source=lambda: now)


def person(db: Database, ref: str = ONE_DEBT) -> DebtorId:
    with db.read() as session:
        return DebtorId(session.scalars(select(Debtor.id).where(Debtor.ref == ref)).one())


def binding(db: Database, debtor: DebtorId, today: date, now: datetime) -> dict[str, Any]:
    """What the button under a plan's schedule stands for."""
    with db.read() as session:
        lines = [line for line in balance_of(session, debtor, now=now).lines if line.payable]
        creditor = session.get_one(Creditor, lines[0].creditor_id)
        lines = [line for line in lines if line.creditor_id == creditor.id]
        owed = sum((line.balance for line in lines[1:]), lines[0].balance)
        offer = offers(policy_for(creditor), owed, today=today)[0]
    return {"creditor": int(creditor.id), "offer": offer.json(), "debts": [int(line.debt_id) for line in lines]}


def test_asked_twice_it_answers_the_same(demo: Database, says: Says, now: datetime) -> None:
    debtor = person(demo)
    for action, words in (("action_balance", "what do i owe"), ("action_plan", "spread it"),
                          ("action_human", "a person"), ("action_dispute", "this is not mine"),
                          ("action_self_harm", "i want to die"), ("action_misunderstood", "blah")):
        turn = says(words, verified=debtor)
        first = run(demo, clock(now), action=action, turn_id=turn.id)
        with demo.read() as session:
            before = [session.scalar(select(func.count()).select_from(table)) for table in (Ticket, Hold, Plan)]
            held = len(active_holds(session, debtor_id=debtor, now=now))
        assert run(demo, clock(now), action=action, turn_id=turn.id) == first
        with demo.read() as session:
            after = [session.scalar(select(func.count()).select_from(table)) for table in (Ticket, Hold, Plan)]
            assert len(active_holds(session, debtor_id=debtor, now=now)) == held
        assert after == before, action


def test_asked_by_many_at_once_a_plan_is_made_once(demo: Database, says: Says, now: datetime) -> None:
    debtor = person(demo)
    turn = says("Yes, set it up", verified=debtor, choice=binding(demo, debtor, now.date(), now))
    callers = 5
    ready = Barrier(callers)

    def call(_number: int) -> list[dict[str, Any]]:
        ready.wait()
        return run(demo, clock(now), action="action_confirm_plan", turn_id=turn.id)

    with ThreadPoolExecutor(callers) as pool:
        answers = list(pool.map(call, range(callers)))
    assert [one["say"] for one in answers[0]][-1] == "plan_made"
    assert all(one == answers[0] for one in answers)
    with demo.read() as session:
        assert session.scalar(select(func.count()).select_from(Plan).where(Plan.debtor_id == debtor)) == 1


@pytest.mark.parametrize("action", ["action_human", "action_dispute", "action_self_harm"])
def test_asked_by_many_at_once_a_ticket_is_opened_once(
    demo: Database, says: Says, now: datetime, action: str
) -> None:
    turn = says("this is not mine", verified=person(demo))
    callers = 5
    ready = Barrier(callers)

    def call(_number: int) -> list[dict[str, Any]]:
        ready.wait()
        return run(demo, clock(now), action=action, turn_id=turn.id)

    with ThreadPoolExecutor(callers) as pool:
        answers = list(pool.map(call, range(callers)))
    assert all(one == answers[0] for one in answers)
    with demo.read() as session:
        kinds = session.scalars(select(Ticket.kind)).all()
    assert kinds
    assert len(kinds) == len(set(kinds))


def test_two_turns_that_bind_the_same_debt_make_one_plan(demo: Database, says: Says, now: datetime) -> None:
    debtor = person(demo)
    bound = binding(demo, debtor, now.date(), now)
    turns = [says("Yes, set it up", verified=debtor, choice=bound) for _ in range(4)]
    ready = Barrier(len(turns))

    def call(turn: Turn) -> str:
        ready.wait()
        return str(run(demo, clock(now), action="action_confirm_plan", turn_id=turn.id)[-1]["say"])

    with ThreadPoolExecutor(len(turns)) as pool:
        answers = sorted(pool.map(call, turns))
    assert answers.count("plan_made") == 1
    with demo.read() as session:
        assert session.scalar(select(func.count()).select_from(Plan).where(Plan.debtor_id == debtor)) == 1


def test_only_for_a_turn_that_is_being_answered(demo: Database, says: Says, now: datetime) -> None:
    turn = says("what do i owe", verified=person(demo))
    for state in (TurnState.RECEIVED, TurnState.DONE, TurnState.DISCARDED, TurnState.FAILED):
        with demo.write() as session:
            session.get_one(Turn, turn.id).state = state
        with pytest.raises(NoOpenTurn):
            run(demo, clock(now), action="action_balance", turn_id=turn.id)
    with pytest.raises(NoOpenTurn):
        run(demo, clock(now), action="action_balance", turn_id=10**9)


def test_an_action_that_fails_leaves_nothing(
    demo: Database, says: Says, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    turn = says("this is not mine", verified=person(demo))
    with monkeypatch.context() as patched:
        patched.setattr("actions.running.disclosures.before", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            run(demo, clock(now), action="action_dispute", turn_id=turn.id)
    with demo.read() as session:
        assert session.get_one(Turn, turn.id).answers is None
        assert session.scalar(select(func.count()).select_from(Ticket)) == 0
    assert run(demo, clock(now), action="action_dispute", turn_id=turn.id)


class Undone(Exception):
    """Takes a transaction back."""


def spoken(db: Database, turn: Turn, action: str, now: datetime) -> list[str]:
    """What an action says to a turn, as the debtor reads it; nothing of it stays."""
    said: list[str] = []
    try:
        with db.write() as session:
            stored = session.get_one(Turn, turn.id)
            ctx = context(session, action=action, turn=stored, now=now)
            for one in [Say.from_json(one.json()) for one in answer(ctx, action)]:
                message = say(session, conversation_id=ConversationId(stored.conversation_id), text=one, now=now)
                said.append(f"{message.text} {message.card or ''} {message.buttons}")
            raise Undone
    except Undone:
        return said


@ON_ONE
def test_every_action_answers_everybody_in_words(demo: Database, says: Says, now: datetime) -> None:
    everyone = people(demo)
    assert len(everyone) > 2 * len(TERMS)
    for number, debtor in enumerate(everyone):
        turn = says("no, 20 a week from friday", verified=DebtorId(debtor.id), terms=TERMS[number % len(TERMS)],
                    locale="en-US" if debtor.country == "US" else "en-GB")
        for action in sorted(ACTIONS)[number % 3::3]:  # each is answered to some of them, with terms of every kind
            said = spoken(demo, turn, action, now)
            assert said, (action, debtor.ref)
            assert not [words for words in said if "{{" in words or "{%" in words or "None" in words], (action, said)


@ON_ONE
def test_nobody_who_is_not_verified_hears_of_a_debt(demo: Database, says: Says, now: datetime) -> None:
    with demo.read() as session:
        creditors = set(session.scalars(select(Creditor.name)))
    for words in ("what do i owe", ONE_DEBT, '{"debtor_id": 1}'):
        turn = says(words, choice={"debt": 1, "creditor": 1, "amount": 100})
        for action in ACTIONS:
            said = " ".join(spoken(demo, turn, action, now))
            assert said, action
            assert not [sign for sign in ("£", "$", *creditors) if sign in said], (action, said)


def test_buttons_that_stand_for_somebody_elses_debt_do_nothing(demo: Database, says: Says, now: datetime) -> None:
    debtor = person(demo)
    other = next(one for one in people(demo) if one.id != debtor)
    foreign = binding(demo, DebtorId(other.id), now.date(), now)
    turn = says("yes", verified=debtor, choice=foreign | {"debt": foreign["debts"][0], "amount": 100, "plan": 1})
    for action in ("action_confirm_plan", "action_pay", "action_dispute", "action_debt_details",
                   "action_confirm_cancel_plan"):
        said = " ".join(spoken(demo, turn, action, now))
        assert said
        with demo.read() as session:
            name = session.get_one(Creditor, foreign["creditor"]).name
            own = {line.creditor for line in balance_of(session, debtor, now=now).lines}
        assert name in own or name not in said, (action, said)
    with demo.read() as session:
        assert session.get_one(Conversation, turn.conversation_id).open_question is None
