"""A whole talk without the engine: what a debtor types or presses, and what the action answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

import actions.catalogue  # noqa: F401  # declares every action
from actions.running import run
from bot.hearing import hear
from compliance.models import Level, Verification
from conversations.models import Conversation, Turn, TurnState
from conversations.open import open_conversation
from ledger.models import Creditor, Debtor
from ledger.money import Money
from ledger.opening import open_debt
from runtime.clock import Clock
from runtime.database import Database
from runtime.ids import DebtorId


@dataclass
class Talk:
    """One debtor's conversation. ``says`` are the names of the texts last answered, ``last`` all of the answer."""

    database: Database
    now: datetime
    conversation_id: str
    debtor_id: DebtorId
    last: list[dict[str, Any]] = field(default_factory=list)
    turns: int = 0

    def type(self, action: str, text: str) -> list[str]:
        """The debtor types ``text`` and the engine calls ``action``."""
        with self.database.write() as session:
            conversation = session.get_one(Conversation, self.conversation_id)
            heard = hear(text, conversation, today=self.now.date())
            turn = self._turn(session, raw=heard.raw, masked=heard.masked, terms=heard.terms, factors=heard.factors)
        return self._run(action, turn)

    def press(self, title: str) -> list[str]:
        """The debtor presses the button ``title`` of the last answer; what its intent leads to is up to the caller."""
        found = next(b for say in reversed(self.last) for b in say["buttons"] if b["title"] == title)
        with self.database.write() as session:
            turn = self._turn(session, raw=title, masked=title, terms={}, factors={}, button_id="pressed",
                              choice=found["choice"])
        return self._run(BY_INTENT[found["intent"]], turn)

    def _turn(self, session: Session, **values: Any) -> int:
        self.turns += 1
        turn = Turn(conversation_id=self.conversation_id, provider_id=f"test:{self.conversation_id}:{self.turns}",
                    state=TurnState.HANDLING, received_at=self.now, **values)
        session.add(turn)
        session.flush()
        return turn.id

    def _run(self, action: str, turn: int) -> list[str]:
        self.last = run(self.database, Clock(source=lambda: self.now), action=action, turn_id=turn)
        return [say["say"] for say in self.last]

    @property
    def values(self) -> Mapping[str, Any]:
        """The values of the last text."""
        return dict(self.last[-1]["values"])

    @property
    def titles(self) -> Sequence[str]:
        """The buttons of the last answer."""
        return [b["title"] for say in self.last for b in say["buttons"]]

    @property
    def asked(self) -> str | None:
        """The question that is open."""
        with self.database.read() as session:
            question = session.get_one(Conversation, self.conversation_id).open_question
        return (question or {}).get("name")


BY_INTENT = {"pay_now": "action_pay", "request_payment_plan": "action_plan", "confirm_plan": "action_confirm_plan",
             "promise_to_pay": "action_promise", "affirm": "action_yes", "ask_debt_details": "action_debt_details"}


@pytest.fixture
def talk(db: Database, now: datetime) -> Talk:
    """A verified debtor with gas for £312.00, and a coat for £128.70 and a kettle for £45.50 at another creditor."""
    with db.write() as session:
        debtor = Debtor(ref="T-1", first_name="Maya", last_name="Okafor", date_of_birth="1991-03-14",
                        postcode="LS6 2QB", country="GB", region="England", timezone="Europe/London", vulnerable=False,
                        created_at=now)
        gas = Creditor(ref="GAS", name="Northern Gas", country="GB", currency="GBP", policy="uk-standard",
                       own_collector=False)
        parcel = Creditor(ref="PC", name="Parcel & Co", country="GB", currency="GBP", policy="uk-standard",
                          own_collector=False)
        session.add_all([debtor, gas, parcel])
        session.flush()
        debtor_id = DebtorId(debtor.id)
        for number, (creditor, amount, what) in enumerate(
                ((gas, "312.00", "Gas to March"), (parcel, "128.70", "Winter coat"), (parcel, "45.50", "Kettle"))):
            opened_on = now.date() - timedelta(days=300 - number)
            open_debt(session, key=f"d{number}", ref=f"T-1-{number}", debtor_id=debtor_id, creditor_id=creditor.id,
                      kind="energy", description=what, opened_on=opened_on, effective_on=opened_on, now=now,
                      actor="test", principal=Money.from_decimal(Decimal(amount), "GBP"))
        conversation = open_conversation(session, channel="web", now=now)
        session.add(Verification(conversation_id=conversation.id, debtor_id=debtor_id, level=Level.VERIFIED,
                                 method="link", verified_at=now, last_used_at=now))
        return Talk(db, now, conversation.id, debtor_id)
