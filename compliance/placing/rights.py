"""What takes effect in law the moment it is said: dispute, fraud, death, insolvency, a lawyer, the wrong person."""

from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.links import revoke
from compliance.models import Channel, Verification
from compliance.placing.closed import closed_by
from compliance.placing.effect import Effect, Placed, PlacedUntil, effect, last_day
from compliance.preferences import set_allowed, stop_all
from compliance.standing import end_verification
from conversations.models import Ticket
from ledger.holds import active_holds, lift_hold
from ledger.kinds import DebtStatus, HoldReason
from ledger.models import Debt, Debtor
from runtime.ids import ConversationId, DebtId, DebtorId

_WHICH_UNKNOWN = "which debt was not said yet, conversation"
_NARROWED_WITHIN = timedelta(hours=24)


def _on_debt_or_all(what: Effect, reason: HoldReason, debt_id: DebtId | None, *, every: bool) -> None:
    """Hold one debt; everything while it is not known which; ``every`` debt one by one when all are meant.

    Naming one debt after having said "it's not mine" lifts the hold that covered everything meanwhile.
    """
    if what.debtor_id is None:
        return
    if debt_id is None and not every:
        what.hold(reason, cause=f"{_WHICH_UNKNOWN} {what.conversation_id}")
        return
    wanted = [debt_id] if debt_id is not None else list(what.session.scalars(
        select(Debt.id).where(Debt.debtor_id == what.debtor_id, Debt.status == DebtStatus.OPEN)))
    held = active_holds(what.session, debtor_id=what.debtor_id, now=what.now)
    already = {hold.debt_id for hold in held if hold.reason == reason}
    for one in wanted:
        if one not in already:
            what.hold(reason, debt_id=one)
    for hold in held:
        provisional = hold.cause == f"{_WHICH_UNKNOWN} {what.conversation_id}"
        if hold.reason == reason and provisional and what.now - hold.placed_at < _NARROWED_WITHIN:
            lift_hold(what.session, hold_id=hold.id, now=what.now, actor=what.actor)


def dispute(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
            debt_id: DebtId | None, now: datetime, today: date, every: bool = False, too_old: bool = False) -> Placed:
    """A dispute typed in chat is a written one: collecting stops until it is answered (rules 13, 15, 27)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    _on_debt_or_all(what, HoldReason.DISPUTE, debt_id, every=every)
    named = _named(what, debt_id, every)
    task = "Check the dates and the law" if too_old else "Ask the creditor for proof"
    said = f"{named}, as too old" if too_old else named
    return what.placed(what.ticket("dispute", f"Disputed in chat: {said}. {task}; tell the debtor the outcome."))


def fraud(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
          debt_id: DebtId | None, now: datetime, today: date, every: bool = False) -> Placed:
    """Somebody else opened it: everything about it stops, staff are alerted at once."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    _on_debt_or_all(what, HoldReason.FRAUD, debt_id, every=every)
    return what.placed(what.ticket("fraud", f"Fraud reported: {_named(what, debt_id, every)}.", urgent=True))


def _named(what: Effect, debt_id: DebtId | None, every: bool) -> str:
    debt = what.session.get(Debt, debt_id) if debt_id is not None else None
    return debt.ref if debt else "all debts" if every else "not said which debt"


def validation(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
               now: datetime, today: date) -> Placed:
    """Prove it: asking rests until the documents were sent (rule 12; 12 CFR 1006.34, 1006.38)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    what.hold(HoldReason.VALIDATION)
    due = today + timedelta(days=what.profile.validation_days)
    return what.placed(what.ticket("validation", f"Documents asked for; due by {due.isoformat()}."))


def wrong_person(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                 now: datetime, today: date) -> Placed:
    """Nobody of that name here: verification ends, the contact point is given up, links to it die (rule 3)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    channels = _give_up_contact_point(what, "wrong_person")
    what.hold(HoldReason.WRONG_PERSON)
    end_verification(session, conversation_id=conversation_id, reason="wrong_person", now=now)
    return what.placed(_closing(
        what, "wrong_person",
        f"Wrong person on {', '.join(channels) or what.conversation.channel}. Find the right contact."))


def _give_up_contact_point(what: Effect, reason: str) -> list[Channel]:
    """Stop the conversation and the channels through which this person was reached; revoke the links used."""
    conversation = what.conversation
    conversation.contact_stopped_at = conversation.contact_stopped_at or what.now
    if what.debtor_id is None:
        return []
    rows = what.session.scalars(select(Verification).where(
        Verification.conversation_id == what.conversation_id, Verification.ended_at.is_(None),
        Verification.link_id.is_not(None))).all()
    for row in rows:
        revoke(what.session, link_id=row.link_id, now=what.now)
    # which of the written contact points is theirs cannot be told: none is used until staff have looked
    channels = [Channel.EMAIL, Channel.SMS, Channel.PHONE]
    if conversation.channel == Channel.TELEGRAM:
        channels.append(Channel.TELEGRAM)
    for channel in channels:
        set_allowed(what.session, debtor_id=what.debtor_id, channel=channel, allowed=False, reason=reason, now=what.now)
    return channels


def _closing(what: Effect, kind: str, summary: str, *, urgent: bool = False) -> Ticket:
    """The ticket that closes the conversation to any word about a debt, see ``closed_by``."""
    return what.ticket(kind, summary, urgent=urgent,
                       always_new=closed_by(what.session, what.conversation_id) is None)


def third_party(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                now: datetime, today: date) -> PlacedUntil:
    """Somebody who speaks for the debtor: verification ends at once, staff look at their authority."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    until = last_day(session, debtor_id=what.debtor_id, reason=HoldReason.THIRD_PARTY, today=today)
    what.hold(HoldReason.THIRD_PARTY, until=until)
    end_verification(session, conversation_id=conversation_id, reason="third_party", now=now)
    ticket = _closing(what, "third_party",
                      "Somebody writes for the debtor. Check their authority before a word is said.")
    return what.placed_until(ticket, until)


def deceased(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
             now: datetime, today: date) -> Placed:
    """The debtor has died: everything stops; a person goes on with spouse, executor or representative (rule 20)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    if what.debtor_id is not None:
        what.hold(HoldReason.DECEASED)
        stop_all(session, debtor_id=what.debtor_id, reason="deceased", now=now)
    else:
        what.conversation.contact_stopped_at = what.conversation.contact_stopped_at or now
    end_verification(session, conversation_id=conversation_id, reason="deceased", now=now)
    return what.placed(_closing(what, "deceased", "The account holder is reported to have died. Contact gently.",
                                urgent=True))


def bankruptcy(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
               now: datetime, today: date) -> Placed:
    """Bankruptcy, IVA, debt relief order, chapter 7 or 13: no asking, no link (rule 36)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    what.hold(HoldReason.BANKRUPTCY)
    return what.placed(what.ticket("bankruptcy", "Insolvency reported. Find out kind, date and who deals with it."))


def represented(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                contact: str | None, now: datetime, today: date) -> Placed:
    """A lawyer or adviser deals with it: stop, take the contact, route (rule 11)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    what.hold(HoldReason.REPRESENTED)
    if contact and what.verified and what.debtor_id is not None:
        session.get_one(Debtor, what.debtor_id).representative = contact
    told = f" Contact: {contact}" if contact else ""
    ticket = what.ticket("represented", f"Represented by a lawyer or debt adviser.{told}")
    return what.placed(ticket)


def representative(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                   words: str, now: datetime, today: date) -> Placed:
    """Who acts for the debtor, in the debtor's words: kept with the debtor when it is verified whose it is."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    if what.verified and what.debtor_id is not None:
        session.get_one(Debtor, what.debtor_id).representative = words[:500]
    return what.placed(what.ticket("represented", f"Contact: {words}"))


def complaint(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
              now: datetime, today: date) -> Placed:
    """Any dissatisfaction is a complaint: no chasing while it is looked at, staff alerted at once (rule 38)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    what.hold(HoldReason.COMPLAINT)
    return what.placed(what.ticket("complaint", "Complaint. Acknowledge it and investigate.", urgent=True))


def privacy_request(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                    now: datetime, today: date, wants: str = "Question or request") -> Placed:
    """Access, export or erasure of personal data (rule 33)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    due = today + timedelta(days=what.profile.data_request_days)
    return what.placed(what.ticket("privacy", f"{wants} about personal data; answer by {due.isoformat()}."))
