"""What the API's document says of answers that are not the plain success of a call."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Refusal(BaseModel):
    """Why not: a code for the client, a sentence for the person."""

    model_config = ConfigDict(extra="allow")
    code: str
    message: str


class Problem(BaseModel):
    """Every answer of the chat API that is no success."""

    detail: Refusal


class Unparsed(BaseModel):
    """A body that is no JSON in UTF-8."""

    detail: str


class ShownMessage(BaseModel):
    """One message, as it is shown."""

    model_config = ConfigDict(extra="allow")
    id: int
    author: str
    text: str
    buttons: list[dict[str, Any]]
    at: str


class History(BaseModel):
    """What the panel needs after a reload."""

    messages: list[ShownMessage]
    typing: bool


Responses = dict[int | str, dict[str, Any]]
_HTML: dict[str, Any] = {"content": {"text/html": {"schema": {"type": "string"}}}}
_TEXT: dict[str, Any] = {"content": {"text/plain": {"schema": {"type": "string"}}}}
REFUSALS: Responses = {
    400: {"model": Unparsed, "description": "The body is no JSON in UTF-8"},
    413: {"model": Problem, "description": "Too long"},
    422: {"model": Problem, "description": "Unreadable, or not possible; ``code`` says which"},
    429: {"model": Problem, "description": "Too much at once; ``Retry-After`` says how long to wait"},
    500: {"model": Problem, "description": "Something failed here; nothing was lost"},
}
NO_SESSION: Responses = {401: {"model": Problem, "description": "The token opens nothing, or no longer"}}
PAGES: Responses = {
    404: {"description": "No such link", **_HTML}, 429: {"description": "Too many calls", **_TEXT},
    413: {"model": Problem, "description": "Too long"}, 422: {"model": Problem, "description": "Unreadable"},
}
PRESSED: Responses = {
    303: {"description": "On to the page of the card payment"},
    409: {"description": "It cannot be paid; the page says why", **_HTML},
    503: {"description": "Card payment does not work at present", **_HTML},
}
EVENTS: Responses = {200: {"description": "Server-sent events: ``message``, ``typing``, ``session``",
                           "content": {"text/event-stream": {"schema": {"type": "string"}}}}}


class Delivered(BaseModel):
    """An event that is stored."""

    received: bool
    outcome: str


class Undelivered(BaseModel):
    """What was wrong with it."""

    error: str


WEBHOOK: Responses = {
    200: {"model": Delivered}, 400: {"model": Undelivered, "description": "Not from Stripe"},
    413: {"model": Problem, "description": "Too long"},
    500: {"model": Undelivered, "description": "Not handled yet: send it again"},
    503: {"model": Undelivered, "description": "Card payments are not set up here"},
}
METRICS: Responses = {200: {"description": "Prometheus figures",
                            "content": {"text/plain": {"schema": {"type": "string"}}}}}
READY: Responses = {200: {"model": dict[str, bool]}, 503: {"model": dict[str, bool], "description": "Not yet"}}
