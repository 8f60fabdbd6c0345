"""What must be erasable is nowhere but in our own database, encrypted: not in the tracker, not in a log."""

import re
import sqlite3
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import inspect, select

from compliance.evidence.models import Evidence
from compliance.evidence.verifying import verify
from conversations.models import Conversation
from runtime import vault
from tests.end_to_end.conftest import TOKEN, Desk
from tests.end_to_end.debtor import Chat, Person, make_person, personal_link
from tests.end_to_end.paying import pay

CARD = "4242 4242 4242 4242"
NAME = "Quillfeather-Oyelaran"
POSTCODE = "ZE3 9JZ"


def written(path: Path) -> bytes:
    """A SQLite database with its log, or a text."""
    return b"".join(part.read_bytes() for part in sorted(path.parent.glob(path.name + "*")))


@pytest.fixture(scope="module")
def person(desk: Desk) -> Person:
    """Somebody who has told the desk all there is to tell."""
    person = make_person(desk, {"last_name": NAME, "postcode": POSTCODE,
                                "debts": [{"creditor": "DEMO-NG", "amount": "77.00"}]})
    words = person.words
    for lines in (
        ("what do i owe", words["ref"], words["dob"], words["postcode"]),
        (f"what do i owe, my ref is {words['ref']}", f"born 17 May 1984, {NAME}"),
        (f"{NAME} {POSTCODE.replace(' ', '')} 17.5.84 {words['ref'].lower()}", "what do i owe"),
        (f"my card is {CARD} can you charge that", "pay", f"{CARD} 12/29 123"),
        ("what do i owe", f"my name is {NAME}", "1984-05-17", POSTCODE.lower(), words["ref"].replace("-", " - ")),
        (f"hello it's {NAME} here, dob 17th of may 1984", "what do i owe", f"i live at {POSTCODE}"),
    ):
        chat = Chat(desk, address=person.address)
        for line in lines:
            chat.type(line)
    desk.telegram.write(9901, "what do i owe")
    desk.telegram.write(9901, f"{words['ref']} {words['dob']} {NAME}")
    desk.telegram.wait_for(9901, 3)
    return person


def factors(person: Person) -> list[str]:
    """What was typed to say who it is, and the card."""
    return [person.ref, person.ref.lower(), NAME, NAME.lower(), NAME.split("-")[0].lower(), POSTCODE,
            POSTCODE.replace(" ", ""), POSTCODE.lower(), "17/05/1984", "17 May 1984", "17.5.84", "1984-05-17",
            "17th of may", CARD, CARD.replace(" ", "")]


def test_the_tracker_holds_nothing_that_says_who_it_is(desk: Desk, person: Person) -> None:
    path = Path(desk.chosen.data_dir) / "tracker.sqlite3"
    stored = written(path)
    with sqlite3.connect(path) as tracker:
        events = "\n".join(str(row) for row in tracker.execute("SELECT data FROM events"))
    tracker.close()
    assert "[reference]" in events
    assert "[date_of_birth]" in events
    found = [word for word in factors(person) if word.lower() in events.lower()]
    found += [word for word in factors(person) if word.encode().lower() in stored.lower()]
    assert found == []


def test_the_logs_hold_nothing_that_says_who_it_is_nor_opens_anything(desk: Desk, person: Person) -> None:
    token = personal_link(desk, person)
    chat = Chat(desk, link=token)
    chat.type("i want to pay all of it")
    pay(chat)
    chat.wait_for("payment_received")
    logs = {path.name: path.read_text(encoding="utf-8") for path in desk.logs.glob("*.log")}
    assert {"engine.log", "actions.log", "gateway.log", "worker.log"} <= set(logs)
    secrets = [SecretStr("end-to-end-secret").get_secret_value(), TOKEN, TOKEN.partition(":")[2], token,
               chat.headers["Authorization"].removeprefix("Bearer "), vault.engine_secret()]
    for path in (Path(desk.chosen.data_dir) / "secrets").iterdir():
        secrets.append(path.read_text(encoding="utf-8"))
    cards = [m.card for m in chat.messages() if m.card and m.card.get("link")]
    secrets += [card["link"]["url"].rpartition("/")[2] for card in cards]
    for name, log in logs.items():
        assert [word for word in (*factors(person), *secrets) if word in log] == [], name
        assert not re.search(r"(sk|rk)_(test|live)_\w|whsec_\w", log), name


def test_the_database_is_readable_to_nobody_else(desk: Desk, person: Person) -> None:
    """Row by row as the driver gives it, and on SQLite in the files themselves. References stand in plain (021)."""
    told = [word for word in factors(person) if word not in (person.ref, person.ref.lower())]
    with desk.database.read() as session:
        connection = session.connection()
        for table in inspect(connection).get_table_names():
            rows = connection.exec_driver_sql(f'SELECT * FROM "{table}"').all()  # noqa: S608 - a name of ours
            stored = "\n".join(str(tuple(row)) for row in rows)
            assert [word for word in told if word in stored] == [], table
    if desk.database.dialect == "sqlite":
        file = written(Path(desk.chosen.data_dir) / "debtdesk.sqlite3")
        assert [word for word in told if word.encode() in file] == []


def test_no_log_holds_what_looks_like_somebody(desk: Desk, person: Person) -> None:
    for path in desk.logs.glob("*.log"):
        for line in path.read_text(encoding="utf-8").splitlines():
            assert not re.search(r"[\w.+-]+@[\w-]+\.[a-z]{2,}", line), path.name
            assert not re.search(r"(?:\+44|\b07)\d{9}\b", line), path.name


def test_what_was_done_is_in_the_evidence_and_says_nothing_of_who(desk: Desk, person: Person) -> None:
    with desk.database.read() as session:
        rows = session.scalars(select(Evidence)).all()
        report = verify(session, anchors=[])
    assert {"identity.verified", "identity.failed"} & {row.kind for row in rows}
    said = " ".join(f"{row.subject} {row.actor} {row.facts}" for row in rows).lower()
    assert [word for word in factors(person) if word.lower() in said] == []
    assert report.problems == []


def test_no_card_number_is_stored_even_encrypted(desk: Desk, person: Person) -> None:
    with desk.database.read() as session:
        everything = [chat for chat in session.query(Conversation)]
    assert everything
    from conversations.models import Message, Turn
    with desk.database.read() as session:
        words = " ".join([*session.scalars(select(Message.text)), *session.scalars(select(Turn.raw)),
                          *session.scalars(select(Turn.masked))])
    assert not re.search(r"4242[ -]?4242", words)
    assert "[card]" in words


def test_nobody_reads_a_traceback(desk: Desk, person: Person) -> None:
    """After all that, no process has stumbled over what somebody typed."""
    for path in desk.logs.glob("*.log"):
        assert "Traceback" not in path.read_text(encoding="utf-8"), path.name
