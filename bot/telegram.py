"""Telegram by long polling: every update is stored under its own id before Telegram hears that we have it.

python-telegram-bot's updater keeps updates in memory and acknowledges early, so only its ``Bot`` is used here. The
offset moves with the next call, after the transaction; what is delivered twice ends at its stored id.
"""

import asyncio
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session
from telegram import Bot, CallbackQuery, Message, Update
from telegram.constants import ChatType
from telegram.error import RetryAfter, TelegramError
from telegram.request import HTTPXRequest

from bot.greeting import greet
from bot.hearing import MAX_TEXT, clean, hear
from bot.receiving import receive_press, receive_text
from compliance.identity import use_link
from compliance.placing import heard_by_staff
from compliance.profile import profile
from compliance.safety_net import stop, urgent_intent
from compliance.standing import who
from conversations.models import Conversation, Turn, TurnState
from conversations.models import Message as StoredMessage
from conversations.open import conversation_at, open_conversation
from conversations.say import Say, say
from conversations.turns import Heard, receive, turn_of
from runtime.errors import DebtorError
from runtime.ids import ConversationId, TurnId
from runtime.settings import settings

if TYPE_CHECKING:
    from bot.gateway import Gateway

log = logging.getLogger(__name__)
POLL_SECONDS = 20
BACKOFF_SECONDS = 3.0
ENOUGH_FAILURES = 5
"""Attempts at one update; after that it is passed over, so that it does not keep everybody else's back."""
MAX_TOKEN = 64
TOO_MUCH = "too_many_messages"
LATELY = timedelta(minutes=1)
"""For so long it is not said again that it is too much, nor an urgent word of a flood taken in again."""


def make_bot(token: str) -> Bot:
    """The Bot API client, at the address of the settings."""
    request = HTTPXRequest(read_timeout=POLL_SECONDS + 10, connect_timeout=10, connection_pool_size=8)
    return Bot(token, base_url=settings().telegram_api_url, get_updates_request=request,
               request=HTTPXRequest(read_timeout=15, connect_timeout=10, connection_pool_size=8))


class TelegramChannel:
    """Receives what debtors write to the bot. Sending is the worker's, through the outbox."""

    def __init__(self, gate: "Gateway", token: str) -> None:
        self._gate = gate
        self._token = token
        self._offset: int | None = None
        self._failures = 0

    async def run(self) -> None:
        """Poll for ever; a failure is logged and tried again, also when Telegram is away at the start."""
        while True:
            try:
                async with make_bot(self._token) as bot:
                    await self._poll(bot)
            except RetryAfter as error:
                await asyncio.sleep(float(error.retry_after if isinstance(error.retry_after, (int, float))
                                          else error.retry_after.total_seconds()))
            except TelegramError as error:
                log.warning("Telegram does not answer (%s); trying again", type(error).__name__)
                await asyncio.sleep(BACKOFF_SECONDS)
            except Exception:
                log.exception("taking in from Telegram failed; trying again")
                await asyncio.sleep(BACKOFF_SECONDS)

    async def _poll(self, bot: Bot) -> None:
        while True:
            for update in await bot.get_updates(offset=self._offset, timeout=POLL_SECONDS,
                                                allowed_updates=["message", "callback_query"]):
                try:
                    await self._take_in(update)
                except (OperationalError, InterfaceError):
                    raise  # the database is away: Telegram keeps the update until it is back
                except Exception as error:
                    self._failures += 1
                    if self._failures < ENOUGH_FAILURES:
                        raise
                    log.error("update %s is passed over: %s", update.update_id, type(error).__name__)
                self._offset, self._failures = update.update_id + 1, 0

    async def _take_in(self, update: Update) -> None:
        try:
            conversation_id = await asyncio.to_thread(self._store, update)
        except DebtorError as error:
            log.info("update %s refused: %s", update.update_id, error.say)
            conversation_id = await asyncio.to_thread(self._refuse, update, error)
        if update.callback_query:
            await self._acknowledge(update.callback_query)
        if conversation_id:
            self._gate.handler.wake(conversation_id)
            self._gate.wakeup.wake(conversation_id)

    async def _acknowledge(self, query: CallbackQuery) -> None:
        try:
            await query.answer()
        except TelegramError as error:
            log.info("a button's press could not be acknowledged: %s", type(error).__name__)

    def _store(self, update: Update) -> ConversationId | None:
        """Store one update and what it says, in one transaction; None when there is nothing to handle."""
        chat = update.effective_chat
        if chat is None or chat.type != ChatType.PRIVATE:
            return None  # a debt is never spoken of in a group
        provider_id = f"telegram:{update.update_id}"
        with self._gate.database.write() as session:
            if turn_of(session, provider_id):
                return None
            conversation, is_new = self._conversation(session, str(chat.id), update)
            conversation_id = ConversationId(conversation.id)
            now = self._gate.clock.now()
            self._count(session, conversation_id)
            if query := update.callback_query:
                receive_press(session, conversation_id=conversation_id, provider_id=provider_id,
                              button_id=str(query.data or "")[:64], now=now)
                return conversation_id
            if update.message is None:
                return None
            text = update.message.text
            if text and (text == "/start" or text.startswith("/start ")):
                self._start(session, conversation_id, provider_id, text[7:].strip()[:MAX_TOKEN])
                return None
            if is_new:
                greet(session, conversation_id=conversation_id, link=None, now=now)
            if text:
                receive_text(session, conversation_id=conversation_id, provider_id=provider_id, text=text, now=now)
            else:
                receive(session, conversation_id=conversation_id, provider_id=provider_id, now=now,
                        heard=_attachment(update.message, conversation, now))
            return conversation_id

    def _count(self, session: Session, conversation_id: ConversationId) -> None:
        """Raises DebtorError for what is too much for the conversation, or for the debtor over all of theirs."""
        limits = self._gate.limits
        verified = who(session, conversation_id, now=self._gate.clock.now()).verified
        if not limits.messages.allows(conversation_id) or (
            verified is not None and not limits.accounts.allows(str(verified))
        ):
            raise DebtorError(TOO_MUCH)

    def _refuse(self, update: Update, error: DebtorError) -> ConversationId | None:
        """Say why an update was not taken in; staff see the beginning of what it was.

        Telegram does not give it back to whoever wrote it, so what the lexical net finds in it takes its effect all
        the same: then the conversation is returned, to be handled. Of a flood only the first is answered.
        """
        chat, now = update.effective_chat, self._gate.clock.now()
        provider_id = f"telegram:{update.update_id}"
        with self._gate.database.write() as session:
            if chat is None or turn_of(session, provider_id):
                return None
            conversation, _ = self._conversation(session, str(chat.id), update)
            conversation_id = ConversationId(conversation.id)
            text = (update.message and (update.message.text or update.message.caption)) or ""
            words = "start" if text.startswith("/start ") else clean(text)  # what is behind it is a secret
            urgent = _urgent(words)
            if urgent and error.say == TOO_MUCH and _heard_lately(session, conversation_id, urgent, now):
                urgent = None
            shown = words[:MAX_TEXT] or ("[button]" if update.callback_query else "[file]")
            heard = hear(shown, conversation, today=now.date())
            turn, _ = receive(session, conversation_id=conversation_id, provider_id=provider_id, now=now,
                              heard=replace(heard, forced_intent=urgent))
            if urgent:
                return conversation_id
            if turn.state == TurnState.RECEIVED:  # the bot's to answer, not staff's
                turn.state, turn.done_at = TurnState.DONE, now
                if error.say != TOO_MUCH or not _said_lately(session, conversation_id, TOO_MUCH, now):
                    say(session, conversation_id=conversation_id, text=Say(error.say, error.values),
                        turn_id=TurnId(turn.id), now=now)
            heard_by_staff(session, turn, now=now)
            return None

    def _conversation(self, session: Session, chat: str, update: Update) -> tuple[Conversation, bool]:
        if found := conversation_at(session, channel="telegram", address=chat):
            return found, False
        language = (update.effective_user.language_code if update.effective_user else None) or "en"
        locale = language if "-" in language else f"{language}-{profile().country}"
        return open_conversation(session, channel="telegram", address=chat, now=self._gate.clock.now(),
                                 locale=locale[:12], language=locale[:2].lower()), True

    def _start(self, session: Session, conversation_id: ConversationId, provider_id: str, token: str) -> None:
        """``/start`` opens or opens again; a token behind it is a personal link."""
        now = self._gate.clock.now()
        heard = Heard(raw="/start", shown="/start", masked="…", terms={}, factors={})
        turn, _ = receive(session, conversation_id=conversation_id, provider_id=provider_id, heard=heard, now=now)
        turn.state, turn.done_at = TurnState.DONE, now  # answered here, not by the engine
        outcome = use_link(session, conversation_id=conversation_id, token=token, now=now) if token else None
        greet(session, conversation_id=conversation_id, link=outcome, now=now)


def _attachment(message: Message, conversation: Conversation, now: datetime) -> Heard:
    """A file, with what is written beneath it."""
    kind = next((k for k in ("photo", "document", "voice", "video", "sticker") if getattr(message, k, None)), "file")
    heard = hear(f"[{kind}] {message.caption or ''}"[:MAX_TEXT], conversation, today=now.date())
    return replace(heard, forced_intent=_urgent(clean(message.caption or "")) or "attachment")


def _urgent(words: str) -> str | None:
    """What has to take effect of words that the engine does not get to read."""
    return urgent_intent(words) or ("stop_contact" if stop(words) else None)


def _heard_lately(session: Session, conversation_id: ConversationId, intent: str, now: datetime) -> bool:
    """Whether just this took its effect, or is about to, within the last minute."""
    return session.scalar(select(Turn.id).where(
        Turn.conversation_id == conversation_id, Turn.forced_intent == intent, Turn.received_at > now - LATELY,
    ).limit(1)) is not None


def _said_lately(session: Session, conversation_id: ConversationId, name: str, now: datetime) -> bool:
    return session.scalar(select(StoredMessage.id).where(
        StoredMessage.conversation_id == conversation_id, StoredMessage.say == name, StoredMessage.at > now - LATELY,
    ).limit(1)) is not None
