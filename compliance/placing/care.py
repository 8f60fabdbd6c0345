"""Care before money: self-harm, vulnerability, hardship, a payment being traced, an offer below the floor."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from compliance.evidence import record
from compliance.placing.effect import Placed, PlacedUntil, effect, last_day
from ledger.feed import tell_state
from ledger.holds import active_holds, authority_for
from ledger.kinds import Authority, HoldReason
from ledger.models import Debtor
from ledger.money import Money
from runtime.ids import ConversationId, DebtId, DebtorId


def self_harm(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
              now: datetime, today: date) -> Placed:
    """Risk of suicide or self-harm: collecting stops at once, staff are alerted each time (rule 35).

    The conversation is marked; money returns only when the debtor raises it, with a person.
    """
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    what.conversation.safeguarded_at = what.conversation.safeguarded_at or now
    what.hold(HoldReason.SELF_HARM)
    return what.placed(what.ticket("self_harm", "Possible risk of self-harm. Read the conversation now.", urgent=True,
                                   always_new=True))


def perhaps_self_harm(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                      now: datetime, today: date) -> Placed:
    """A doubtful sign: staff read it at once and decide; nothing else changes."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    return what.placed(what.ticket("self_harm_doubt", "Perhaps a sign of self-harm; the reading is unsure. "
                                                      "Read the conversation now.", urgent=True))


def vulnerability(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                  now: datetime, today: date) -> PlacedUntil:
    """Reasonable suspicion of vulnerability: a pause, and trained staff are told. Nothing is noted yet (rule 28).

    The ticket does not repeat what was said about health: that stays in the conversation.
    """
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = last_day(session, debtor_id=what.debtor_id, reason=HoldReason.VULNERABILITY, today=today)
    what.hold(HoldReason.VULNERABILITY, until=until)
    ticket = what.ticket("vulnerability", "May need extra support. For somebody trained for it.")
    return what.placed_until(ticket, until)


def note_vulnerability(session: Session, *, key: str, debtor_id: DebtorId, now: datetime, actor: str = "debtor",
                       note: str | None = None) -> None:
    """With the debtor's yes: a flag, so that they need not explain again. The assistant keeps no remark about health.

    ``note`` is what staff wrote for staff; None leaves what is there.
    """
    debtor = session.get_one(Debtor, debtor_id)
    debtor.vulnerable, debtor.vulnerability_note = True, note or debtor.vulnerability_note
    session.flush()
    record(session, key=f"{key}:support", kind="consent.support_noted", debtor_id=debtor_id, actor=actor, now=now)
    _tell_support(session, debtor_id, needed=True, now=now)


def forget_vulnerability(session: Session, *, key: str, debtor_id: DebtorId, now: datetime, actor: str) -> None:
    """The debtor takes the yes back, or it is over: flag and note are gone."""
    debtor = session.get_one(Debtor, debtor_id)
    debtor.vulnerable, debtor.vulnerability_note = False, None
    session.flush()
    record(session, key=f"{key}:support", kind="consent.support_ended", debtor_id=debtor_id, actor=actor, now=now)
    _tell_support(session, debtor_id, needed=False, now=now)


def _tell_support(session: Session, debtor_id: DebtorId, *, needed: bool, now: datetime) -> None:
    tell_state(session, kind="debtor.support", subject=f"support:{debtor_id}", debtor_id=debtor_id, at=now,
               facts={"extra_support": needed})


def hardship_until(session: Session, *, debtor_id: DebtorId, today: date) -> date:
    """The last day of the hold that "I can't pay" would bring, so that it can be offered with its date."""
    return last_day(session, debtor_id=debtor_id, reason=HoldReason.HARDSHIP, today=today)


def hardship(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId, reason: str,
             now: datetime, today: date) -> PlacedUntil:
    """A hold because money is not there now. ``reason`` is a kind (``income``, ``illness`` …), not a sentence."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = hardship_until(session, debtor_id=debtor_id, today=today)
    needed = authority_for(session, debtor_id=debtor_id, reason=HoldReason.HARDSHIP, until=until, now=now, today=today)
    what.hold(HoldReason.HARDSHIP, until=until)
    look = "" if needed is Authority.BOT else " Oftener or longer than the policy allows by itself: please look at it."
    ticket = what.ticket("hardship", f"Cannot pay now ({reason}). On hold until {until.isoformat()}.{look}")
    return what.placed_until(ticket, until)


def breathing_space_request(session: Session, *, key: str, conversation_id: ConversationId,
                            debtor_id: DebtorId | None, now: datetime, today: date) -> PlacedUntil:
    """Time to get advice: our own pause, which is a hold for advice and never called breathing space (rules 25, 29)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = last_day(session, debtor_id=what.debtor_id, reason=HoldReason.ADVICE, today=today)
    what.hold(HoldReason.ADVICE, until=until)
    ticket = what.ticket("breathing_space", "Asked for a pause or the statutory scheme. On hold for advice until "
                                            f"{until.isoformat()}; watch for an adviser's notice.")
    return what.placed_until(ticket, until)


def already_paid(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                 now: datetime, today: date) -> PlacedUntil:
    """Says it was paid: never argued with, on hold while it is traced. Saying it again does not prolong the hold."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = last_day(session, debtor_id=what.debtor_id, reason=HoldReason.ALREADY_PAID, today=today)
    standing = [hold.until for hold in active_holds(session, debtor_id=what.debtor_id, now=now)
                if hold.reason == HoldReason.ALREADY_PAID and hold.until is not None] if what.debtor_id else []
    if standing:
        until = max(standing)
    else:
        what.hold(HoldReason.ALREADY_PAID, until=until)
    ticket = what.ticket("already_paid", f"Says it is paid. Trace the payment; on hold until {until.isoformat()}.")
    return what.placed_until(ticket, until)


def offer_below_floor(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId,
                      debt_ids: Sequence[DebtId], asked: Money | None, now: datetime, today: date) -> PlacedUntil:
    """An offer below the floor goes to staff; nobody chases meanwhile, and it is never a flat no (rule 24)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = last_day(session, debtor_id=debtor_id, reason=HoldReason.STAFF_REVIEW, today=today)
    for debt_id in debt_ids:
        what.hold(HoldReason.STAFF_REVIEW, debt_id=debt_id, until=until)
    offered = f"of {asked}" if asked else "without a figure"
    ticket = what.ticket("offer", f"An offer {offered}, below the policy's floor. Decide by {until.isoformat()}.")
    return what.placed_until(ticket, until)


def plan_change(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None, words: str,
                now: datetime, today: date) -> PlacedUntil:
    """A plan is to be moved, made smaller or skipped: staff decide, nothing is charged meanwhile."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = last_day(session, debtor_id=what.debtor_id, reason=HoldReason.STAFF_REVIEW, today=today)
    what.hold(HoldReason.STAFF_REVIEW, until=until)
    return what.placed_until(what.ticket("plan_change", f"Wants the plan changed: {words}"), until)
