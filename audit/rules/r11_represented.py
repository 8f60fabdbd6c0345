"""Rule 11: somebody with a lawyer or adviser is left alone; the contact is taken, the matter routed."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit import resting
from audit.case import Case
from audit.effects import claimed, has_effect
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from audit.scope import Scope
from ledger.kinds import HoldReason


def check(case: Case) -> Iterator[Found]:
    yield from resting.asked(case, HoldReason.REPRESENTED)
    for said, turn in case.heard():
        if ("action_represented" in turn.actions or claimed(said.shown, "represented")) and not has_effect(
                case, said, turn, tickets=("represented", "third_party", "bankruptcy"), holds=(HoldReason.REPRESENTED,
                HoldReason.THIRD_PARTY, HoldReason.BANKRUPTCY)):
            yield Found("a representative was named, and there is no ticket or hold for it", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    yield from resting.sent(item, HoldReason.REPRESENTED)


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from resting.agreed(session, scope, HoldReason.REPRESENTED)


RULE = Rule(11, "Represented debtors are left alone", "Reg F 1006.6(b)(2); CONC 7.12",
            "what was asked, sent and agreed while the hold stood; representatives that were named",
            "Place the hold, and write to the representative.", conversation=check, outgoing=outgoing, books=books)
