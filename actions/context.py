"""What an action has to go by: the turn, the conversation, who is verified, and the time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from compliance.asking import balance_of
from compliance.identity_rules import identity_rules
from compliance.operator import Operator, operator
from compliance.preferences import contact_stopped
from compliance.profile import Profile, profile, profile_of
from compliance.standing import Standing, who
from conversations.models import Conversation, Turn
from conversations.open import ask
from ledger.balances import DebtorBalance
from ledger.models import Debtor
from ledger.money import Money
from ledger.schedule import Frequency
from runtime.ids import ConversationId, DebtorId, TurnId

ACTOR = "debtor"
"""Who stands behind what a debtor does through the bot, as the ledger records it."""


@dataclass
class Context:
    """One action's view of one turn, within one transaction."""

    session: Session
    action: str
    turn: Turn
    conversation: Conversation
    standing: Standing
    now: datetime
    ranking: Sequence[Mapping[str, Any]] = ()
    kept: Debtor | None = None
    tried: object = None
    """What came of comparing this turn's identity factors; None when they were not compared yet."""

    @property
    def key(self) -> str:
        """The idempotency key of what this action causes."""
        return f"{self.turn.id}:{self.action}"

    @property
    def conversation_id(self) -> ConversationId:
        """The conversation."""
        return ConversationId(self.conversation.id)

    @property
    def turn_id(self) -> TurnId:
        """The turn."""
        return TurnId(self.turn.id)

    @property
    def verified(self) -> DebtorId:
        """Who is verified. Only actions that need identity may ask."""
        if self.standing.verified is None:
            raise RuntimeError(f"{self.action} asked who is verified, and nobody is")
        return self.standing.verified

    @property
    def fresh(self) -> bool:
        """Whether identity was proved so lately that a sensitive act may follow."""
        return self.standing.fresh(self.now)

    @property
    def must_prove(self) -> bool:
        """Whether the open question is who it is, of somebody who is not verified or not lately enough."""
        if self.standing.verified is None:
            return self.question == "identity"
        return self.question == "identity" and bool(self.question_data.get("again")) and not self.fresh

    @property
    def needed(self) -> list[str]:
        """What everybody is asked for to show who they are, by the names that the texts know."""
        return identity_rules().needed()

    @property
    def debtor(self) -> Debtor:
        """The verified debtor, read once: a session forgets what nobody holds."""
        if self.kept is None or self.kept.id != self.verified:
            self.kept = self.session.get_one(Debtor, self.verified)
        return self.kept

    @property
    def today(self) -> date:
        """Today where the debtor lives; where the office is when that is not known."""
        zone = self.debtor.timezone if self.standing.verified else None
        return self.now.astimezone(self.operator.zone if zone is None else ZoneInfo(zone)).date()

    @property
    def operator(self) -> Operator:
        """The operator."""
        return operator()

    @property
    def profile(self) -> Profile:
        """The rules in force for this debtor."""
        return profile_of(self.debtor) if self.standing.verified else profile(self.conversation.locale[-2:])

    @property
    def contact_stopped(self) -> bool:
        """Whether the debtor asked to be left alone here: questions are answered, and no payment is invited."""
        return contact_stopped(self.session, self.standing.verified, self.conversation_id, self.conversation.channel)

    @property
    def balance(self) -> DebtorBalance:
        """What the verified debtor owes now, and what of it the law lets us ask for."""
        return balance_of(self.session, self.verified, now=self.now)

    # What the message said ---------------------------------------------------------------------------------

    def amounts(self, currency: str) -> list[Money]:
        """The amounts of the message, in ``currency`` where none was named."""
        found = [Money.from_json(a) for a in self.turn.terms.get("amounts", [])]
        return [a if a.currency == currency else Money(a.minor, currency) for a in found]

    @property
    def dates(self) -> list[date]:
        """The dates of the message."""
        return [date.fromisoformat(d) for d in self.turn.terms.get("dates", [])]

    @property
    def frequency(self) -> Frequency | None:
        """The rhythm of the message ("a fortnight")."""
        found = self.turn.terms.get("frequency")
        return Frequency.from_json(found) if found else None

    @property
    def choice(self) -> Mapping[str, Any]:
        """What the pressed button stands for; empty when none was pressed."""
        return self.turn.choice or {}

    @property
    def words(self) -> str:
        """What was typed, in lower case, for matching names of creditors and the like."""
        return self.turn.raw.casefold()

    # The open question -------------------------------------------------------------------------------------

    @property
    def question(self) -> str | None:
        """The name of the question that is open."""
        return (self.conversation.open_question or {}).get("name")

    @property
    def question_data(self) -> dict[str, Any]:
        """What belongs to the open question."""
        return dict((self.conversation.open_question or {}).get("data") or {})

    def ask(self, name: str, **data: object) -> None:
        """Leave a question open, so that a bare answer has a meaning."""
        ask(self.session, conversation_id=self.conversation_id, name=name, data=data)

    def close(self) -> None:
        """Close the open question."""
        ask(self.session, conversation_id=self.conversation_id, name=None, data={})


def context(session: Session, *, action: str, turn: Turn, now: datetime,
            ranking: Sequence[Mapping[str, Any]] = ()) -> Context:
    """The context of ``action`` in ``turn``."""
    conversation = session.get_one(Conversation, turn.conversation_id)
    standing = who(session, ConversationId(conversation.id), now=now)
    return Context(session, action, turn, conversation, standing, now, ranking)
