"""The chat API: sessions, messages, events, history (architecture, "Contracts that stay fixed")."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, model_validator

from bot.answers import EVENTS, NO_SESSION, REFUSALS, History
from bot.events import HISTORY, Fresh, read_after, read_latest
from bot.gateway import Gateway, gateway
from bot.greeting import greet
from bot.host_identity import vouched
from bot.limits import address_key
from bot.receiving import Received, receive_press, receive_text
from bot.refusing import refuse
from bot.sessions import SessionOver
from compliance.host_identity import host_sites_set_up
from compliance.identity import use_link
from compliance.session_keys import LONGEST_KEY, BadKey, can_renew, keep_key, read_key, who_sent
from compliance.standing import end_verification
from conversations.models import Conversation
from conversations.open import open_conversation
from conversations.say import lock
from conversations.turns import has_open_turn
from runtime.errors import DebtorError
from runtime.ids import ConversationId, new_token, token_hash

router = APIRouter(prefix="/api/chat", tags=["chat"], responses=REFUSALS)
SESSION_LIFE = timedelta(hours=12)
KEEPALIVE_SECONDS = 15.0
LAST_EVENT = 2**31 - 1
MOST_STREAMS = 12
"""Event streams of one conversation at a time: its tabs, and those a telephone lost on its way."""


class SessionRequest(BaseModel):
    """What a panel sends to begin."""

    link: str | None = Field(None, max_length=64, description="Personal token, from the address's fragment")
    identity: str | None = Field(None, max_length=4096, description="JWT of the host site, once and for minutes")
    locale: str = Field("en-GB", max_length=12, pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z]{2,4})?$")
    client_key: Annotated[str, Field(max_length=LONGEST_KEY)] | dict[str, Any] | None = Field(
        None, description="Public key of the client, an EC JWK on P-256: with it the session goes on after a "
                          "verification, without one it ends there")


class SessionReply(BaseModel):
    """The conversation, and the token that speaks for it."""

    conversation_id: str
    token: str
    expires_at: datetime


class MessageRequest(BaseModel):
    """A text or a pressed button. ``id`` is made by the client; the same one again is the same message."""

    id: UUID
    text: str | None = None
    button: str | None = Field(None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    proof: str | None = Field(None, max_length=128, description="Signature of the session's key over "
                              "``message``, conversation, id and text: asked of messages that say who it is")

    @model_validator(mode="after")
    def _one_of_both(self) -> "MessageRequest":
        if (self.text is None) == (self.button is None):
            raise ValueError("send either a text or a button")
        return self


async def _token(authorization: Annotated[str, Header()] = "") -> str:
    scheme, _, token = authorization.partition(" ")
    return token if scheme.lower() == "bearer" else ""


Token = Annotated[str, Depends(_token)]


def _speaker(gate: Annotated[Gateway, Depends(gateway)], token: Token) -> Conversation:
    try:
        return gate.sessions.speaker(token)
    except SessionOver:
        raise _over(gate, token) from None


def _over(gate: Gateway, token: str) -> HTTPException:
    """Why a token opens nothing: its time is over, or a verification ended it and the client may go on by its key."""
    with gate.database.read() as session:
        renewable = can_renew(session, token=token, now=gate.clock.now())
    return refuse(401, "session_over" if renewable is None else "session_renew" if renewable else "session_keyless")


Speaker = Annotated[Conversation, Depends(_speaker)]
Gate = Annotated[Gateway, Depends(gateway)]


def client_address(request: Request) -> str:
    """The address the request came from."""
    return request.client.host if request.client else "unknown"


@router.post("/session", status_code=201)
def begin(body: SessionRequest, request: Request, gate: Gate) -> SessionReply:
    """Begin a conversation. A personal link, or a host site's signed word, says who is talking; nothing else here."""
    if not gate.limits.sessions.allows(address_key(client_address(request))):
        raise refuse(429, "too_many_messages")
    if body.identity is not None and not host_sites_set_up():
        raise refuse(422, "no_host_identity")
    now, token = gate.clock.now(), new_token()
    try:
        key = read_key(body.client_key) if body.client_key else None
    except BadKey as error:
        raise refuse(422, "bad_client_key", reason=str(error)) from None
    locale = body.locale.replace("_", "-")
    with gate.database.write() as session:
        conversation = open_conversation(session, channel="web", address=client_address(request), now=now,
                                         locale=locale, language=locale[:2].lower())
        conversation_id = ConversationId(conversation.id)
        if key is not None:
            keep_key(session, conversation_id=conversation_id, key=key)
        outcome = use_link(session, conversation_id=conversation_id, token=body.link, now=now) if body.link else None
        if body.identity is not None and outcome is None:
            outcome = vouched(session, conversation_id=conversation_id, assertion=body.identity, now=now)
        conversation.session_token_hash = token_hash(token)  # after a link that verifies: nobody else ever had it
        conversation.session_expires_at = now + SESSION_LIFE
        greet(session, conversation_id=conversation_id, link=outcome, now=now)
        return SessionReply(conversation_id=conversation.id, token=token, expires_at=now + SESSION_LIFE)


@router.delete("/session", status_code=204, responses=NO_SESSION)
def end(speaker: Speaker, gate: Gate) -> None:
    """End the session: its token opens nothing any more, and whoever was verified in it is not (a shared screen)."""
    conversation_id, now = ConversationId(speaker.id), gate.clock.now()
    with gate.database.write() as session:
        lock(session, conversation_id).session_expires_at = now
        end_verification(session, conversation_id=conversation_id, reason="left", now=now)


@router.post("/messages", status_code=202, responses=NO_SESSION)
async def send(body: MessageRequest, token: Token, gate: Gate) -> dict[str, Any]:
    """Take in a message. It is stored before this answers; the reply comes as an event."""
    try:
        received = await asyncio.to_thread(_take_in, gate, token, body)
    except SessionOver:
        raise await asyncio.to_thread(_over, gate, token) from None
    except DebtorError as error:
        raise refuse(422, error.say, **error.values) from None
    conversation_id = ConversationId(received.conversation.id)
    if received.claimed and received.message:
        gate.handler.wake(conversation_id, (received.conversation, received.turn))
        await asyncio.sleep(0)  # the engine is asked before anything else is done
        gate.wakeup.tell(conversation_id, Fresh.of(
            [received.message], busy=True, token=received.conversation.session_token_hash))
    else:
        gate.handler.wake(conversation_id)
        gate.wakeup.wake(conversation_id)
    return {"id": str(body.id)}


def _take_in(gate: Gateway, token: str, body: MessageRequest) -> Received:
    """Store the message; its turn is claimed in the same transaction, unless an earlier one is still open."""
    conversation_id = gate.sessions.probably(token)
    if not gate.limits.messages.allows(conversation_id):
        raise refuse(429, "too_many_messages")
    provider_id = f"web:{conversation_id}:{body.id}"
    now = gate.clock.now()
    with gate.database.write() as session:
        gate.sessions.speaking(session, conversation_id, token)
        if body.button is not None:
            return _counted(gate, receive_press(session, conversation_id=conversation_id, provider_id=provider_id,
                                                button_id=body.button, now=now, client_id=str(body.id), claiming=True))
        received = receive_text(session, conversation_id=conversation_id, provider_id=provider_id,
                                text=body.text or "", now=now, client_id=str(body.id), claiming=True)
        if received.message and any(received.turn.factors.values()):
            sender = who_sent(session, conversation_id=conversation_id, message_id=str(body.id), text=body.text or "",
                              proof=body.proof)
            if sender == "a stranger":
                raise refuse(422, "not_this_client")  # nothing of it is stored
            if sender == "anybody":
                received.message.text = received.turn.masked  # whoever else has the token reads along
        return _counted(gate, received)


def _counted(gate: Gateway, received: Received) -> Received:
    """Refuses, and so takes back, what is too much from one debtor in all their conversations."""
    if received.debtor_id is not None and not gate.limits.accounts.allows(str(received.debtor_id)):
        raise refuse(429, "too_many_messages")
    return received


@router.get("/history", responses=NO_SESSION | {200: {"model": History}})
def history(speaker: Speaker, token: Token, gate: Gate) -> dict[str, Any]:
    """What was said, oldest first: what the panel needs after a reload."""
    with gate.database.read() as session:
        return {"messages": read_latest(session, speaker, token=token_hash(token), now=gate.clock.now()),
                "typing": has_open_turn(session, ConversationId(speaker.id))}


@router.get("/events", response_class=StreamingResponse, responses=NO_SESSION | EVENTS)
async def events(speaker: Speaker, token: Token, gate: Gate,
                 last_event_id: Annotated[int, Header(ge=0, le=LAST_EVENT)] = 0) -> StreamingResponse:
    """Server-sent events of the conversation, from ``Last-Event-ID`` on."""
    if gate.wakeup.listening(speaker.id) >= MOST_STREAMS:
        raise refuse(429, "too_many_calls")
    return StreamingResponse(_stream(gate, speaker, token, last_event_id), media_type="text/event-stream",
                             headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


async def _stream(gate: Gateway, speaker: Conversation, token: str, after: int) -> AsyncIterator[str]:
    conversation_id, proof = ConversationId(speaker.id), token_hash(token)
    typing = False
    with gate.wakeup.listener(speaker.id) as news:
        yield f"event: session\ndata: {json.dumps({'conversation_id': speaker.id})}\n\n"
        while not gate.closing.is_set():  # the response ends this generator when the client has gone
            fresh = news.take(after, token=proof) or await asyncio.to_thread(
                read_after, gate.database, conversation_id, after, token=proof, now=gate.clock.now())
            news.seen = max(news.seen, fresh.newest)
            found = fresh.messages
            told = [f"id: {message['id']}\nevent: message\ndata: {json.dumps(message)}\n\n" for message in found]
            after = found[-1]["id"] if found else after
            if fresh.busy != typing:
                typing = fresh.busy
                told.append(f"event: typing\ndata: {json.dumps({'on': typing})}\n\n")
            if told:
                yield "".join(told)
            if not fresh.alive:  # somebody was verified: whoever began the session goes on by its key
                yield f"event: session\ndata: {json.dumps({'state': 'renew'})}\n\n"
                return
            if speaker.session_expires_at and speaker.session_expires_at <= gate.clock.now():
                yield f"event: session\ndata: {json.dumps({'state': 'expired'})}\n\n"
                return
            if len(found) == HISTORY:
                continue  # there is more already
            try:
                async with asyncio.timeout(KEEPALIVE_SECONDS):
                    await news.wait()
            except TimeoutError:
                news.look()
                yield ": still here\n\n"
