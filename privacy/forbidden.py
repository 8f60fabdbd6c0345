"""What forbids that a debtor's data is removed, and until when."""

from dataclasses import dataclass
from datetime import date, datetime

from dateutil.relativedelta import relativedelta
from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from compliance.models import Verification
from conversations.models import Conversation, Ticket
from ledger.holds import active_holds
from ledger.kinds import DebtStatus, PlanStatus, PromiseStatus, SettlementStatus
from ledger.models import Account, Debt, DebtBalance, Debtor, Entry, Hold, Plan, Promise, Settlement, Txn
from payments.models import PayLink, Payment
from runtime.ids import DebtorId

KEPT_YEARS = 3
"""Evidence is kept so long after the last activity (rule 21; Reg F, 12 CFR 1006.100(a))."""


@dataclass(frozen=True)
class Forbids:
    """One reason. ``until``: the last day it holds, None when nobody can say."""

    why: str
    until: date | None = None

    def __str__(self) -> str:
        return f"{self.why} (until {self.until.isoformat()})" if self.until else self.why


def cutoff(now: datetime) -> datetime:
    """Activity after this moment is too recent."""
    return now - relativedelta(years=KEPT_YEARS)


def forbidding(session: Session, debtor_id: DebtorId, *, now: datetime) -> list[Forbids]:
    """Why the debtor's data may not be removed now; nothing when it may."""
    found = []
    owing = session.scalars(
        select(Debt.ref).where(Debt.debtor_id == debtor_id, Debt.status == DebtStatus.OPEN).order_by(Debt.ref)).all()
    if owing:
        found.append(Forbids(f"open debts: {', '.join(owing)}"))
    overpaid = session.scalar(select(func.sum(DebtBalance.overpayment)).join(Debt, Debt.id == DebtBalance.debt_id)
                              .where(Debt.debtor_id == debtor_id))
    if overpaid:
        found.append(Forbids("money paid too much is still to be given back"))
    for hold in active_holds(session, debtor_id=debtor_id, now=now):
        found.append(Forbids(f"on hold: {hold.reason.value.replace('_', ' ')}", hold.until))
    running = (
        (Plan, Plan.status == PlanStatus.ACTIVE, "a plan is running"),
        (Promise, Promise.status == PromiseStatus.OPEN, "a promise is open"),
        (Settlement, Settlement.status.in_((SettlementStatus.OFFERED, SettlementStatus.ACCEPTED)),
         "a settlement is open"),
        (Ticket, Ticket.state == "open", "staff have an open ticket"),
    )
    found += [Forbids(why) for table, is_open, why in running
              if session.scalar(select(table.id).where(table.debtor_id == debtor_id, is_open).limit(1)) is not None]
    last = last_activity(session, debtor_id)
    if last > cutoff(now):
        until = (last + relativedelta(years=KEPT_YEARS)).date()
        found.append(Forbids(f"evidence is kept for {KEPT_YEARS} years after the last activity, which was on "
                             f"{last.date().isoformat()}", until))
    return found


def last_activity(session: Session, debtor_id: DebtorId) -> datetime:
    """When something last happened between a debtor and us: posted, said, agreed, held or paid."""
    moments = [session.get_one(Debtor, debtor_id).created_at]
    for query in (
        select(func.max(Txn.posted_at)).join(Entry, Entry.txn_id == Txn.id)
        .join(Account, Account.id == Entry.account_id).join(Debt, Debt.id == Account.debt_id)
        .where(Debt.debtor_id == debtor_id),
        select(func.max(Conversation.last_activity_at)).join(
            Verification, Verification.conversation_id == Conversation.id).where(Verification.debtor_id == debtor_id),
        *(select(func.max(column)).where(table.debtor_id == debtor_id) for table, column in (
            (Hold, Hold.placed_at), (Hold, Hold.lifted_at), (Plan, Plan.agreed_at), (Plan, Plan.ended_at),
            (Promise, Promise.made_at), (Settlement, Settlement.offered_at), (Settlement, Settlement.ended_at),
            (PayLink, PayLink.created_at), (Payment, Payment.paid_at), (Ticket, Ticket.opened_at),
            (Ticket, Ticket.closed_at))),
    ):
        if (moment := session.scalar(query)) is not None:
            moments.append(moment)
    return max(moments)


def may_be_over(now: datetime) -> ColumnElement[bool]:
    """The condition that nothing recent is known of a debtor: those of whom ``forbidding`` is worth asking."""
    recent = cutoff(now)
    mine = Debt.debtor_id == Debtor.id
    activity = [
        exists().where(mine, Debt.status == DebtStatus.OPEN),
        exists().where(mine, Account.debt_id == Debt.id, Entry.account_id == Account.id, Txn.id == Entry.txn_id,
                       Txn.posted_at > recent),
        exists().where(Verification.debtor_id == Debtor.id, Conversation.id == Verification.conversation_id,
                       Conversation.last_activity_at > recent),
        exists().where(Hold.debtor_id == Debtor.id, or_(Hold.placed_at > recent, Hold.lifted_at > recent, and_(
            Hold.lifted_at.is_(None), or_(Hold.until.is_(None), Hold.until >= (now - relativedelta(days=1)).date())))),
        exists().where(Ticket.debtor_id == Debtor.id, or_(Ticket.state == "open", Ticket.closed_at > recent)),
        exists().where(Payment.debtor_id == Debtor.id, Payment.paid_at > recent),
    ]
    return and_(Debtor.erased_at.is_(None), Debtor.created_at <= recent, *(~one for one in activity))
