"""Answers of the chat API that are no success: a code for the client, a sentence for the person."""

from fastapi import HTTPException

from conversations.texts import render

WAIT_SECONDS = 20
"""How long a client that sent too much is asked to wait."""


def refuse(status: int, say: str, **values: object) -> HTTPException:
    """What to raise: ``{"detail": {"code", "message"}}``, the message being the text ``say``."""
    return HTTPException(status, detail={"code": say, "message": words(say, **values)},
                         headers={"Retry-After": str(WAIT_SECONDS)} if status == 429 else None)


def words(say: str, **values: object) -> str:
    """The sentence."""
    return render(say, values, "en", "en-GB")
