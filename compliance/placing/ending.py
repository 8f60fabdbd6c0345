"""Ending a hold that stands for the debtor's own good and at their own wish, because they wish it ended.

Which reasons those are is the profile's (``lifted_by: debtor``): money that is short, time for advice, a payment to be
traced. What waits for an outcome (a dispute, an insolvency, a lawyer, a death) is for staff, whoever asks.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.holds import By, Refused, lift, may_lift
from compliance.placing.effect import note
from conversations.models import Ticket
from ledger.holds import active_holds
from ledger.kinds import Authority, HoldReason
from ledger.models import Hold
from runtime.ids import ConversationId, DebtorId

_TICKETS = {HoldReason.HARDSHIP: "hardship", HoldReason.ADVICE: "breathing_space",
            HoldReason.ALREADY_PAID: "already_paid"}


def own_holds(session: Session, *, debtor_id: DebtorId, now: datetime) -> list[Hold]:
    """The holds in force that the debtor's word is enough to end, the strongest first."""
    return [hold for hold in active_holds(session, debtor_id=debtor_id, now=now)
            if may_lift(session, hold, right=Authority.BOT) is None]


def end_own_holds(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId,
                  hold_ids: Collection[int], now: datetime) -> list[Hold]:
    """End those of ``hold_ids`` that are the debtor's to end; the log and staff's tickets say whose choice it was.

    Gives what was ended. One that ended meanwhile is left out; so is one that is not theirs.
    """
    ended = []
    for hold in own_holds(session, debtor_id=debtor_id, now=now):
        if hold.id not in hold_ids:
            continue
        lifted = lift(session, key=f"{key}:end:{hold.id}", hold_id=hold.id, by=By("debtor", Authority.BOT), now=now,
                      outcome=f"the debtor's own choice, conversation {conversation_id}")
        if not isinstance(lifted, Refused):
            ended.append(lifted)
    about = {_TICKETS[hold.reason] for hold in ended if hold.reason in _TICKETS}
    for ticket in session.scalars(select(Ticket).where(
            Ticket.debtor_id == debtor_id, Ticket.kind.in_(about), Ticket.state == "open")):
        note(ticket, "The debtor ended the hold, by their own choice.", now)
    session.flush()
    return ended
