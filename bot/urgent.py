"""The safety net without the engine: self-harm and stop take full effect even while nothing else answers."""

from datetime import datetime

from sqlalchemy.orm import Session

from compliance import placing
from compliance.operator import crisis_for, operator
from compliance.profile import profile, profile_of
from compliance.safety_net import stop
from compliance.standing import who
from conversations.models import Conversation, Turn
from conversations.open import ask
from conversations.say import Say
from conversations.turns import URGENT
from ledger.models import Debtor
from runtime.ids import ConversationId


def answer_without_engine(session: Session, *, turn: Turn, now: datetime) -> Say | None:
    """The answer to a turn that the lexical net finds urgent, with its effect; None for any other turn.

    A stop beside something else is left to the engine while there is one; here it is heard too.
    """
    urgent = turn.forced_intent if turn.forced_intent in URGENT else None
    if urgent is None and not turn.button_id and stop(turn.raw):
        urgent = "stop_contact"
    if urgent is None:
        return None
    conversation = session.get_one(Conversation, turn.conversation_id)
    conversation_id = ConversationId(conversation.id)
    standing = who(session, conversation_id, now=now)
    verified = standing.verified
    debtor = session.get_one(Debtor, verified) if verified else None
    key = f"{turn.id}:action_{'self_harm' if urgent == 'self_harm_risk' else 'stop_contact'}"
    today = now.astimezone(operator().zone).date()
    ask(session, conversation_id=conversation_id, name=None, data={})
    if urgent == "stop_contact":
        done = placing.stop_contact(session, key=key, conversation_id=conversation_id, debtor_id=verified, now=now,
                                    today=today)
        if standing.verified is None and standing.identified is None:
            ask(session, conversation_id=conversation_id, name="more_for_ticket", data={"ticket": done.number})
            return Say("stopped_here", {"number": done.number})
        return Say("stopped", {"keep": False})
    placed = placing.self_harm(session, key=key, conversation_id=conversation_id, debtor_id=verified, now=now,
                               today=today)
    rules = profile_of(debtor) if debtor else profile(conversation.locale[-2:])
    return Say("self_harm", {
        "crisis": [{"name": c.name, "phone": c.phone, "how": c.how}
                   for c in crisis_for(rules, operator(), debtor.region if debtor else None)],
        "emergency": rules.emergency_number, "staffed": placed.staffed, "phone": operator().phone})
