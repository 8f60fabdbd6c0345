"""What the trained model makes of texts. Runs in the engine's environment, without a server.

Reads one JSON object per line from standard input, ``{"text": …, "language": …}``, and answers each with one line
on standard output: ``{"ranking": [[intent, confidence], …]}``. The first is what Rasa would act on, maybe a fallback.
The first line of the answer is ``{"intents": […]}``, all the model knows.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
from typing import TextIO

import engine.start  # noqa: F401  # before Rasa, as it says there


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
        read = [parsed.get("intent") or {}, *parsed.get("intent_ranking", [])]
        ranking = [[entry["name"], entry.get("confidence") or 0.0] for entry in read if entry.get("name")]
        print(json.dumps({"ranking": ranking}), file=answers, flush=True)


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
