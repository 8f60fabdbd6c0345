"""Rule 15: on a debt that is too old nothing is invited before the disclosure; an unknown age is for staff."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.books import estates
from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from audit.scope import Scope
from compliance.models import Verification
from conversations.models import Message
from ledger.models import Debt, Plan, PlanDebt, Promise, PromiseDebt
from payments.models import PayLink, PayLinkPart
from runtime.ids import DebtId, DebtorId

DISCLOSED = ("too_old", "balance_too_old", "dispute_too_old")
"""Texts that say what its age means."""
PAGE = 500


def check(case: Case) -> Iterator[Found]:
    for said in case.ours:
        estate = case.whose(said.at)
        if estate is None or not said.bot or not (how := case.invites(said)):
            continue
        owed = estate.owed(estate.places(said.at, said.at)[0])
        if owed and all(estate.too_old(debt_id, said.at.date()) for debt_id in owed) and not any(
                earlier.name in DISCLOSED and earlier.at <= said.at for earlier in case.ours):
            yield Found(f"{how}, and every debt is too old", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    if not item.proactive or item.estate is None:
        return
    for debt_id in item.payload.get("debt_ids") or ():
        if item.estate.too_old(DebtId(debt_id), item.moment.date()):
            yield Found(f"sent unasked about debt {debt_id}, which is too old")


def books(session: Session, scope: Scope) -> Iterator[Found]:
    """Links, plans and promises on debts that are too old, without the disclosure in any conversation before."""
    made = (
        ("payment link", select(PayLink.id, PayLink.created_at, PayLink.debtor_id, PayLinkPart.debt_id)
         .join(PayLinkPart, PayLinkPart.pay_link_id == PayLink.id), PayLink),
        ("plan", select(Plan.id, Plan.agreed_at, Plan.debtor_id, PlanDebt.debt_id)
         .join(PlanDebt, PlanDebt.plan_id == Plan.id), Plan),
        ("promise", select(Promise.id, Promise.made_at, Promise.debtor_id, PromiseDebt.debt_id)
         .join(PromiseDebt, PromiseDebt.promise_id == Promise.id), Promise),
    )
    for what, query, table in made:
        last = 0
        only = query.join(Debt, Debt.id == query.selected_columns[3]).where(
            Debt.time_barred.is_not(False), scope.within(query.selected_columns[1]), scope.of_debtors(table.debtor_id))
        while rows := session.execute(only.where(table.id > last).order_by(table.id).limit(PAGE)).all():
            last = rows[-1][0]
            found = estates(session, {DebtorId(row[2]) for row in rows})
            old = [row for row in rows if found[DebtorId(row[2])].too_old(DebtId(row[3]), row[1].date())]
            told = _told(session, {DebtorId(row[2]) for row in old})
            for number, at, debtor_id, debt_id in old:
                if not any(said <= at for said in told.get(debtor_id, ())):
                    yield Found(f"made on debt {debt_id}, which was too old, and the debtor had not been told",
                                subject=f"{what} {number}", at=at)


def _told(session: Session, debtors: set[DebtorId]) -> dict[int, list[datetime]]:
    found: dict[int, list[datetime]] = {}
    if debtors:
        for debtor_id, at in session.execute(
                select(Verification.debtor_id, Message.at).join(
                    Message, Message.conversation_id == Verification.conversation_id)
                .where(Verification.debtor_id.in_(debtors), Message.say.in_(DISCLOSED))):
            found.setdefault(debtor_id, []).append(at)
    return found


RULE = Rule(15, "Nothing is asked for that is too old", "Reg F 1006.26(b); CONC 7.15",
            "what was asked, sent and agreed; the age of debts by the profile, and what staff decided",
            "Take the link or plan back, tell the debtor what the age means, and ask a lawyer what it restarted.",
            conversation=check, outgoing=outgoing, books=books)
