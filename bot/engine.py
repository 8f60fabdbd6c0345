"""The gateway's side of the engine: ask it what to answer, and notice when it fails quietly."""

import json
from dataclasses import dataclass
from typing import Any

from conversations.models import Conversation, Turn
from runtime.loopback import Loopback, LoopbackError
from runtime.settings import settings
from runtime.vault import engine_secret

TIMEOUT_SECONDS = 20.0


class EngineError(Exception):
    """The engine did not answer, or not as agreed. For the log.

    ``afresh``: it has answered, and would answer the same if asked again in the same session.
    """

    def __init__(self, reason: str, *, afresh: bool = False) -> None:
        super().__init__(reason)
        self.afresh = afresh


@dataclass(frozen=True)
class Answer:
    """What the engine returned for one turn."""

    messages: list[dict[str, Any]]
    intent: str | None
    confidence: float | None
    ranking: list[dict[str, Any]]
    actions: list[str]


class Engine:
    """Rasa, over loopback HTTP."""

    def __init__(self, base_url: str | None = None) -> None:
        self._loopback = Loopback(base_url or f"http://127.0.0.1:{settings().rasa_port}",
                                  {"X-Desk-Secret": engine_secret()}, timeout=TIMEOUT_SECONDS)

    async def answer(self, conversation: Conversation, turn: Turn) -> Answer:
        """Ask for the answer to a turn. Raises EngineError when none comes or none that fits."""
        body = {
            "sender": f"{conversation.id}.{turn.engine_session}",
            "text": f"/{turn.forced_intent}" if turn.forced_intent else turn.masked,
            "turn_id": turn.id,
            "language": turn.language,
            "facts": {"open_question": (conversation.open_question or {}).get("name")},
        }
        try:
            status, sent = await self._loopback.post("/webhooks/desk/turn", body)
            if status != 200:
                raise EngineError(f"status {status}", afresh=True)
            found = json.loads(sent)
            answer = Answer(found["messages"], found["intent"], found["confidence"], found["ranking"],
                            found["actions"])
            usable = bool(answer.messages) and all("say" in message for message in answer.messages)
        except LoopbackError as error:
            raise EngineError(str(error)) from error
        except (ValueError, KeyError, TypeError) as error:
            raise EngineError(f"an answer of another form: {type(error).__name__}", afresh=True) from error
        if not usable:
            raise EngineError(f"no usable reply; intent {answer.intent}, actions {answer.actions}", afresh=True)
        return answer

    async def ready(self) -> bool:
        """Whether the engine answers and a model is loaded."""
        try:
            return (await self._loopback.get("/webhooks/desk/", timeout=3))[0] == 200
        except LoopbackError:
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._loopback.close()
