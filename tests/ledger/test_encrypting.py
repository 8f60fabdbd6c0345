"""Who a debtor is stands encrypted, is found by hashes, and rows written in plain are encrypted where they stand."""

from datetime import datetime

import pytest
from sqlalchemy import select, text

from ledger.blind import blind_email, blind_name, blind_phone
from ledger.encrypting import encrypt_debtors
from ledger.models import Debtor
from runtime.database import Database

PLAIN = ("INSERT INTO debtor (id, ref, first_name, last_name, country, email, phone, vulnerable, created_at) VALUES "
         "(:id, :ref, :first, :last, 'GB', :email, :phone, false, '2026-03-03 12:00:00')")


def raw(db: Database) -> list[str]:
    """Every text of the table as it stands."""
    with db.read() as session:
        return [str(value) for row in session.execute(text("SELECT * FROM debtor")) for value in row]


def test_nothing_that_says_who_it_is_stands_in_plain(db: Database, now: datetime) -> None:
    with db.write() as session:
        session.add(Debtor(ref="A", first_name="Zoë", last_name="Quillfeather", date_of_birth="1981-05-17",
                           postcode="M1 1AE", email="zoe@example.com", phone="+447700900123", country="GB",
                           created_at=now))
        session.add(Debtor(ref="B", first_name="", last_name="", country="GB", created_at=now))
    stored = " ".join(raw(db))
    for fact in ("Zoë", "Quillfeather", "1981-05-17", "M1 1AE", "zoe@", "7700900123"):
        assert fact not in stored
    with db.read() as session:
        found = session.scalars(select(Debtor).where(Debtor.name_hash == blind_name("QUILL FEATHER"))).one()
        assert (found.first_name, found.email, found.phone) == ("Zoë", "zoe@example.com", "+447700900123")
        for condition, ref in ((Debtor.email_hash == blind_email("Zoe@Example.com"), "A"),
                               (Debtor.phone_hash == blind_phone("+44 7700 900123"), "A"),
                               (Debtor.last_name == "", "B"), (Debtor.name_hash.is_(None), "B")):
            assert session.scalars(select(Debtor.ref).where(condition)).one() == ref


def test_rows_in_plain_are_encrypted_and_what_is_encrypted_is_left(db: Database, now: datetime) -> None:
    people = [{"id": n, "ref": f"P{n}", "first": f"First{n}", "last": "Ñandú-Šimůnek" if n % 2 else "",
               "email": f"p{n}@example.com" if n % 3 else None, "phone": None} for n in range(1, 24)]
    with db.write() as session:
        session.execute(text(PLAIN), people)
    with db.write() as session:
        session.add(Debtor(id=50, ref="E", first_name="Ada", last_name="Moss", country="GB", created_at=now))
    before = [value for value in raw(db) if value.startswith("gAAAA")]
    with db.write() as session:
        assert encrypt_debtors(session.connection(), at_once=5) == 23
    after = raw(db)
    assert set(before) <= set(after)
    assert not [value for value in after if value.startswith("First") or "@" in value]
    with db.read() as session:
        three = session.get_one(Debtor, 3)
        assert (three.first_name, three.last_name, three.email) == ("First3", "Ñandú-Šimůnek", None)
        assert three.name_hash == blind_name("Nandu Simunek")
        assert session.get_one(Debtor, 2).email_hash == blind_email("p2@example.com")
    with db.write() as session:
        assert encrypt_debtors(session.connection(), at_once=7) == 0


def test_interrupted_it_begins_again(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with db.write() as session:
        session.execute(text(PLAIN), [{"id": n, "ref": f"P{n}", "first": "Ada", "last": "Moss", "email": None,
                                       "phone": None} for n in range(1, 8)])
    from ledger import encrypting
    usual, calls = encrypting.encrypt_many, []

    def breaks(texts: list[str]) -> list[str]:
        calls.append(len(texts))
        if len(calls) == 3:
            raise RuntimeError("the machine went down")
        return usual(texts)

    monkeypatch.setattr(encrypting, "encrypt_many", breaks)
    with pytest.raises(RuntimeError), db.write() as session:
        encrypt_debtors(session.connection(), at_once=2)
    with db.write() as session:
        assert encrypt_debtors(session.connection(), at_once=2) == 7
    with db.read() as session:
        assert {row.last_name for row in session.scalars(select(Debtor))} == {"Moss"}
