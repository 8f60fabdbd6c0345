"""The channel by which the gateway, and nobody else, speaks to Rasa.

Unlike Rasa's REST channel it demands a shared secret, takes the gateway's turn id as message id, seeds the facts
the gateway knows, and returns what the console needs: intent ranking and executed actions. A turn that already
stands in the tracker is answered from it and not asked again.
"""

import asyncio
import gc
import hmac
import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from rasa.core.channels.channel import CollectingOutputChannel, InputChannel, UserMessage
from rasa.shared.core.events import ActionExecuted, BotUttered, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from engine import repairs, shortcuts

logger = logging.getLogger(__name__)
repairs.apply()
shortcuts.apply()

SEEDED = ("open_question",)


class DeskChannel(InputChannel):
    """Input channel ``desk``: ``POST /webhooks/desk/turn``."""

    def __init__(self, secret: str) -> None:
        if not secret:
            raise ValueError("the desk channel needs a secret: set DEBTDESK_ENGINE_SECRET")
        self._secret = secret.encode()
        self._saving: set[asyncio.Task[None]] = set()

    @classmethod
    def name(cls) -> str:
        """The channel's name, part of its address."""
        return "desk"

    @classmethod
    def from_credentials(cls, credentials: dict[str, Any] | None) -> "DeskChannel":
        """The channel by ``credentials.yml``."""
        return cls(str((credentials or {}).get("secret") or ""))

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """The routes of the channel."""
        desk = Blueprint("desk_webhook", __name__)

        @desk.route("/", methods=["GET"])
        async def health(_request: Request) -> HTTPResponse:
            return response.json({"status": "ok"})

        @desk.listener("after_server_start")
        async def settle(*_: Any) -> None:
            gc.collect()  # what is there now stays: no turn pays for looking through all of it
            gc.freeze()
            gc.set_threshold(50_000, 20, 20)

        @desk.listener("after_server_stop")
        async def close(*_: Any) -> None:
            await asyncio.gather(*self._saving, return_exceptions=True)
            await repairs.close()

        @desk.route("/turn", methods=["POST"])
        async def turn(request: Request) -> HTTPResponse:
            shown = request.headers.get("X-Desk-Secret", "").encode(errors="replace")
            if not hmac.compare_digest(shown, self._secret):
                return response.json({"error": "wrong secret"}, status=403)
            body = request.json or {}
            agent = request.app.ctx.agent
            if not agent or not agent.is_ready():
                return response.json({"error": "no model is loaded"}, status=503)
            async with AsyncExitStack() as held:
                await held.enter_async_context(agent.lock_store.lock(body["sender"]))
                tracker, is_new = await self._answered(agent.processor, body)
                if is_new:
                    saving = asyncio.create_task(self._save(agent.processor, tracker, held.pop_all()))
                    self._saving.add(saving)
                    saving.add_done_callback(self._saving.discard)
                return response.json(_report(tracker, str(body["turn_id"])))

        return desk

    async def _save(self, processor: Any, tracker: DialogueStateTracker, held: AsyncExitStack) -> None:
        """Store the tracker while its answer is on the way; the sender's next turn waits until it is.

        What is lost here by a crash is only what policies see of earlier turns: the answer, its effects and the open
        question are kept by the gateway and the actions.
        """
        async with held:
            try:
                await processor.save_tracker(tracker)
            except Exception:
                logger.exception("the tracker of %s could not be stored", tracker.sender_id)

    async def _answered(self, processor: Any, body: dict[str, Any]) -> tuple[DialogueStateTracker, bool]:
        """The tracker with the turn's answer in it, and whether the turn was new to it."""
        turn_id, sender = str(body["turn_id"]), str(body["sender"])
        output = CollectingOutputChannel()
        metadata = {"turn_id": body["turn_id"], "language": body.get("language", "en")}
        tracker = await processor.fetch_tracker_and_update_session(sender, output, metadata)
        is_new = _position(tracker, turn_id) is None
        if is_new:
            facts = body.get("facts") or {}
            for slot in SEEDED:  # always: of earlier turns only the last few are loaded
                tracker.update(SlotSet(slot, facts.get(slot)), processor.domain)
            message = UserMessage(body["text"], output, sender, input_channel=self.name(), message_id=turn_id,
                                  metadata=metadata)
            await processor._handle_message_with_tracker(message, tracker)
            tracker = await processor.run_action_extract_slots(output, tracker)
            await processor._run_prediction_loop(output, tracker)
        return tracker, is_new


def _position(tracker: DialogueStateTracker, turn_id: str) -> int | None:
    """Where the turn's message stands among the tracker's events."""
    for index in range(len(tracker.events) - 1, -1, -1):
        event = tracker.events[index]
        if isinstance(event, UserUttered) and event.message_id == turn_id:
            return index
    return None


def _report(tracker: DialogueStateTracker, turn_id: str) -> dict[str, Any]:
    """What the turn brought: messages, reading, and the actions that ran."""
    start = _position(tracker, turn_id)
    if start is None:
        raise RuntimeError(f"turn {turn_id} is not in the tracker after it was handled")
    messages: list[Any] = []
    actions: list[str] = []
    reading = tracker.events[start]
    for event in list(tracker.events)[start + 1:]:
        if isinstance(event, UserUttered):
            break
        if isinstance(event, BotUttered):
            messages.append((event.data or {}).get("custom"))
        elif isinstance(event, ActionExecuted) and event.action_name and event.action_name != "action_listen":
            actions.append(event.action_name)
    ranking = (reading.parse_data or {}).get("intent_ranking") or []
    return {
        "messages": [m for m in messages if m],
        "intent": reading.intent.get("name"),
        "confidence": reading.intent.get("confidence"),
        "ranking": [{"name": r["name"], "confidence": r["confidence"]} for r in ranking[:5]],
        "actions": [a for a in actions if a not in ("action_extract_slots", "action_session_start")],
    }
