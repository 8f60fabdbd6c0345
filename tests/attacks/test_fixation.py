"""A session made by one and used by another: whoever planted it gains nothing."""

import json
import threading
import uuid
from datetime import datetime

import httpx
import pytest

from bot.client_key import ClientKey
from compliance.session_keys import BadKey, read_key
from runtime.database import Database
from tests.attacks.conftest import FACTORS, SECRETS, Visitor, personal_link
from tests.bot.conftest import until

pytestmark = pytest.mark.usefixtures("home")


def dead(talk: Visitor) -> str:
    """The token opens nothing any more; why, as the client is told."""
    calls = [talk.client.get("/api/chat/history", headers=talk.headers),
             talk.client.get("/api/chat/events", headers=talk.headers),
             talk.client.post("/api/chat/messages", headers=talk.headers, json={"id": str(uuid.uuid4()), "text": "hi"}),
             talk.client.delete("/api/chat/session", headers=talk.headers)]
    assert {reply.status_code for reply in calls} == {401}
    codes = {reply.json()["detail"]["code"] for reply in calls}
    assert len(codes) == 1
    return str(codes.pop())


def test_the_honest_client_goes_on_and_misses_nothing(client: httpx.Client, db: Database) -> None:
    jane = Visitor(client, db)
    jane.type("what do i owe")
    said = jane.type(FACTORS)
    assert [m.say for m in said] == ["identity_done", "balance"]
    assert dead(jane) == "session_renew"
    old = dict(jane.headers)
    assert jane.renew().status_code == 201
    shown = jane.history().json()["messages"]
    assert shown[-1]["text"] == said[-1].text
    assert all(secret in shown[-1]["text"] for secret in SECRETS)
    assert client.get("/api/chat/history", headers=old).status_code == 401
    assert [m.say for m in jane.type("what do i owe")] == ["balance"]


def test_a_lost_answer_to_a_renewal_can_be_asked_for_again(client: httpx.Client, db: Database) -> None:
    jane = Visitor(client, db)
    jane.type(FACTORS)
    old = dict(jane.headers)
    assert jane.renew().status_code == 201
    unseen = dict(jane.headers)
    jane.headers = old
    assert jane.renew().status_code == 201
    assert jane.history().status_code == 200
    assert client.get("/api/chat/history", headers=unseen).status_code == 401


def test_every_open_stream_is_closed_before_a_word_of_the_debt(client: httpx.Client, db: Database) -> None:
    jane = Visitor(client, db)
    heard: list[str] = []
    open_now = threading.Event()

    def listen() -> None:
        with client.stream("GET", "/api/chat/events", headers=jane.headers) as stream:
            for line in stream.iter_lines():
                heard.append(line)
                open_now.set()

    spying = [threading.Thread(target=listen, daemon=True) for _ in range(3)]
    for one in spying:
        one.start()
    until(lambda: open_now.is_set() or None)
    jane.type(FACTORS)
    for one in spying:
        one.join(10)
        assert not one.is_alive()
    assert not [line for line in heard if any(secret in line for secret in SECRETS)]
    assert len([line for line in heard if line.startswith("data:") and json.loads(line[5:]).get("state")]) == 3


def test_a_planted_session_takes_no_word_of_who_the_victim_is(client: httpx.Client, db: Database) -> None:
    attacker = Visitor(client, db)
    victim = Visitor(client, db).with_token_of(attacker)
    for refused in (victim.post(text=FACTORS), victim.post(text=FACTORS, proof=None),
                    victim.post(text="DD-1042"), victim.post(text=FACTORS, proof="A" * 86)):
        assert refused.status_code == 422
        assert refused.json()["detail"]["code"] == "not_this_client"
    assert attacker.turns() == []
    assert "1981" not in attacker.history().text
    assert attacker.nonce().status_code == 401  # nobody was verified, there is nothing to renew


def test_a_planted_session_without_a_key_ends_for_both(client: httpx.Client, db: Database) -> None:
    attacker = Visitor(client, db, keyed=False)
    victim = Visitor(client, db, keyed=False).with_token_of(attacker)
    victim.type("DD-1042 12/3/81")
    assert attacker.history().json()["messages"][-2]["author"] == "debtor"
    assert not [word for word in ("1042", "12/3/81") if word in attacker.history().text]
    victim.type(FACTORS)
    for one in (attacker, victim):
        assert dead(one) == "session_keyless"
        assert one.nonce().json()["detail"]["code"] == "session_keyless"
        assert one.renew().status_code == 401


def test_a_stolen_token_does_not_outlive_the_verification(client: httpx.Client, db: Database) -> None:
    jane = Visitor(client, db)
    thief = Visitor(client, db).with_token_of(jane)
    jane.type(FACTORS)
    assert dead(thief) == "session_renew"
    assert thief.renew().json()["detail"]["code"] == "session_over"  # signed with another key
    assert jane.renew().status_code == 201


def test_a_signature_is_good_for_its_own_nonce_and_once(client: httpx.Client, db: Database) -> None:
    jane = Visitor(client, db)
    jane.type(FACTORS)

    def renew(body: dict[str, str]) -> int:
        return client.post("/api/chat/session/renew", headers=jane.headers, json=body).status_code

    first, second = jane.nonce().json()["nonce"], jane.nonce().json()["nonce"]
    assert renew(jane.key.renewal(jane.id, first)) == 401  # a newer one was given out
    assert renew(jane.key.renewal(jane.id, second)) == 401  # and a wrong try uses the newest up
    third = jane.nonce().json()["nonce"]
    assert renew(jane.key.renewal("another conversation", third)) == 401
    fourth = jane.nonce().json()["nonce"]
    body = jane.key.renewal(jane.id, fourth)
    assert renew(body) == 201
    assert renew(body) == 401


def test_a_message_signed_for_another_text_or_conversation_is_refused(client: httpx.Client, db: Database) -> None:
    jane, other = Visitor(client, db), Visitor(client, db)
    wanted = str(uuid.uuid4())
    for proof in (jane.key.proof(jane.id, wanted, "ref DD-2001"), jane.key.proof(other.id, wanted, FACTORS),
                  jane.key.proof(jane.id, str(uuid.uuid4()), FACTORS), other.key.proof(jane.id, wanted, FACTORS)):
        assert jane.post(id=wanted, text=FACTORS, proof=proof).status_code == 422
    assert jane.post(id=wanted, text=FACTORS).status_code == 202


def test_what_says_nothing_of_identity_needs_no_signature(client: httpx.Client, db: Database) -> None:
    jane = Visitor(client, db)
    assert jane.post(text="hello, can i pay 40 on friday", proof=None).status_code == 202


@pytest.mark.parametrize("given", [
    "x", "[]", "{}", {"kty": "RSA", "n": "AQAB", "e": "AQAB"}, {"kty": "EC", "crv": "P-384", "x": "A", "y": "A"},
    {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}, {"kty": "EC", "crv": "P-256", "x": 5, "y": None},
    ClientKey().public | {"d": "A" * 43},
])
def test_what_is_no_key_is_refused(client: httpx.Client, given: object) -> None:
    reply = client.post("/api/chat/session", json={"client_key": given})
    assert (reply.status_code, reply.json()["detail"]["code"]) == (422, "bad_client_key")


def test_a_key_may_come_as_json_in_a_string(client: httpx.Client, db: Database) -> None:
    key = ClientKey()
    assert client.post("/api/chat/session", json={"client_key": json.dumps(key.public)}).status_code == 201
    assert read_key(key.public | {"ext": True, "key_ops": ["verify"]}) == key.public
    with pytest.raises(BadKey, match="private"):
        read_key(key.public | {"d": "x"})


def test_a_link_that_verifies_gives_its_opener_the_token(client: httpx.Client, db: Database, now: datetime) -> None:
    jane = Visitor(client, db, link=personal_link(db, now))
    assert jane.history().json()["messages"][0]["text"].startswith("Hello Jane")
    assert jane.nonce().status_code == 401  # nothing has ended
    assert [m.say for m in jane.type("what do i owe")] == ["balance"]
