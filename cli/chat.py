"""``debtdesk chat``: the same conversation in a terminal, through the gateway and the real engine."""

import json
import sys
import threading
import uuid
from collections.abc import Iterator
from typing import Annotated, Any

import httpx
import typer

from bot.client_key import ClientKey
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


class _Session:
    """The session's token, which changes when somebody was verified, and the key that brings the next one."""

    def __init__(self, client: httpx.Client, link: str | None, locale: str) -> None:
        self.client = client
        self._key = ClientKey()
        self._renewing = threading.Lock()
        self._begin({"locale": locale, "client_key": self._key.public, **({"link": link} if link else {})})

    def _begin(self, body: dict[str, Any]) -> None:
        reply = self.client.post("/api/chat/session", json=body)
        if reply.status_code != 201:
            raise OperatorError(_reason(reply))
        self.id = str(reply.json()["conversation_id"])
        self._take(reply)

    def _take(self, reply: httpx.Response) -> None:
        self.client.headers["Authorization"] = f"Bearer {reply.json()['token']}"

    def post(self, body: dict[str, str]) -> httpx.Response:
        """Send a message, signed; again where a verification has ended the token meanwhile."""
        if "text" in body:
            body["proof"] = self._key.proof(self.id, body["id"], body["text"])
        used = self.client.headers["Authorization"]
        reply = self.client.post("/api/chat/messages", json=body)
        if reply.status_code == 401 and self.renew(used):
            reply = self.client.post("/api/chat/messages", json=body)
        return reply

    def renew(self, used: str) -> bool:
        """Prove the key, because the token ``used`` is dead; False when the session is over."""
        with self._renewing:
            if self.client.headers["Authorization"] != used:
                return True  # the other thread was quicker
            asked = self.client.post("/api/chat/session/nonce")
            if asked.status_code != 201:
                return False
            reply = self.client.post("/api/chat/session/renew", json=self._key.renewal(self.id, asked.json()["nonce"]))
            if reply.status_code != 201:
                return False
            self._take(reply)
            return True


def _talk(client: httpx.Client, link: str | None, locale: str) -> None:
    session = _Session(client, link, locale)
    panel = _Panel()
    threading.Thread(target=_listen, args=(session, panel), daemon=True).start()
    panel.answered.wait(5)
    while True:
        try:
            words = input(PROMPT).strip()
        except (EOFError, KeyboardInterrupt):
            print()
            return
        if words:
            _send(session, panel, words)


def _send(session: _Session, panel: _Panel, words: str) -> None:
    body: dict[str, str] = {"id": str(uuid.uuid4())}
    if words.isdigit() and 1 <= int(words) <= len(panel.buttons):
        body["button"] = panel.buttons[int(words) - 1]["id"]
    else:
        body["text"] = words
    panel.answered.clear()
    reply = session.post(body)
    if reply.status_code != 202:
        print(f"  ({_reason(reply)})")
        return
    panel.answered.wait(ANSWER_SECONDS)


def _reason(reply: httpx.Response) -> str:
    try:
        return str(reply.json()["detail"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"The desk answered {reply.status_code}."


def _listen(session: _Session, panel: _Panel) -> None:
    last, client = 0, session.client
    while True:
        used = client.headers["Authorization"]
        try:
            with client.stream("GET", "/api/chat/events", headers={"Last-Event-ID": str(last)}) as stream:
                if stream.status_code == 401 and not session.renew(used):
                    print("\n  (This chat has ended. Start it again to go on.)")
                    return
                for kind, data in _events(stream.iter_lines()):
                    if kind == "message":
                        last = int(data["id"])
                        panel.show(data)
                    if kind == "session" and data.get("state") == "renew":
                        session.renew(used)
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
