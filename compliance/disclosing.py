"""What a third-party collector says of itself before a debt is spoken of (rules 1 and 2: 12 CFR 1006.18(e)).

Asked by whoever is about to speak of a debt to somebody verified: the actions before their answer, and notices that go
out by themselves. It is the conversation's: said in full once, and shortly after some hours without it.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from compliance.evidence import record
from compliance.operator import operator
from compliance.profile import profile_of
from conversations.models import Conversation
from conversations.say import Say
from ledger.balances import third_party_collector
from ledger.models import Debtor
from runtime.ids import DebtorId


def disclosure_due(session: Session, *, conversation: Conversation, debtor_id: DebtorId, key: str, subject: str,
                   now: datetime) -> Say | None:
    """What has to be said first, or None. It counts as said from now on, and is evidence with its words."""
    rules = profile_of(session.get_one(Debtor, debtor_id))
    last = conversation.disclosed_at
    if last is not None and now - last < rules.disclosed_again_after:
        return None
    if not rules.collector_disclosure or not third_party_collector(session, debtor_id):
        return None
    words = rules.disclosure(first=last is None, language=conversation.language)
    if words is None:
        return None
    conversation.disclosed_at = now
    said = words.format(operator=operator().legal_name)
    name = "disclosure_first" if last is None else "disclosure_later"
    record(session, key=f"{key}:{name}", kind="disclosure.made", debtor_id=debtor_id, conversation_id=conversation.id,
           subject=subject, actor="bot", now=now,
           facts={"say": name, "language": conversation.language, "words": said})
    return Say(name, {"words": said})
