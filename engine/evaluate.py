"""What the trained model makes of texts. Runs in the engine's environment, without a server.

Reads one JSON object per line from standard input, ``{"text": …, "language": …}``, and answers each with one line
on standard output: ``{"ranking": [[intent, confidence], …], "fallback": true or false}``. The ranking is that of the
classifiers, without the fallback intent; ``fallback`` says whether the fallback would have been taken.
The first line of the answer is ``{"intents": […]}``, all the model knows.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
from typing import Any, TextIO

import engine.start  # noqa: F401  # before Rasa, as it says there

FALLBACK = "nlu_fallback"


def _judged(parsed: dict[str, Any]) -> dict[str, Any]:
    top = parsed.get("intent") or {}
    ranking = [top, *parsed.get("intent_ranking", [])]
    scores: dict[str, float] = {}
    for entry in ranking:
        name = entry.get("name")
        if name and name != FALLBACK:
            scores.setdefault(name, float(entry.get("confidence") or 0.0))
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    return {"ranking": ordered, "fallback": top.get("name") == FALLBACK}


async def _answer(model: str, answers: TextIO) -> None:
    from rasa.core.agent import Agent
    from rasa.core.channels.channel import UserMessage
    from rasa.utils.log_utils import configure_structlog

    configure_structlog(logging.WARNING)
    agent = Agent.load(model)
    if agent.processor is None or agent.domain is None:
        raise SystemExit(f"{model} is not a model")
    print(json.dumps({"intents": sorted(agent.domain.intents)}), file=answers, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        message = UserMessage(asked["text"], metadata={"language": asked.get("language", "en")})
        parsed = await agent.processor.parse_message(message)
        print(json.dumps(_judged(parsed)), file=answers, flush=True)


def main() -> None:
    """Answers until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    arguments = parser.parse_args()
    # Libraries print: whatever is not an answer goes to standard error.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    asyncio.run(_answer(arguments.model, answers))


if __name__ == "__main__":
    main()
