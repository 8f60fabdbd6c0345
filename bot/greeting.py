"""The first words of a conversation (rule 30: the bot says it is one; rule 4: nothing of a debt)."""

from datetime import datetime

from sqlalchemy.orm import Session

from compliance.identity import Outcome, Verified, who
from compliance.operator import operator
from conversations.open import ask
from conversations.say import Choice, Say, say
from ledger.models import Debtor
from runtime.ids import ConversationId

UNVERIFIED = (Choice("what_is_this", "ask_who_are_you"), Choice("talk_to_person", "request_human"))
VERIFIED = (Choice("what_i_owe", "ask_balance"), Choice("pay", "pay_now"), Choice("spread_it", "request_payment_plan"),
            Choice("cannot_pay", "cannot_pay"), Choice("talk_to_person", "request_human"))


def greet(session: Session, *, conversation_id: ConversationId, link: Outcome | None, now: datetime) -> None:
    """Greet, as far as it is known who is there. A link that no longer works is said to be so."""
    standing = who(session, conversation_id, now=now)
    name = operator().trading_name
    if isinstance(link, Verified) and standing.verified:
        debtor = session.get_one(Debtor, standing.verified)
        text = Say("greeting_verified", {"operator": name, "name": debtor.first_name}, VERIFIED)
    elif link is not None and standing.identified:
        ask(session, conversation_id=conversation_id, name="identity", data={"then": "action_balance"})
        text = Say("greeting_identified", {"operator": name}, UNVERIFIED)
    elif link is not None:
        text = Say("greeting_dead_link", {"operator": name}, UNVERIFIED)
    else:
        text = Say("greeting", {"operator": name}, UNVERIFIED)
    say(session, conversation_id=conversation_id, text=text, now=now)
