"""A desk without engine and gateway: what a debtor types or presses is received, acted on and answered as there."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

import actions.catalogue  # noqa: F401  # declares every action
from actions.running import run
from bot.greeting import greet
from bot.hearing import hear
from compliance.models import Level, Verification
from compliance.standing import touch
from conversations.buttons import consume
from conversations.models import Button, Conversation, Message, Turn, TurnState
from conversations.open import open_conversation
from conversations.say import Say, pass_on, say
from conversations.turns import Heard, receive
from ledger.models import Debtor
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId, TurnId

BY_INTENT = {
    "ask_balance": "action_balance", "ask_debt_details": "action_debt_details", "pay_now": "action_pay",
    "request_payment_plan": "action_plan", "confirm_plan": "action_confirm_plan", "cannot_pay": "action_cannot_pay",
    "promise_to_pay": "action_promise", "request_human": "action_human", "ask_plan_status": "action_plan_status",
    "change_payment_plan": "action_change_plan", "confirm_cancel_plan": "action_confirm_cancel_plan",
    "dispute_debt": "action_dispute", "ask_who_are_you": "action_who_are_you", "report_fraud": "action_fraud",
    "ask_debt_advice": "action_debt_advice", "for_themselves": "action_for_themselves",
}
YES = {"hold": "action_hardship_hold", "promise": "action_promise_yes", "note": "action_vulnerability_note"}


@dataclass
class Desk:
    """One database and its time; each conversation is a ``Talk``."""

    db: Database
    now: datetime
    count: int = 0

    def talk(self, debtor: Debtor | None = None, *, channel: str = "web", locale: str = "en-GB",
             language: str = "en", method: str = "factors", greeted: bool = True) -> "Talk":
        """A conversation, verified for ``debtor`` by now."""
        with self.db.write() as session:
            made = open_conversation(session, channel=channel, now=self.now, locale=locale, language=language)
            if debtor is not None:
                made.locale = f"{language}-{debtor.country}"
                session.add(Verification(conversation_id=made.id, debtor_id=debtor.id, level=Level.VERIFIED,
                                         method=method, verified_at=self.now, last_used_at=self.now))
                session.flush()
            if greeted:
                greet(session, conversation_id=ConversationId(made.id), link=None, now=self.now)
        return Talk(self, ConversationId(made.id))

    def person(self, ref: str) -> Debtor:
        """Somebody of the portfolio."""
        with self.db.read() as session:
            return session.scalars(select(Debtor).where(Debtor.ref == ref)).one()


@dataclass
class Talk:
    """One conversation."""

    desk: Desk
    id: ConversationId
    last: list[dict[str, Any]] = field(default_factory=list)

    def type(self, action: str, words: str) -> list[str]:
        """The debtor types ``words`` and the engine calls ``action``; the names of what is answered."""
        with self.desk.db.write() as session:
            conversation = session.get_one(Conversation, self.id)
            heard = hear(words, conversation, today=self.desk.now.date())
        return self._turn(action, heard)

    def press(self, title: str) -> list[str]:
        """The debtor presses the newest button whose title begins so."""
        with self.desk.db.read() as session:
            button = session.scalars(
                select(Button).where(Button.conversation_id == self.id, Button.title.startswith(title))
                .order_by(Button.message_id.desc()).limit(1)).one()
        choice = dict(button.choice or {})
        action = next((YES[key] for key in YES if key in choice and button.intent == "affirm"),
                      BY_INTENT.get(button.intent, "action_no"))
        return self._turn(action, Heard(raw=button.title, shown=button.title, masked=button.title, terms={}, factors={},
                                        button_id=button.id, choice=choice), button)

    def buttons(self) -> list[str]:
        """Titles of the buttons of the last message that has some."""
        with self.desk.db.read() as session:
            last = select(func.max(Button.message_id)).where(Button.conversation_id == self.id).scalar_subquery()
            return list(session.scalars(select(Button.title).where(Button.message_id == last).order_by(Button.title)))

    def _turn(self, action: str, heard: Heard, button: Button | None = None) -> list[str]:
        desk = self.desk
        desk.count += 1
        desk.now += timedelta(seconds=20)
        with desk.db.write() as session:
            turn, _ = receive(session, conversation_id=self.id, provider_id=f"test:{desk.count}", heard=heard,
                              now=desk.now)
            turn.state = TurnState.HANDLING
            touch(session, conversation_id=self.id, now=desk.now)
            if button is not None:
                consume(session, button=session.get_one(Button, button.id), turn_id=TurnId(turn.id))
            number = turn.id
        self.last = run(desk.db, Clock(source=lambda: desk.now), action=action, turn_id=number)
        desk.now += timedelta(seconds=1)
        with desk.db.write() as session:
            stored = session.get_one(Turn, number)
            stored.state, stored.actions, stored.done_at, stored.intent = TurnState.DONE, [action], desk.now, "scripted"
            for one in self.last:
                say(session, conversation_id=self.id, text=Say.from_json(one), turn_id=TurnId(number), now=desk.now,
                    seed=str(number))
        return [one["say"] for one in self.last]

    def staff(self, words: str) -> Message:
        """A colleague writes."""
        with self.desk.db.write() as session:
            return pass_on(session, conversation_id=self.id, words=words, staff_name="Sam", now=self.desk.now)

    def pass_time(self, **time: int) -> None:
        """Time goes by, for everybody."""
        self.desk.now += timedelta(**time)


def debtor_id(debtor: Debtor) -> DebtorId:
    """The id, typed."""
    return DebtorId(debtor.id)
