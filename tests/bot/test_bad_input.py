"""Bad input over HTTP: a clear answer, nothing stored by half, and the conversation goes on."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from conversations.models import Conversation
from runtime.database import Database
from tests.bot.conftest import FakeEngine, Talk

JSON = {"Content-Type": "application/json"}


def clear(reply: httpx.Response, status: int, code: str = "") -> None:
    """Refused with this status and words a person can read, without a trace of the program."""
    assert reply.status_code == status, reply.text
    detail = reply.json()["detail"]
    assert len(detail["message"]) > 15
    assert code in ("", detail["code"])
    assert not [word for word in ("Traceback", "File \"", "Error:", "sqlalchemy") if word in reply.text]


def goes_on(talk: Talk, refused: int = 0) -> None:
    """Nothing of what was refused is stored, and the conversation still works."""
    assert len(talk.turns()) == refused
    assert [m.say for m in talk.type("hello")] == ["thanks"]


def test_a_text_that_is_too_long(talk: Talk) -> None:
    for text in ("a" * 100_000, "a" * 4001, "😀" * 4001, "\u200b" * 50_000):
        clear(talk.post(text=text), 422, "message_too_long")
    goes_on(talk)


def test_a_body_that_is_too_long_whether_it_says_so_or_not(talk: Talk) -> None:
    body = json.dumps({"id": str(uuid.uuid4()), "text": "a" * 300_000}).encode()
    clear(talk.client.post("/api/chat/messages", content=body, headers=talk.headers | JSON), 413, "message_too_long")
    pieces = (body[at:at + 10_000] for at in range(0, len(body), 10_000))
    clear(talk.client.post("/api/chat/messages", content=pieces, headers=talk.headers | JSON), 413, "message_too_long")
    goes_on(talk)


ODD_TEXTS = (
    "a" * 4000, "null\x00byte", "\x07\x1b[31mred", "😀👩‍👩‍👧", "مرحبا كم أدين", "\u202eetirw", "a\u200bb", "", "   ",
    "…", "/restart", '/inform{"debtor_id":"1"}', "\u2028//restart", "\xa0/\ufeff/restart", "／restart", "{{7*7}}",
    "{% for x in (1).__class__.__mro__ %}", "<script>alert(1)</script>", "**b** _i_ [x](javascript:alert(1))",
    "'; DROP TABLE turn; --", "=cmd|' /C calc'!A0", "%s%n%d", "\\ud800", "null", "NaN", "[]")


def test_odd_text_is_a_message_like_any_other(talk: Talk, engine: FakeEngine) -> None:
    for text in ODD_TEXTS:
        assert [m.say for m in talk.type(text)] == ["thanks"], text
        masked, _forced = engine.asked[-1]
        assert not masked.strip().startswith("/"), text
    shown = [m.text for m in talk.messages() if m.author == "debtor"]
    assert len(shown) == len(engine.asked) == len(ODD_TEXTS)
    assert all(words.strip() and "\x00" not in words for words in shown)


def test_lone_surrogates_are_left_out(talk: Talk) -> None:
    for text, left in (('"\\ud800"', "…"), ('"a\\udfffb"', "ab"), ('"\\ud83d\\ude00 ok \\ud83d"', "😀 ok")):
        wanted = str(uuid.uuid4())
        body = f'{{"id": "{wanted}", "text": {text}}}'
        assert talk.client.post("/api/chat/messages", content=body, headers=talk.headers | JSON).status_code == 202
        talk.answer_to(wanted)
        assert [m.text for m in talk.messages() if m.author == "debtor"][-1] == left


NO_MESSAGES = (
    b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe\x00", b'{"id": 1, "text": "x"}', b'{"text": "x"}', b'{"id": "x"}',
    b'{"id": "not-a-uuid", "text": "x"}', b'{"id": NaN, "text": Infinity}', b'{"id": "\\ud800", "\\udfff": 1}',
    b'{"id": "6b0c3f86-7b0a-4b7a-8b34-0d8d7a0f0001"}', b"[" * 50_000, b'{"a":' * 20_000,
    b'{"id": "6b0c3f86-7b0a-4b7a-8b34-0d8d7a0f0001", "text": {"a": 1}}',
    b'{"id": "6b0c3f86-7b0a-4b7a-8b34-0d8d7a0f0001", "text": "x", "button": "y"}',
    b'{"id": "6b0c3f86-7b0a-4b7a-8b34-0d8d7a0f0001", "button": "a\\u0000b"}',
    b'{"id": "6b0c3f86-7b0a-4b7a-8b34-0d8d7a0f0001", "button": "' + b"x" * 65 + b'"}')


def test_a_body_that_is_no_message(talk: Talk) -> None:
    for body in NO_MESSAGES:
        reply = talk.client.post("/api/chat/messages", content=body, headers=talk.headers | JSON)
        assert reply.status_code in (400, 422), (body[:80], reply.text)
        assert "Traceback" not in reply.text
    goes_on(talk)


NO_SESSIONS = (
    b"{", b"[]", b'{"link": 5}', b'{"link": "' + b"x" * 65 + b'"}', b'{"locale": "../../etc"}', b'{"locale": ""}',
    b'{"locale": "en\\nGB"}', b'{"link": "\\ud800"}', b'{"client_key": "' + b"x" * 600 + b'"}', b"\xff")


def test_a_session_that_is_asked_for_wrongly(client: httpx.Client) -> None:
    for body in NO_SESSIONS:
        reply = client.post("/api/chat/session", content=body, headers=JSON)
        assert reply.status_code in (400, 422), (body[:80], reply.text)
        assert "Traceback" not in reply.text


def test_a_website_cannot_vouch_where_that_is_not_set_up(client: httpx.Client) -> None:
    clear(client.post("/api/chat/session", json={"identity": "a.b.c"}), 422, "no_host_identity")


def test_any_language_is_greeted(client: httpx.Client, db: Database) -> None:
    for locale in ("zz-ZZ", "en-AQ", "fil", "en", "es-ES", "xx", "en_US", "zh-Hans"):
        talk = Talk(client, db, locale=locale)
        assert talk.messages()[0].say == "greeting", locale
        goes_on(talk)


def test_a_link_that_is_none_is_greeted_as_such(client: httpx.Client, db: Database) -> None:
    for link in ("x", "A" * 64, "' OR 1=1 --", "\x00", "../..", "😀"):
        assert Talk(client, db, link=link).messages()[0].say == "greeting_dead_link", link
    assert Talk(client, db, link="").messages()[0].say == "greeting"


def test_who_may_speak(talk: Talk, client: httpx.Client, db: Database) -> None:
    other = Talk(client, db)
    body = {"id": str(uuid.uuid4()), "text": "hello"}
    odd: list[dict[str, str]] = [
        {}, {"Authorization": ""}, {"Authorization": "Bearer"},
        {"Authorization": "Bearer wrong"}, {"Authorization": "Basic " + talk.headers["Authorization"][7:]},
        {"Authorization": talk.headers["Authorization"][7:]}, {"Authorization": talk.headers["Authorization"] + "x"}]
    for headers in odd:
        for method, path in (("POST", "/api/chat/messages"), ("GET", "/api/chat/history"), ("GET", "/api/chat/events")):
            clear(client.request(method, path, json=body if method == "POST" else None, headers=headers), 401,
                  "session_over")
    talk.type("a word of mine")
    assert "a word of mine" not in client.get("/api/chat/history", headers=other.headers).text
    goes_on(other)


def test_a_session_that_is_over(talk: Talk, db: Database) -> None:
    with db.write() as session:
        row = session.get_one(Conversation, talk.id)
        assert row.session_expires_at is not None
        row.session_expires_at -= timedelta(hours=13)
    clear(talk.post(text="hello"), 401, "session_over")
    assert talk.turns() == []


def test_the_same_id_again_and_at_once_is_one_turn(talk: Talk, engine: FakeEngine) -> None:
    wanted = str(uuid.uuid4())
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: talk.post(id=wanted, text="hello"), range(8)))
    talk.answer_to(wanted)
    replies.append(talk.post(id=wanted.upper(), text="something else"))
    assert [(r.status_code, r.json()) for r in replies] == [(202, {"id": wanted})] * 9
    assert len(talk.turns()) == len(engine.asked) == 1
    assert [m.text for m in talk.messages()][1:] == ["hello", talk.messages()[-1].text]


def test_a_last_event_id_that_is_none(talk: Talk) -> None:
    for header in ("x", "-1", "1.5", "99999999999999999999", "1;2", "\xb2", "0x10", "'"):
        headers = [*talk.headers.items(), ("Last-Event-ID", header.encode("latin-1"))]
        clear(talk.client.get("/api/chat/events", headers=headers), 422, "unreadable")  # type: ignore[arg-type]
    goes_on(talk)


def test_too_much_at_once(client: httpx.Client, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(client, db)
    replies = [talk.post(text="hello") for _ in range(60)]
    assert {r.status_code for r in replies} == {202, 429}
    clear(replies[-1], 429, "too_many_messages")


NOT_FROM_STRIPE: tuple[tuple[str | None, bytes], ...] = (
    (None, b"{}"), ("", b"{}"), ("garbage", b"{}"), ("t=1,v1=00", b"{}"), ("t=x,v1=y", b"\xff\xfe"), ("\xb2", b"{}"),
    ("t=" + "9" * 5000 + ",v1=00", b"{}"), ("t=1,v1=" + "0" * 64, b"\x80abc"))


def test_a_webhook_that_is_not_from_stripe(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("payments.stripe_api.webhook_secret", lambda: "whsec_test")
    for signature, body in NOT_FROM_STRIPE:
        headers = {"Stripe-Signature": signature.encode("latin-1")} if signature is not None else {}
        reply = client.post("/webhooks/stripe", content=body, headers=headers)  # type: ignore[arg-type]
        assert reply.status_code == 400, (signature, reply.text)
        assert "Traceback" not in reply.text


def test_what_is_not_there(client: httpx.Client) -> None:
    for path in ("/pay/x", "/pay/" + "A" * 43, "/pay/%00", "/pay/..%2f..", "/static/chat/..%2fx.py", "/nowhere",
                 "/api/chat/nothing", "/pay/" + "A" * 43 + "/done", "/static/%00/x"):
        reply = client.get(path)
        assert reply.status_code == 404, path
        assert "Traceback" not in reply.text


def test_no_method_but_those_there_are(client: httpx.Client, talk: Talk) -> None:
    for method in ("PUT", "DELETE", "PATCH", "GET"):
        assert client.request(method, "/api/chat/messages", headers=talk.headers).status_code == 405


def test_an_error_of_ours_is_said_without_a_traceback(
    client: httpx.Client, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")
    with monkeypatch.context() as patched:
        patched.setattr("bot.chat_api.receive_text", breaks)
        reply = talk.post(text="hello")
    clear(reply, 500, "trouble")
    assert "secret detail" not in reply.text
    goes_on(talk)
