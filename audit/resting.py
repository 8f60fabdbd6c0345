"""What several rules ask: was something asked, sent or agreed while a hold forbade it?"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from audit.case import Case
from audit.estate import Estate, in_force
from audit.outgoing import Outgoing
from audit.rule import Found
from audit.scope import Scope
from ledger.holds import effect_of
from ledger.kinds import HoldReason
from ledger.models import Creditor, Debt, Debtor, Hold, Plan, PlanDebt, Promise, PromiseDebt
from payments.models import PayLink, PayLinkPart

SLACK = timedelta(minutes=1)
"""A turn's effects and its answer are stored moments apart; an answer may be on its way when a hold is placed."""


def resting(estate: Estate, at: datetime, reasons: Iterable[HoldReason]) -> Hold | None:
    """A hold for one of these reasons under which everything of the debtor rested, a moment before ``at``."""
    holds = estate.holds_at(at - SLACK, *reasons)
    whole = next((hold for hold in holds if hold.debt_id is None), None)
    if whole is not None or not holds:
        return whole
    owed = set().union(*(estate.owed(place) for place in estate.places(at, at)))
    return holds[0] if owed and owed <= {hold.debt_id for hold in holds} else None


def asked(case: Case, *reasons: HoldReason) -> Iterator[Found]:
    """Messages that invite to pay, or that nobody asked for, while everything rested."""
    unasked = {said.id for said in case.proactive()}
    for said in case.ours:
        estate = case.whose(said.at)
        if estate is None or not estate.holds:
            continue
        how = case.invites(said) or ("a message nobody asked for" if said.id in unasked and said.bot else None)
        if how and (hold := resting(estate, said.at, reasons)) and (
                how.startswith("a message") or not effect_of(hold).payable):
            yield Found(f"{how} while everything was on hold ({hold.reason}, since {hold.placed_at:%Y-%m-%d})", said)


def sent(item: Outgoing, *reasons: HoldReason) -> Iterator[Found]:
    """Something sent that nobody asked for, while everything, or the debt it is about, rested."""
    if not item.proactive or item.estate is None:
        return
    about = item.payload.get("debt_ids") or ()
    hold = resting(item.estate, item.moment, reasons) or next(
        (hold for debt_id in about for hold in item.estate.holds_at(item.moment, *reasons, debt_id=debt_id)), None)
    if hold is not None:
        yield Found(f"sent unasked while on hold ({hold.reason}, since {hold.placed_at:%Y-%m-%d})")


def agreed(session: Session, scope: Scope, *reasons: HoldReason, countries: frozenset[str] = frozenset(),
           collectors_only: bool = False) -> Iterator[Found]:
    """Payment links, plans and promises made on a debt while a hold forbade paying it."""
    made = (
        ("payment link", select(
            PayLink.id.label("id"), PayLink.created_at.label("at"), PayLink.debtor_id.label("debtor_id"),
            PayLinkPart.debt_id.label("debt_id"), literal("").label("actor"),
        ).join(PayLinkPart, PayLinkPart.pay_link_id == PayLink.id)),
        ("plan", select(Plan.id, Plan.agreed_at.label("at"), Plan.debtor_id, PlanDebt.debt_id, Plan.actor)
         .join(PlanDebt, PlanDebt.plan_id == Plan.id)),
        ("promise", select(
            Promise.id, Promise.made_at.label("at"), Promise.debtor_id, PromiseDebt.debt_id, Promise.actor,
        ).join(PromiseDebt, PromiseDebt.promise_id == Promise.id)),
    )
    for what, query in made:
        part = query.subquery()
        rows = session.execute(
            select(Hold, part.c.id, part.c.at, part.c.debt_id, part.c.actor)
            .join(part, part.c.debtor_id == Hold.debtor_id).join(Debt, Debt.id == part.c.debt_id)
            .join(Creditor, Creditor.id == Debt.creditor_id).join(Debtor, Debtor.id == Debt.debtor_id)
            .where(Hold.reason.in_(reasons), (Hold.debt_id.is_(None)) | (Hold.debt_id == part.c.debt_id),
                   Hold.placed_at < part.c.at, scope.within(part.c.at), scope.of_debtors(Hold.debtor_id),
                   Debtor.country.in_(countries) if countries else literal(1) == 1,
                   Creditor.own_collector.is_(False) if collectors_only else literal(1) == 1)
            .order_by(part.c.id)
            .execution_options(yield_per=500))
        for hold, number, at, debt_id, actor in rows:
            if in_force(hold, at - SLACK) and not effect_of(hold).payable and not actor.startswith("staff"):
                yield Found(f"made on debt {debt_id} while it was on hold ({hold.reason}, since "
                            f"{hold.placed_at:%Y-%m-%d})", subject=f"{what} {number}", at=at)
