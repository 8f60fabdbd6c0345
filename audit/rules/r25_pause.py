"""Rule 25: collection pauses while a plan or advice is being arranged."""

from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import resting
from audit.books import PERSONAL
from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import UK, Found, Rule
from audit.scope import Scope
from compliance.profile import profile_of
from ledger.kinds import HoldReason
from ledger.models import Debtor, Hold

PAUSES = (HoldReason.ADVICE, HoldReason.HARDSHIP)


def check(case: Case) -> Iterator[Found]:
    yield from resting.asked(case, *PAUSES)


def outgoing(item: Outgoing) -> Iterator[Found]:
    yield from resting.sent(item, *PAUSES)


def books(session: Session, scope: Scope) -> Iterator[Found]:
    rows = session.execute(
        select(Hold, Debtor).join(Debtor, Debtor.id == Hold.debtor_id).options(*PERSONAL)
        .where(Hold.reason.in_(PAUSES), Hold.until.is_not(None), Debtor.country.in_(UK), scope.within(Hold.placed_at),
               scope.of_debtors(Hold.debtor_id)).order_by(Hold.id).execution_options(yield_per=500))
    for hold, debtor in rows:
        days = profile_of(debtor).holds[hold.reason].days
        shortest = (hold.placed_at - timedelta(hours=12)).date() + timedelta(days=days or 0)
        if days is not None and hold.until is not None and hold.until < shortest:
            yield Found(f"lasts until {hold.until}, shorter than the profile's {days} days", subject=f"hold {hold.id}",
                        at=hold.placed_at)


RULE = Rule(25, "Collection pauses for a plan or advice", "CONC 7.3.11",
            "holds for advice and hardship, how long they last, and what was sent meanwhile",
            "Make the hold longer, and stop what was sent.", countries=UK, conversation=check, outgoing=outgoing,
            books=books)
