"""Links that were stolen, replayed, revoked; and what a stolen session may not do."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from sqlalchemy import select

from bot.delivery import deliver
from bot.delivery_error import DeliveryError
from cli.main import app
from compliance.codes import send_code
from compliance.identity_rules import IdentityRules
from compliance.models import Verification
from conversations.models import OutboxItem, Ticket
from exchange.signing import sign
from runtime.database import Database
from runtime.settings import Settings
from runtime.webhooks import keys_of, new_secret
from tests.attacks.conftest import FACTORS, Actions, Visitor, personal_link
from tests.bot.conftest import Talk
from tests.compliance.conftest import Household

pytestmark = pytest.mark.usefixtures("home")


def said(talk: Talk) -> list[str | None]:
    """The names of the first texts."""
    return [m.say for m in talk.messages()]


def test_a_revoked_link_and_whoever_opened_it_are_nothing(client: httpx.Client, db: Database, now: datetime,
                                                          monkeypatch: pytest.MonkeyPatch,
                                                          capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("cli.link.database", lambda: db)
    token = personal_link(db, now)
    thief = Visitor(client, db, link=token)
    assert said(thief) == ["greeting_verified"]
    _run("link", "list", "dd-1042")
    listed = capsys.readouterr().out
    assert "verifies" in listed
    assert "opened 1 time " in listed
    assert token not in listed
    _run("link", "revoke", listed.split()[0])
    assert capsys.readouterr().out == "1 link revoked.\n"
    assert [m.say for m in thief.type("what do i owe")] == ["identity_ask"]
    assert said(Visitor(client, db, link=token)) == ["greeting_dead_link"]
    assert _run("link", "revoke", token) == 1
    assert "No link that works" in capsys.readouterr().err
    _run("link", "list", "DD-1042", "--all")
    assert "revoked" in capsys.readouterr().out


def test_every_link_of_a_debtor_is_revoked_at_once(client: httpx.Client, db: Database, now: datetime,
                                                   monkeypatch: pytest.MonkeyPatch,
                                                   capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("cli.link.database", lambda: db)
    for arguments in (("DD-1042",), ("--sent", "PC-0002"), ("DD-2001", "--sent"), ("make", "NG-0001")):
        _run("link", *arguments)
    made = [line.rsplit("#", 1)[1] for line in capsys.readouterr().out.splitlines()]
    _run("link", "revoke", "--debtor", "NG-0001")
    assert capsys.readouterr().out == "3 links revoked.\n"
    opened = [said(Visitor(client, db, link=token)) for token in made]
    assert opened == [["greeting_dead_link"]] * 2 + [["greeting_identified"]] + [["greeting_dead_link"]]
    assert _run("link", "DD-0") == 1


def _run(*arguments: str) -> int:
    try:
        return app(list(arguments))
    except SystemExit as end:
        return int(end.code or 0)


def test_a_link_for_one_time_only_identifies_who_replays_it(client: httpx.Client, db: Database, now: datetime,
                                                            monkeypatch: pytest.MonkeyPatch) -> None:
    rules = IdentityRules.model_validate({"links": {"verifies_times": 1}})
    monkeypatch.setattr("compliance.identity_rules._current", lambda: rules)
    token = personal_link(db, now)
    assert said(Visitor(client, db, link=token)) == ["greeting_verified"]
    thief = Visitor(client, db, link=token)
    assert said(thief) == ["greeting_identified"]
    assert [m.say for m in thief.type("what do i owe")] == ["identity_ask_one"]


def test_a_link_opens_one_debtor_and_nothing_of_another(client: httpx.Client, db: Database, now: datetime) -> None:
    father = Visitor(client, db, link=personal_link(db, now, reference="DD-2001"))
    father.type("what do i owe")
    assert "Northern Gas" not in father.history().text


def test_wrong_person_ends_it_at_once(client: httpx.Client, db: Database, now: datetime, engine: Actions) -> None:
    token = personal_link(db, now)
    visitor = Visitor(client, db, link=token)
    engine.action = "action_wrong_person"
    visitor.type("not jane, wrong number")
    engine.action = "action_balance"
    assert not any("Gas" in m.text for m in visitor.type("what do i owe"))
    assert said(Visitor(client, db, link=token)) == ["greeting_dead_link"]


def test_a_stolen_session_changes_nothing_that_matters(client: httpx.Client, db: Database, engine: Actions) -> None:
    jane = Visitor(client, db)
    jane.type(FACTORS)
    assert jane.renew().status_code == 201
    engine.action = "action_update_details"
    assert [m.say for m in jane.type("i moved house")] == ["update_details"], "just proved"
    with db.write() as session:
        for row in session.scalars(select(Verification).where(Verification.ended_at.is_(None))):
            row.verified_at -= timedelta(minutes=16)
        before = len(session.scalars(select(Ticket)).all())
    engine.action = "action_update_details"
    assert [m.say for m in jane.type("my new number is 07700 900999")] == ["identity_ask_again"]
    assert [m.say for m in jane.type("1/2/1990")] == ["identity_no_match"]
    engine.action = "action_balance"
    assert jane.type("what do i owe")[0].say == "balance", "what is not sensitive goes on"
    assert [m.say for m in jane.type("12/3/1981")] == ["identity_done", "new_details"]
    with db.read() as session:
        assert len(session.scalars(select(Ticket)).all()) >= before
    assert jane.history().status_code == 401, "and the token is another again"
    assert jane.renew().status_code == 201


class Gateway(BaseHTTPRequestHandler):
    """An SMS gateway."""

    got: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012  (one for the test)
    status = 200

    def do_POST(self) -> None:
        """Keep the call."""
        body = self.rfile.read(int(self.headers["content-length"]))
        self.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def sms(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Gateway)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    secret = new_secret()
    chosen = Settings(_env_file=None, sms_url=f"http://127.0.0.1:{server.server_port}/send", sms_secret=secret)
    for room in ("compliance.codes", "bot.text_messages"):
        monkeypatch.setattr(f"{room}.settings", lambda: chosen)
    Gateway.got, Gateway.status = [], 200
    yield secret
    server.shutdown()
    server.server_close()


async def test_a_code_by_text_message_is_signed_and_says_nothing_of_a_debt(
        client: httpx.Client, db: Database, home: Household, now: datetime, sms: str) -> None:
    here = Visitor(client, db).id
    for number in range(4):
        with db.write() as session:
            sent = send_code(session, key=f"turn:{number}", conversation_id=here, debtor_id=home.jane, now=now)
        assert sent is (number < 3)
    with db.read() as session:
        items = session.scalars(select(OutboxItem).where(OutboxItem.kind == "code_sms")).all()
    assert len(items) == 3
    await deliver(items[0], database=db, bot=None)
    headers, body = Gateway.got[0]
    wanted = sign(keys_of(sms), headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == wanted
    call = json.loads(body)
    assert call["to"] == "07700 900123"
    assert items[0].payload["code"] in call["text"]
    assert not [word for word in ("debt", "owe", "collect", "pay", "gas", "dd-1042") if word in call["text"].lower()]
    for status, final in ((503, False), (400, True)):
        Gateway.status = status
        with pytest.raises(DeliveryError) as failed:
            await deliver(items[0], database=db, bot=None)
        assert failed.value.final is final


def test_nobody_is_flooded_with_codes_from_many_conversations(
        client: httpx.Client, db: Database, home: Household, now: datetime, sms: str) -> None:
    for number in range(8):
        here = Visitor(client, db).id
        with db.write() as session:
            assert send_code(session, key=f"turn:{number}", conversation_id=here, debtor_id=home.jane, now=now)
    with db.read() as session:
        assert len(session.scalars(select(OutboxItem).where(OutboxItem.kind == "code_sms")).all()) == 6


def test_an_sms_gateway_without_a_secret_or_over_plain_http_is_refused() -> None:
    for values in ({"sms_url": "https://sms.example/send"}, {"sms_url": "https://sms.example/", "sms_secret": "x"},
                   {"sms_url": "http://sms.example/send", "sms_secret": new_secret()}):
        with pytest.raises(ValueError, match="sms"):
            Settings(_env_file=None, **values)
