"""What rules 13 and 27 share: a dispute that was typed has its hold, and nothing is collected while it stands."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit import resting
from audit.case import Case
from audit.effects import by_staff, claimed, has_effect
from audit.outgoing import Outgoing
from audit.rule import Found
from audit.scope import Scope
from ledger.kinds import HoldReason

DISPUTED = (HoldReason.DISPUTE, HoldReason.FRAUD)
TICKETS = ("dispute", "fraud", "wrong_person", "third_party", "deceased")
ENDED = (*DISPUTED, HoldReason.WRONG_PERSON, HoldReason.THIRD_PARTY, HoldReason.DECEASED)


def check(case: Case) -> Iterator[Found]:
    """Typed disputes without effect, and what was asked while all was disputed."""
    yield from resting.asked(case, *DISPUTED)
    for said, turn in case.heard():
        acted = "action_dispute" in turn.actions or "action_fraud" in turn.actions
        if (acted or claimed(said.shown, "dispute") or claimed(said.shown, "fraud")) and not has_effect(
                case, said, turn, tickets=TICKETS, holds=ENDED):
            whom = " while staff had the conversation" if by_staff(turn) else ""
            yield Found(f"a dispute was typed{whom}, and no hold or ticket stands for it", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    """What was sent about a disputed debt."""
    yield from resting.sent(item, *DISPUTED)


def agreed(session: Session, scope: Scope, countries: frozenset[str], *, collectors_only: bool) -> Iterator[Found]:
    """Links, plans and promises made on a disputed debt."""
    yield from resting.agreed(session, scope, *DISPUTED, countries=countries, collectors_only=collectors_only)
