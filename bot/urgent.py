"""The safety net without the engine: self-harm and stop take full effect even while nothing else answers."""

from datetime import datetime

from sqlalchemy.orm import Session

from compliance import placing
from compliance.identity import who
from compliance.operator import operator
from compliance.profile import profile
from conversations.models import Conversation, Turn
from conversations.open import ask
from conversations.say import Say
from ledger.models import Debtor
from runtime.ids import ConversationId


def answer_without_engine(session: Session, *, turn: Turn, now: datetime) -> Say | None:
    """The answer to a turn that the lexical net marked as urgent, with its effect; None for any other turn."""
    if turn.forced_intent not in ("self_harm_risk", "stop_contact") or turn.button_id:
        return None
    conversation = session.get_one(Conversation, turn.conversation_id)
    conversation_id = ConversationId(conversation.id)
    verified = who(session, conversation_id, now=now).verified
    debtor = session.get_one(Debtor, verified) if verified else None
    key = f"{turn.id}:action_{'self_harm' if turn.forced_intent == 'self_harm_risk' else 'stop_contact'}"
    today = now.astimezone(operator().zone).date()
    ask(session, conversation_id=conversation_id, name=None, data={})
    if turn.forced_intent == "stop_contact":
        placing.stop_contact(session, key=key, conversation_id=conversation_id, debtor_id=verified, now=now,
                             today=today)
        return Say("stopped", {"verified": verified is not None})
    placed = placing.self_harm(session, key=key, conversation_id=conversation_id, debtor_id=verified, now=now,
                               today=today)
    rules = profile(debtor.country if debtor else conversation.locale[-2:])
    return Say("self_harm", {
        "crisis": [{"name": c.name, "phone": c.phone, "how": c.how}
                   for c in rules.crisis_for(debtor.region if debtor else None)],
        "emergency": rules.emergency_number, "staffed": placed.staffed, "phone": operator().phone})
