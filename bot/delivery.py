"""Delivery: one function per kind of outbox item. Each raises DeliveryError, or Later with the seconds to wait."""

import asyncio
import json
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from urllib.parse import unquote, urlsplit

import httpx
from sqlalchemy.orm import Session
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError

from bot.delivery_error import DeliveryError
from bot.text_messages import code_sms
from compliance.operator import operator
from conversations.models import Conversation, Message, OutboxItem
from conversations.texts import render
from runtime.database import Database
from runtime.settings import settings

TELEGRAM_LIMIT = 4096


async def deliver(item: OutboxItem, *, database: Database, bot: Bot | None) -> None:
    """Deliver one item. Raises DeliveryError when it was not delivered."""
    if item.kind == "telegram":
        await _telegram(item, database, bot)
    elif item.kind == "alert_webhook":
        await _webhook(item)
    elif item.kind == "alert_email":
        await asyncio.to_thread(_alert_email, item)
    elif item.kind == "code_email":
        await asyncio.to_thread(_code_email, item)
    elif item.kind == "code_sms":
        await code_sms(item)
    else:
        raise DeliveryError(f"no way to deliver {item.kind!r}", final=True)


async def _telegram(item: OutboxItem, database: Database, bot: Bot | None) -> None:
    if bot is None:
        raise DeliveryError("TELEGRAM_BOT_TOKEN is not set", wait_seconds=60)
    with database.read() as session:
        chat, text, keyboard = _telegram_message(session, int(item.payload["message_id"]))
    parts = in_parts(text)
    try:
        for number, part in enumerate(parts, start=1):
            await bot.send_message(chat_id=chat, text=part, reply_markup=keyboard if number == len(parts) else None,
                                   disable_web_page_preview=True)
    except RetryAfter as error:
        seconds = error.retry_after
        raise DeliveryError("too many messages", wait_seconds=float(
            seconds if isinstance(seconds, (int, float)) else seconds.total_seconds())) from error
    except (Forbidden, BadRequest) as error:
        raise DeliveryError(type(error).__name__, final=True) from error
    except TelegramError as error:
        raise DeliveryError(type(error).__name__) from error


def _telegram_message(session: Session, message_id: int) -> tuple[str, str, InlineKeyboardMarkup | None]:
    """A message as Telegram takes it: plain text (nothing to escape), the card beneath, buttons one a row."""
    message = session.get_one(Message, message_id)
    conversation = session.get_one(Conversation, message.conversation_id)
    parts = [message.text]
    rows = []
    if card := message.card:
        parts += [card["title"], *(f"{row['label']}  {row['value']}" for row in card["rows"])]
        if link := card.get("link"):
            parts.append(f"{link['title']}: {link['url']}")
    for button in message.buttons:
        rows.append([InlineKeyboardButton(button["title"], callback_data=button["id"])])
    text = "\n".join(part for part in parts if part)
    return str(conversation.address), text, InlineKeyboardMarkup(rows) if rows else None


def in_parts(text: str) -> list[str]:
    """``text`` in parts that Telegram takes: it counts in UTF-16, where an emoji is two."""
    parts, size = [""], 0
    for char in text:
        size += 2 if ord(char) > 0xFFFF else 1
        if size > TELEGRAM_LIMIT:
            cut = max(parts[-1].rfind("\n"), parts[-1].rfind(" ")) + 1 or len(parts[-1])
            parts[-1:] = [parts[-1][:cut], parts[-1][cut:]]
            size = len((parts[-1] + char).encode("utf-16-le")) // 2
        parts[-1] += char
    return [part.strip() for part in parts if part.strip()]


async def _webhook(item: OutboxItem) -> None:
    target = settings().alert_webhook
    if not target:
        raise DeliveryError("DEBTDESK_ALERT_WEBHOOK is not set", final=True)
    try:
        async with httpx.AsyncClient(timeout=10) as client:
            (await client.post(target, json=item.payload)).raise_for_status()
    except httpx.HTTPError as error:
        raise DeliveryError(type(error).__name__) from error


def _alert_email(item: OutboxItem) -> None:
    recipient = settings().alert_email
    if not recipient:
        raise DeliveryError("DEBTDESK_ALERT_EMAIL is not set", final=True)
    urgent = "URGENT " if item.payload["urgent"] else ""
    _send_mail(to=recipient, subject=f"{urgent}{item.payload['ticket']}: {item.payload['kind']}",
               words=json.dumps(item.payload, indent=2))


def _code_email(item: OutboxItem) -> None:
    """A one-time code. Says nothing of a debt, in sender, subject or text (rule 4)."""
    language = str(item.payload.get("language", "en"))
    values = {"code": item.payload["code"], "minutes": item.payload["minutes"], "sender": operator().neutral_sender}
    _send_mail(to=str(item.payload["to"]), subject=render("code_email_subject", values, language, language),
               words=render("code_email", values, language, language))


def _send_mail(*, to: str, subject: str, words: str) -> None:
    server = settings().smtp_url
    if not server:
        raise DeliveryError("DEBTDESK_SMTP_URL is not set", final=True)
    mail = EmailMessage()
    mail["Subject"], mail["To"] = subject, to
    mail["From"] = Address(operator().neutral_sender, addr_spec=operator().email)
    mail.set_content(words)
    url = urlsplit(server)
    try:
        with smtplib.SMTP(url.hostname or "127.0.0.1", url.port or 25, timeout=10) as smtp:
            smtp.ehlo()
            if url.scheme == "smtps" or smtp.has_extn("starttls"):
                smtp.starttls(context=ssl.create_default_context())
            if url.username:
                smtp.login(unquote(url.username), unquote(url.password or ""))
            smtp.send_message(mail)
    except (OSError, smtplib.SMTPException) as error:
        raise DeliveryError(type(error).__name__) from error
