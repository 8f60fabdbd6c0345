"""Rule 20: when somebody has died: condolence, and a person."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit import resting
from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from audit.scope import Scope
from ledger.kinds import HoldReason


def check(case: Case) -> Iterator[Found]:
    for turn in case.turns.values():
        answers = case.answers(turn)
        if "action_deceased" in turn.actions and answers and not any(
                case.found("condolence", said) for said in answers):
            yield Found("a death was reported and no condolence was said", answers[0])
    for said in case.ours:
        estate = case.whose(said.at)
        if not said.bot or estate is None or not (hold := resting.resting(estate, said.at, (HoldReason.DECEASED,))):
            continue
        if said.names_amount or case.invites(said):
            yield Found(f"the bot speaks of money after a reported death (since {hold.placed_at:%Y-%m-%d})", said)


def outgoing(item: Outgoing) -> Iterator[Found]:
    yield from resting.sent(item, HoldReason.DECEASED)


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from resting.agreed(session, scope, HoldReason.DECEASED)


RULE = Rule(20, "After a death a person speaks, gently", "Reg F 1006.6(a)",
            "answers to reported deaths; what was said, sent and agreed while the hold stood",
            "Stop everything, write a letter of condolence, and find the executor.",
            conversation=check, outgoing=outgoing, books=books)
