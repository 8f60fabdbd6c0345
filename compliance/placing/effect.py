"""What every placing shares: whom it touches, its holds, its ticket, and what the text needs to know."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from compliance import holds
from compliance.operator import operator
from compliance.profile import Profile, profile, profile_of
from compliance.standing import who
from conversations.duty import someone_on_duty
from conversations.models import Conversation, Ticket
from conversations.tickets import open_ticket
from ledger.holds import active_holds
from ledger.kinds import DebtStatus, HoldReason
from ledger.models import Creditor, Debt, Debtor, Hold
from ledger.policy import policy_for
from runtime.ids import ConversationId, DebtId, DebtorId

SAME_MATTER = timedelta(hours=24)
"""A matter raised again within this time is added to the open ticket instead of opening another."""


@dataclass(frozen=True)
class Placed:
    """What came of it. ``number`` is the ticket's; ``staffed``: somebody is there to look at it now."""

    number: str
    staffed: bool = False


@dataclass(frozen=True)
class PlacedUntil(Placed):
    """With a hold that has a last day."""

    until: date = date.max
    days: int = 0


@dataclass(frozen=True)
class Effect:
    """One legal effect on its way: who said what in which conversation, and of whom.

    ``debtor_id`` is the verified debtor, else the one a sent link identifies, else None: then the effect can only
    touch the conversation, and staff have to match it.
    """

    session: Session
    key: str
    conversation_id: ConversationId
    debtor_id: DebtorId | None
    verified: bool
    now: datetime
    today: date

    @property
    def actor(self) -> str:
        """Who stands behind it, as the ledger records it."""
        return "debtor" if self.verified else "unverified"

    @property
    def conversation(self) -> Conversation:
        """The conversation."""
        return self.session.get_one(Conversation, self.conversation_id)

    @property
    def profile(self) -> Profile:
        """The rules where the debtor lives."""
        debtor = self.session.get(Debtor, self.debtor_id) if self.debtor_id is not None else None
        return profile_of(debtor) if debtor else profile(self.conversation.locale[-2:])

    def hold(self, reason: HoldReason, *, debt_id: DebtId | None = None, until: date | None = None,
             cause: str = "") -> Hold | None:
        """Place a hold on one debt or everything of the debtor; None when it is not known whose.

        One in force that lasts as long is enough: saying the same again adds nothing.
        """
        if self.debtor_id is None:
            return None
        for standing in active_holds(self.session, debtor_id=self.debtor_id, now=self.now):
            as_long = standing.until is None or (until is not None and standing.until >= until)
            if standing.reason == reason and standing.debt_id == debt_id and as_long:
                return standing
        scope = f":{debt_id}" if debt_id is not None else ""
        return holds.place(
            self.session, key=f"{self.key}:{reason}{scope}", debtor_id=self.debtor_id, debt_id=debt_id, reason=reason,
            now=self.now, until=until, actor=self.actor, cause=cause or f"conversation {self.conversation_id}")

    def ticket(self, kind: str, summary: str, *, urgent: bool = False, always_new: bool = False) -> Ticket:
        """Open a ticket, or add to the one about the same matter in this conversation that is still open."""
        if found := self.session.scalar(select(Ticket).where(Ticket.key == f"{self.key}:{kind}")):
            return self._claimed(found)
        whose = "" if self.verified else " Not verified: please match it to a debtor before anything else."
        if not always_new and (standing := self._open_ticket(kind)):
            note(standing, summary, self.now)
            return self._claimed(standing)
        return open_ticket(
            self.session, key=f"{self.key}:{kind}", conversation_id=self.conversation_id, debtor_id=self.debtor_id,
            kind=kind, urgent=urgent, summary=summary + whose, now=self.now)

    def _open_ticket(self, kind: str) -> Ticket | None:
        return self.session.scalar(
            select(Ticket).where(
                Ticket.conversation_id == self.conversation_id, Ticket.kind == kind, Ticket.state == "open",
                or_(Ticket.debtor_id.is_(None), Ticket.debtor_id == self.debtor_id),
                Ticket.opened_at > self.now - SAME_MATTER)
            .order_by(Ticket.id.desc()).limit(1))

    def _claimed(self, ticket: Ticket) -> Ticket:
        """The ticket, matched to the debtor if that was not known when it was opened."""
        if ticket.debtor_id is None and self.debtor_id is not None:
            ticket.debtor_id = self.debtor_id
            if self.verified:
                note(ticket, "Verified since.", self.now)
        return ticket

    def placed(self, ticket: Ticket) -> Placed:
        """The outcome, without a hold's end."""
        return Placed(ticket.number, staffed(self.session, now=self.now))

    def placed_until(self, ticket: Ticket, until: date) -> PlacedUntil:
        """The outcome, with the hold's last day."""
        return PlacedUntil(ticket.number, staffed(self.session, now=self.now), until, (until - self.today).days)


def effect(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None, now: datetime,
           today: date) -> Effect:
    """An effect of what was said in a conversation. ``debtor_id`` is the verified debtor or None."""
    identified = None if debtor_id is not None else who(session, conversation_id, now=now).identified
    return Effect(session, key, conversation_id, debtor_id if debtor_id is not None else identified,
                  debtor_id is not None, now, today)


def staffed(session: Session, *, now: datetime) -> bool:
    """Whether a debtor may be told that a colleague is there now: within office hours, and somebody is active."""
    return operator().open_at(now) and someone_on_duty(session, now=now)


def note(ticket: Ticket, words: str, now: datetime) -> None:
    """Add ``words`` to a ticket, once."""
    if words and words not in ticket.summary:
        ticket.summary = f"{ticket.summary}\n[{now:%Y-%m-%d %H:%M} UTC] {words}"


def last_day(session: Session, *, debtor_id: DebtorId | None, reason: HoldReason, today: date) -> date:
    """The last day of a hold: the longest that the profile or any creditor's policy gives, never without an end.

    Reasons that end only when staff lift them count as a year here; callers use this where a date is told.
    """
    debtor = session.get(Debtor, debtor_id) if debtor_id is not None else None
    ends = [profile_of(debtor).hold_until(reason, today)]
    if debtor_id is not None:
        creditors = session.scalars(
            select(Creditor).join(Debt, Debt.creditor_id == Creditor.id)
            .where(Debt.debtor_id == debtor_id, Debt.status == DebtStatus.OPEN).distinct())
        ends += [policy_for(creditor).hold_until(reason, today) for creditor in creditors]
    return max((end for end in ends if end is not None), default=today + timedelta(days=365))
