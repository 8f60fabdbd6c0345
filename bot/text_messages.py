"""Text messages, through whatever gateway the operator has: one signed call, in the manner of Standard Webhooks.

The body is ``{"type": "sms", "to", "text", "sender"}``; ``webhook-id`` stays the same when a call is repeated. An
answer of the 200s means that the gateway has taken it over.
"""

import json

import httpx

from bot.delivery_error import DeliveryError
from compliance.operator import operator
from conversations.models import OutboxItem
from conversations.texts import render
from exchange.signing import sign
from runtime.clock import real_now
from runtime.settings import settings
from runtime.webhooks import keys_of

TIMEOUT_SECONDS = 10


async def code_sms(item: OutboxItem) -> None:
    """A one-time code. Neither sender nor text says anything of a debt (rule 4). Raises DeliveryError."""
    language = str(item.payload.get("language", "en"))
    sender = operator().neutral_sender
    values = {"code": item.payload["code"], "minutes": item.payload["minutes"], "sender": sender}
    await _send(message_id=f"sms_{item.id}", to=str(item.payload["to"]), sender=sender,
                words=render("code_sms", values, language, language))


async def _send(*, message_id: str, to: str, sender: str, words: str) -> None:
    url, secret = settings().sms_url, settings().sms_secret
    if url is None or secret is None:
        raise DeliveryError("DEBTDESK_SMS_URL is not set", final=True)
    body = json.dumps({"type": "sms", "to": to, "text": words, "sender": sender}, ensure_ascii=False).encode()
    stamp = int(real_now().timestamp())  # the gateway compares it with its own clock
    headers = {"content-type": "application/json", "webhook-id": message_id, "webhook-timestamp": str(stamp),
               "webhook-signature": sign(keys_of(secret.get_secret_value()), message_id, stamp, body)}
    try:
        async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
            answer = await client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise DeliveryError(type(error).__name__) from error
    if not answer.is_success:
        gone = answer.status_code in (400, 403, 404, 410, 422)
        raise DeliveryError(f"the SMS gateway answered {answer.status_code}", final=gone)
