"""What is said to staff takes its legal effect at once too: a dispute typed to a person is a written dispute (rule 13).

While staff hold a conversation, or take it before the bot has answered, nobody asks the engine. What is unmistakable in
plain words, or the button that was pressed, is enough. Nothing is said to the debtor: staff answer, and read beside the
message what took effect. What would end the verification under a colleague's hands (a death, a wrong person) is for
them to judge; until they have, everything rests.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from compliance.legal_words import claims
from compliance.operator import operator
from compliance.placing.care import self_harm
from compliance.placing.contact import stop_contact
from compliance.placing.effect import effect, last_day
from compliance.placing.rights import bankruptcy, dispute, fraud, represented
from compliance.standing import who
from conversations.models import Turn, TurnState
from conversations.turns import OPEN
from ledger.kinds import HoldReason
from runtime.ids import ConversationId, DebtId, DebtorId

HEARD = "heard_"
"""Before the name of what took effect, among the actions of a turn that no action answered."""
_PRESSED = {"dispute_debt": "dispute", "report_fraud": "fraud"}
_JUDGED = {"deceased": "The account holder is said to have died", "wrong_person": "Said to be the wrong person"}


def heard_by_staff(session: Session, turn: Turn, *, now: datetime) -> tuple[str, ...]:
    """Let a turn that staff answer, and no action of the bot's, take its legal effect; what did is noted and given.

    What is urgent and still open takes its effect where it is answered without the engine. Twice changes nothing.
    """
    if turn.actions:
        return ()
    found = _said(turn)
    if found:
        conversation_id = ConversationId(turn.conversation_id)
        debtor_id = who(session, conversation_id, now=now).verified
        for claim in found:
            _place(session, claim, turn, conversation_id, debtor_id, now)
        turn.actions = [f"{HEARD}{claim}" for claim in found]
        session.flush()
    return found


def _said(turn: Turn) -> tuple[str, ...]:
    if turn.button_id:
        pressed = _PRESSED.get(turn.forced_intent or "")
        return (pressed,) if pressed else ()
    found: tuple[str, ...] = claims(turn.raw)
    if TurnState(turn.state) in OPEN:
        return tuple(claim for claim in found if claim != turn.forced_intent)
    return ("self_harm", *found) if turn.forced_intent == "self_harm_risk" else found


def _place(session: Session, claim: str, turn: Turn, conversation_id: ConversationId, debtor_id: DebtorId | None,
           now: datetime) -> None:
    today = now.astimezone(operator().zone).date()
    given: dict[str, Any] = {"key": f"{turn.id}:heard:{claim}", "conversation_id": conversation_id,
                             "debtor_id": debtor_id, "now": now, "today": today}
    chosen = turn.choice or {}
    which: dict[str, Any] = {"debt_id": DebtId(chosen["debt"]) if chosen.get("debt") else None,
                             "every": bool(chosen.get("all"))}
    match claim:
        case "dispute":
            dispute(session, **given, **which)
        case "fraud":
            fraud(session, **given, **which)
        case "represented":
            represented(session, **given, contact=None)
        case "bankruptcy":
            bankruptcy(session, **given)
        case "stop_contact":
            stop_contact(session, **given)
        case "self_harm":
            self_harm(session, **given)
        case _:
            what = effect(session, **given)
            what.hold(HoldReason.STAFF_REVIEW, until=last_day(session, debtor_id=what.debtor_id, today=today,
                                                              reason=HoldReason.STAFF_REVIEW))
            what.ticket(claim, f"{_JUDGED[claim]}, in a message that the bot does not answer. Everything rests for "
                               "now: decide what is so.", urgent=True)
