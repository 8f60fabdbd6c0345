"""A web session's key: who may go on in a conversation once somebody was verified in it.

A bearer token speaks for a conversation as long as nobody is verified there. At verification it dies, with every open
stream, and only the client that holds the private key to the public one of ``POST /session`` gets a new token. What a
client says of who it is must carry a signature of the same key, so that whoever was handed somebody else's session
(session fixation, CWE-384) says nothing into it.

Keys are ECDSA on P-256 with SHA-256, as WebCrypto makes them: a JWK of RFC 7517, signatures as r and s of 32 bytes
each (RFC 7518, 3.4).
"""

import base64
import binascii
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import SessionKey
from conversations.models import Conversation
from conversations.say import lock
from runtime.ids import ConversationId, new_token, token_hash

NONCE_LIFE = timedelta(minutes=2)
LONGEST_KEY = 512
_COORDINATE = 32


class BadKey(ValueError):
    """What was given is no public key of the kind that is asked for. The message says what is wrong with it."""


def read_key(given: str | Mapping[str, Any]) -> dict[str, str]:
    """A client's public key, as ``{kty, crv, x, y}``. Raises BadKey, also for a key that is private."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            raise BadKey("not a JWK: it is no JSON") from None
    if not isinstance(given, Mapping):
        raise BadKey("not a JWK: it is no JSON object")
    if "d" in given:
        raise BadKey("that is a private key; it must never leave the client: make a new one, send its public half")
    if given.get("kty") != "EC" or given.get("crv") != "P-256":
        raise BadKey('not a key of the kind that is asked for: {"kty": "EC", "crv": "P-256", "x": …, "y": …}')
    key = {"kty": "EC", "crv": "P-256", "x": str(given.get("x")), "y": str(given.get("y"))}
    _public(key)
    return key


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _public(key: Mapping[str, str]) -> ec.EllipticCurvePublicKey:
    x, y = _bytes(key["x"]), _bytes(key["y"])
    if len(x) != _COORDINATE or len(y) != _COORDINATE:
        raise BadKey("x and y are not 32 bytes each in URL-safe base64")
    try:
        numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1())
        return numbers.public_key()
    except ValueError:
        raise BadKey("x and y are no point of the curve") from None


def signed_by(key: Mapping[str, str], *, signature: str, words: str) -> bool:
    """Whether ``signature`` (URL-safe base64 of r and s) over ``words`` in UTF-8 was made with the key."""
    raw = _bytes(signature)
    if len(raw) != 2 * _COORDINATE:
        return False
    r, s = int.from_bytes(raw[:_COORDINATE], "big"), int.from_bytes(raw[_COORDINATE:], "big")
    try:
        _public(key).verify(encode_dss_signature(r, s), words.encode(errors="replace"), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def keep_key(session: Session, *, conversation_id: ConversationId, key: Mapping[str, str]) -> None:
    """Keep the public key that was sent with the request for the session; there is one for a conversation, for ever."""
    session.add(SessionKey(conversation_id=conversation_id, public_key=dict(key)))
    session.flush()


# What is signed -----------------------------------------------------------------------------------------------------


def message_words(conversation_id: str, message_id: str, text: str) -> str:
    """What a client signs of a message that says who it is."""
    return f"message\n{conversation_id}\n{message_id}\n{text}"


def renewal_words(conversation_id: str, nonce: str) -> str:
    """What a client signs to go on after a verification."""
    return f"renew\n{conversation_id}\n{nonce}"


def who_sent(session: Session, *, conversation_id: ConversationId, message_id: str, text: str,
             proof: str | None) -> Literal["its client", "anybody", "a stranger"]:
    """Whether a message comes from the client that began the session.

    Where that client made no key it may be from anybody who has the token: whoever is verified by it gets nothing,
    because nobody can renew the session.
    """
    row = session.get(SessionKey, conversation_id)
    if row is None or row.public_key is None:
        return "anybody"
    signed = proof is not None and signed_by(
        row.public_key, signature=proof, words=message_words(conversation_id, message_id, text))
    return "its client" if signed else "a stranger"


# The end of a token and the next one -------------------------------------------------------------------------------


def retire_token(session: Session, conversation_id: ConversationId) -> None:
    """End the token that speaks for the conversation, because somebody was verified in it. Without one: nothing."""
    conversation = lock(session, conversation_id)
    if conversation.session_token_hash is None:
        return
    row = session.get(SessionKey, conversation_id)
    if row is None:
        row = SessionKey(conversation_id=conversation_id)
        session.add(row)
    row.retired_hash, conversation.session_token_hash = conversation.session_token_hash, None
    row.nonce_hash = row.nonce_until = None
    session.flush()


def _retired(session: Session, token: str, now: datetime) -> tuple[SessionKey, Conversation] | None:
    found = session.execute(
        select(SessionKey, Conversation).join(Conversation, Conversation.id == SessionKey.conversation_id)
        .where(SessionKey.retired_hash == token_hash(token))).first() if token else None
    if found is None or found[1].session_expires_at is None or found[1].session_expires_at <= now:
        return None
    return found[0], found[1]


def can_renew(session: Session, *, token: str, now: datetime) -> bool | None:
    """Whether a token that speaks for nothing was ended by a verification and its client made a key.

    None: it was not ended by a verification, or its time was over anyway. False: it was, and there is no key.
    """
    found = _retired(session, token, now)
    return None if found is None else found[0].public_key is not None


def new_nonce(session: Session, *, token: str, now: datetime) -> str | None:
    """A nonce to be signed, for the client whose token was ended by a verification; None for any other."""
    found = _retired(session, token, now)
    if found is None or found[0].public_key is None:
        return None
    nonce = new_token()
    found[0].nonce_hash, found[0].nonce_until = token_hash(nonce), now + NONCE_LIFE
    session.flush()
    return nonce


def renew(session: Session, *, token: str, nonce: str, signature: str, life: timedelta,
          now: datetime) -> tuple[ConversationId, str] | None:
    """The conversation and its new token, for the client that signs the newest nonce with the session's key.

    A nonce is good for one try. None when anything does not fit. A renewal whose answer was lost may be asked for
    again, with a new nonce; the token that nobody received dies with it.
    """
    found = _retired(session, token, now)
    if found is None or found[0].public_key is None:
        return None
    lock(session, ConversationId(found[1].id))
    row, conversation = found
    session.refresh(row, with_for_update=True)
    fits = row.nonce_hash == token_hash(nonce) and row.nonce_until is not None and row.nonce_until > now
    row.nonce_hash = row.nonce_until = None
    session.flush()
    if not fits or row.public_key is None or not signed_by(
            row.public_key, signature=signature, words=renewal_words(conversation.id, nonce)):
        return None
    fresh = new_token()
    conversation.session_token_hash, conversation.session_expires_at = token_hash(fresh), now + life
    session.flush()
    return ConversationId(conversation.id), fresh
