"""A host site's word at the beginning of a session: taken, or refused with one sentence whatever was wrong with it."""

import logging
from datetime import datetime

from sqlalchemy.orm import Session

from bot.refusing import refuse
from compliance.host_identity import Refused, use_host_identity
from compliance.identity import Outcome
from runtime.ids import ConversationId

log = logging.getLogger(__name__)


def vouched(session: Session, *, conversation_id: ConversationId, assertion: str, now: datetime) -> Outcome | None:
    """What came of it. None where the site speaks of somebody whom we do not know. Raises the answer to a refusal."""
    try:
        return use_host_identity(session, conversation_id=conversation_id, assertion=assertion, now=now)
    except Refused as error:
        log.warning("a host site's word is refused: %s", error)
        raise refuse(422, "host_identity_refused") from None
