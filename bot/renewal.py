"""Going on after a verification: the old token is dead, the client proves its key and gets a new one.

``POST /session/nonce`` and ``POST /session/renew`` take the old token, which opens nothing else any more.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from bot.answers import NO_SESSION, REFUSALS
from bot.chat_api import SESSION_LIFE, Gate, SessionReply, Token
from bot.refusing import refuse
from compliance.session_keys import NONCE_LIFE, can_renew, new_nonce, renew
from runtime.ids import token_hash

router = APIRouter(prefix="/api/chat/session", tags=["chat"], responses=REFUSALS | NO_SESSION)


def _renewable(token: Token, gate: Gate) -> str:
    """The old token of a session that can be renewed. Any other is refused before anything is written."""
    if not gate.limits.messages.allows(token_hash(token)):
        raise refuse(429, "too_many_messages")
    with gate.database.read() as session:
        renewable = can_renew(session, token=token, now=gate.clock.now())
    if not renewable:
        raise refuse(401, "session_over" if renewable is None else "session_keyless")
    return token


Renewable = Annotated[str, Depends(_renewable)]


class NonceReply(BaseModel):
    """What the client signs: ``renew``, the conversation's id and the nonce, with a line break between each."""

    nonce: str
    expires_at: datetime


class RenewRequest(BaseModel):
    """The nonce, and the signature over it (ECDSA, P-256, SHA-256; r and s, URL-safe base64)."""

    nonce: Annotated[str, Field(max_length=64)]
    signature: Annotated[str, Field(max_length=128)]


@router.post("/nonce", status_code=201)
def nonce(token: Renewable, gate: Gate) -> NonceReply:
    """A nonce for a session that a verification has ended. The newest one counts."""
    now = gate.clock.now()
    with gate.database.write() as session:
        made = new_nonce(session, token=token, now=now)
    if made is None:
        raise refuse(401, "session_over")
    return NonceReply(nonce=made, expires_at=now + NONCE_LIFE)


@router.post("/renew", status_code=201)
def go_on(body: RenewRequest, token: Renewable, gate: Gate) -> SessionReply:
    """A new token for the client that made the key. Why it was refused is said to nobody."""
    now = gate.clock.now()
    with gate.database.write() as session:
        renewed = renew(session, token=token, nonce=body.nonce, signature=body.signature, life=SESSION_LIFE, now=now)
    if renewed is None:
        raise refuse(401, "session_over")
    return SessionReply(conversation_id=renewed[0], token=renewed[1], expires_at=now + SESSION_LIFE)
