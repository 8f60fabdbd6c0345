"""``debtdesk chat``: the same conversation in a terminal, through the gateway and the real engine."""

import json
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer

from runtime.errors import OperatorError
from runtime.settings import settings

PROMPT = "> "
ANSWER_SECONDS = 20.0


def chat(
    link: Annotated[str | None, typer.Option(help="Token or address of a personal link")] = None,
    url: Annotated[str | None, typer.Option(help="The gateway's address")] = None,
    locale: Annotated[str, typer.Option(help="Language and country")] = "en-GB",
) -> None:
    """Talk to the desk. Type a number to press a button; Ctrl-D ends.

    Example: debtdesk chat --link https://desk.example/chat#TOKEN
    """
    base = (url or settings().site).rstrip("/")
    try:
        with httpx.Client(base_url=base, timeout=httpx.Timeout(30, read=None), trust_env=False) as client:
            _talk(client, link.rsplit("#", 1)[-1].rsplit("/", 1)[-1] if link else None, locale)
    except httpx.TransportError:
        raise OperatorError(f"Nothing answers at {base}. Start the desk with: make run") from None


class _Panel:
    """What the terminal shows: messages as they arrive, and the buttons of the last one that has some."""

    def __init__(self) -> None:
        self.buttons: list[dict[str, str]] = []
        self.answered = threading.Event()

    def show(self, message: dict[str, Any]) -> None:
        """Print one message; the debtor's own are on the screen already."""
        if message["author"] == "debtor":
            return
        author = message.get("author_name") or {"bot": "Assistant"}.get(message["author"], "Desk")
        print(f"\n{author}: {message['text']}")
        if card := message.get("card"):
            print(f"  {card['title']}")
            for row in card["rows"]:
                print(f"    {row['label']}  {row['value']}")
            if card.get("link"):
                print(f"    {card['link']['title']}: {card['link']['url']}")
        if message["buttons"]:
            self.buttons = message["buttons"]
            for number, button in enumerate(self.buttons, start=1):
                print(f"  [{number}] {button['title']}")
        sys.stdout.flush()


def _talk(client: httpx.Client, link: str | None, locale: str) -> None:
    reply = client.post("/api/chat/session", json={"locale": locale, **({"link": link} if link else {})})
    if reply.status_code != 201:
        raise OperatorError(_reason(reply))
    client.headers["Authorization"] = f"Bearer {reply.json()['token']}"
    panel = _Panel()
    threading.Thread(target=_listen, args=(client, panel), daemon=True).start()
    panel.answered.wait(5)
    while True:
        try:
            words = input(PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if words:
            _send(client, panel, words)


def _send(client: httpx.Client, panel: _Panel, words: str) -> None:
    body: dict[str, str] = {"id": str(uuid.uuid4())}
    if words.isdigit() and 1 <= int(words) <= len(panel.buttons):
        body["button"] = panel.buttons[int(words) - 1]["id"]
    else:
        body["text"] = words
    panel.answered.clear()
    reply = client.post("/api/chat/messages", json=body)
    if reply.status_code != 202:
        print(f"  ({_reason(reply)})")
        return
    panel.answered.wait(ANSWER_SECONDS)


def _reason(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["detail"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The desk answered {reply.status_code}."


def _listen(client: httpx.Client, panel: _Panel) -> None:
    last = 0
    while True:
        try:
            with client.stream("GET", "/api/chat/events", headers={"Last-Event-ID": str(last)}) as stream:
                for kind, data in _events(stream.iter_lines()):
                    if kind == "message":
                        last = int(data["id"])
                        panel.show(data)
                    if (kind == "message" and data["author"] != "debtor") or (kind == "typing" and not data["on"]):
                        panel.answered.set()
        except (httpx.HTTPError, RuntimeError):
            if client.is_closed:
                return
            threading.Event().wait(1)


def _events(lines: Iterator[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The server-sent events of a stream: kind and data."""
    kind = ""
    for line in lines:
        if line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            yield kind, json.loads(line[6:])
