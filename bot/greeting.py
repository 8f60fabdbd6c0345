"""The first words of a conversation (rule 30: the bot says it is one; rule 4: nothing of a debt).

What may be chosen then hints at a debt only to a verified debtor, after what the law wants said first (rule 1), and
invites to pay only where we may ask (rules 13, 20, 35, 36).
"""

from collections.abc import Set
from datetime import datetime

from sqlalchemy.orm import Session

from compliance.asking import balance_of
from compliance.holds import reasons as held_for
from compliance.identity import Outcome, Verified
from compliance.operator import operator
from compliance.profile import profile_of
from compliance.standing import who
from conversations.open import ask
from conversations.say import Choice, Say, say
from ledger.balances import third_party_collector
from ledger.kinds import HoldReason
from ledger.models import Debtor
from runtime.ids import ConversationId

UNVERIFIED = (Choice("what_is_this", "ask_who_are_you"), Choice("talk_to_person", "request_human"))
VERIFIED = (Choice("what_i_owe", "ask_balance"), Choice("pay", "pay_now"), Choice("spread_it", "request_payment_plan"),
            Choice("cannot_pay", "cannot_pay"), Choice("talk_to_person", "request_human"))
RESTING = (VERIFIED[0], VERIFIED[-1])


def _offered(session: Session, debtor: Debtor, reasons: Set[HoldReason], now: datetime) -> tuple[Choice, ...]:
    if HoldReason.SELF_HARM in reasons:
        return VERIFIED[-1:]
    if profile_of(debtor).collector_disclosure and third_party_collector(session, debtor.id):
        return UNVERIFIED
    lines = balance_of(session, debtor.id, now=now).lines
    return VERIFIED if any(line.askable and line.time_barred is not True for line in lines) else RESTING


def greet(session: Session, *, conversation_id: ConversationId, link: Outcome | None, now: datetime) -> None:
    """Greet, as far as it is known who is there. A link that no longer works is said to be so."""
    standing = who(session, conversation_id, now=now)
    name = operator().trading_name
    if isinstance(link, Verified) and standing.verified:
        debtor = session.get_one(Debtor, standing.verified)
        reasons = held_for(session, debtor.id, now=now)
        text = Say("greeting", {"operator": name}, VERIFIED[-1:]) if HoldReason.DECEASED in reasons else Say(
            "greeting_verified", {"operator": name, "name": debtor.first_name}, _offered(session, debtor, reasons, now))
    elif link is not None and standing.identified:
        ask(session, conversation_id=conversation_id, name="identity", data={"then": "action_balance"})
        text = Say("greeting_identified", {"operator": name}, UNVERIFIED)
    elif link is not None:
        text = Say("greeting_dead_link", {"operator": name}, UNVERIFIED)
    else:
        text = Say("greeting", {"operator": name}, UNVERIFIED)
    say(session, conversation_id=conversation_id, text=text, now=now)
