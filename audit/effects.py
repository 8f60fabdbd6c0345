"""What several rules ask: had what the debtor said its effect?"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.books import PERSONAL
from audit.case import Case, Did, Said
from audit.rule import Found
from audit.scope import Scope
from compliance.legal_words import Claim, claims
from compliance.profile import Profile, profile_of
from conversations.models import Ticket
from conversations.turns import URGENT
from ledger.kinds import HoldReason
from ledger.models import Debtor

AT_ONCE = timedelta(hours=1)
"""Within this time an effect is there, engine down or not."""
SAME_MATTER = timedelta(hours=24)
"""A ticket about the same matter that was opened so lately stands for this one too."""
Days = Callable[[Profile], int | None]
_WORTH_READING = re.compile(
    r"\bmine\b|my (?:debt|bill|account|loan|card|contract|name|identity|details|id\b|ssn|social|iva|dro|bankr)|"
    r"\bow(?:e|ed)\b|recogni|disput|never had|m[ií]a?\b|debo|fraud|identi|victim|stol|dead|died|deceas|pass|no longer|"
    r"executor|wrong|incorrect|n[uú]mero|called|name|such person|bankrupt|chapter|\biva\b|\bdro\b|relief|trust deed|"
    r"lawyer|attorney|solicitor|barrister|advis|represent|abogad")


@lru_cache(maxsize=1024)
def _claims(words: str) -> tuple[Claim, ...]:
    """The claims of a text. Most words are told at a glance that they claim nothing."""
    return claims(words) if _WORTH_READING.search(words) else ()


def claimed(words: str, claim: Claim) -> bool:
    """Whether words, in lower case, claim something unmistakably."""
    return claim in _claims(words)


def by_staff(turn: Did) -> bool:
    """Whether the turn was for staff to answer: the bot said nothing to it."""
    acted = any(action.startswith("action_") for action in turn.actions)
    return not acted and turn.intent is None and turn.error is None and turn.forced not in URGENT


def has_effect(case: Case, said: Said, turn: Did, *, tickets: tuple[str, ...],
               holds: tuple[HoldReason, ...]) -> bool:
    """Whether there is a ticket of one of these kinds and, where it is known whose, a hold for such a reason.

    Words to staff take their effect as fast as words to the bot.
    """
    soon = said.at + AT_ONCE
    estate = case.estates.get(debtor_id) if (debtor_id := case.verified(said.at)) is not None else None
    if estate is not None and not estate.owed(estate.places(said.at, said.at)[0]):
        return True  # there is nothing that could be collected
    if not case.ticket(*tickets, since=said.at - SAME_MATTER, until=soon):
        return False
    return estate is None or not holds or any(
        hold.reason in holds and hold.placed_at <= soon and (hold.lifted_at or soon) >= said.at
        and (hold.until is None or hold.until >= (said.at - SAME_MATTER).date()) for hold in estate.holds)


def overdue(session: Session, scope: Scope, kind: str, days: Days, what: str,
            countries: frozenset[str] = frozenset()) -> Iterator[Found]:
    """Tickets of a kind that were not closed in the days that the debtor's law gives; ``days`` picks them."""
    rows = session.execute(
        select(Ticket.id, Ticket.opened_at, Ticket.closed_at, Ticket.conversation_id, Debtor)
        .outerjoin(Debtor, Debtor.id == Ticket.debtor_id).options(*PERSONAL)
        .where(Ticket.kind == kind, scope.within(Ticket.opened_at))
        .order_by(Ticket.id).execution_options(yield_per=500))
    for number, opened_at, closed_at, conversation_id, debtor in rows:
        if scope.conversation not in (None, conversation_id):
            continue
        if countries and debtor is not None and debtor.country not in countries:
            continue
        allowed = days(profile_of(debtor))
        if allowed is None:
            continue
        due: datetime = opened_at + timedelta(days=allowed + 1)
        if (closed_at or scope.now) > due:
            late = "is still open" if closed_at is None else f"was closed on {closed_at:%Y-%m-%d}"
            yield Found(f"{what} of {opened_at:%Y-%m-%d} was due within {allowed} days and {late}",
                        subject=f"ticket D-{2000 + number}", at=opened_at)
