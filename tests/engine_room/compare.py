"""Asks the trained model with and without our shortcuts; run by the engine's Python, which has no pytest.

``python -m tests.engine_room.compare MODEL`` reads lines of text and fails where one answer differs from the other.
"""

import asyncio
import logging
import random
import sys
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.policies.policy import PolicyPrediction
from rasa.shared.core.constants import DEFAULT_INTENTS
from rasa.shared.core.events import ActionExecuted, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.log_utils import configure_structlog

import engine.start  # noqa: F401  # before Rasa, as it says there
from engine import shortcuts
from engine.tracker_store import TURNS

CONVERSATIONS = 60
MOST = 4
"""Actions of one turn; a rule has one, then listens."""
TURNS_EACH = 6


def conversations(domain: Any) -> list[list[tuple[str, Any]]]:
    """Turns at random, the same each time: an intent and the question that is open."""
    draw = random.Random(7)
    slot = next(slot for slot in domain.slots if slot.name == "open_question")
    questions = [None, *(value for value in slot.values if value != "__other__")]
    intents = [name for name in domain.intents if name not in DEFAULT_INTENTS]
    return [[(draw.choice(intents), draw.choice(questions)) for _ in range(TURNS_EACH)] for _ in range(CONVERSATIONS)]


def talk(processor: Any, turns: list[tuple[str, Any]], kept: "int | None") -> list[Any]:
    """Every prediction of a conversation; with ``kept`` only so many turns before the present one are known."""
    said: list[Any] = []
    events: list[list[Any]] = [[ActionExecuted("action_session_start")]]
    listening = ActionExecuted("action_listen")
    for intent, question in turns:
        said_now = UserUttered(f"/{intent}", {"name": intent, "confidence": 1.0})
        turn = [listening, SlotSet("open_question", question), said_now]
        events.append(turn)
        known = events if kept is None else events[-kept - 1:]
        for _ in range(MOST):
            tracker = DialogueStateTracker.from_events("x", [e for part in known for e in part], processor.domain.slots)
            prediction: PolicyPrediction = processor._predict_next_with_tracker(tracker)
            name = processor.domain.action_names_or_texts[prediction.max_confidence_index]
            said.append((name, round(prediction.max_confidence, 6), prediction.policy_name.split("_")[-1]))
            if name == "action_listen":
                break
            turn.append(ActionExecuted(name))
    return said


async def read(processor: Any, texts: list[str]) -> list[Any]:
    """What is made of each text."""
    found = []
    for text in texts:
        parsed = await processor.parse_message(UserMessage(text))
        found.append([(r["name"], round(r["confidence"], 9)) for r in parsed["intent_ranking"]])
    return found


def main() -> None:
    """Compares; an AssertionError tells the first difference."""
    configure_structlog(logging.WARNING)
    texts = [line.strip() for line in sys.stdin if line.strip()]
    processor = Agent.load(sys.argv[1]).processor
    plan = conversations(processor.domain)
    read_before = asyncio.run(read(processor, texts))
    said_before = [talk(processor, turns, None) for turns in plan]
    shortcuts.apply()
    for text, before, after in zip(texts, read_before, asyncio.run(read(processor, texts)), strict=True):
        assert before == after, (text, before, after)
    for turns, before in zip(plan, said_before, strict=True):
        for kept in (None, TURNS):
            after = talk(processor, turns, kept)
            assert before == after, (turns, kept, before, after)
    actions = {name for said in said_before for name, _, _ in said}
    assert len(actions) > 30, actions
    print(f"{len(texts)} texts and {sum(map(len, said_before))} predictions are the same")


if __name__ == "__main__":
    main()
