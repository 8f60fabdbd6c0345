"""Rule 36: bankruptcy, IVA, debt relief order: no asking, no link, staff."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit import resting
from audit.case import Case
from audit.effects import claimed, has_effect
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from audit.scope import Scope
from ledger.kinds import HoldReason

HELD = (HoldReason.BANKRUPTCY,)


def check(case: Case) -> Iterator[Found]:
    yield from resting.asked(case, *HELD)
    for said, turn in case.heard():
        if ("action_bankruptcy" in turn.actions or claimed(said.shown, "bankruptcy")) and not has_effect(
                case, said, turn, tickets=("bankruptcy", "third_party", "deceased"), holds=(*HELD, HoldReason.DECEASED,
                HoldReason.THIRD_PARTY)):
            yield Found("insolvency was reported, and there is no ticket or hold for it", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    yield from resting.sent(item, *HELD)


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from resting.agreed(session, scope, *HELD)


RULE = Rule(36, "Insolvency stops everything", "insolvency stay",
            "reports of insolvency; what was asked, sent and agreed while the hold stood",
            "Place the hold, take back link and plan, and write to whoever administers it.",
            conversation=check, outgoing=outgoing, books=books)
