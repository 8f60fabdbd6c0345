"""Debtors that were written in plain are encrypted where they stand. For the migration that began it.

A few thousand rows at a time; what is encrypted already is left as it is, so that beginning again, after an
interruption or over rows of both kinds, ends in the same table.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from ledger.blind import blind_email, blind_name, blind_phone
from runtime.vault import decrypt, encrypt_many, is_encrypted

AT_ONCE = 5_000
_FACTS = ("first_name", "last_name", "email", "phone")
_READ = text("SELECT id, first_name, last_name, email, phone, name_hash, email_hash, phone_hash FROM debtor"
             " WHERE id > :after ORDER BY id LIMIT :at_once")
_WRITE = text("UPDATE debtor SET first_name = :first_name, last_name = :last_name, email = :email, phone = :phone,"
              " name_hash = :name_hash, email_hash = :email_hash, phone_hash = :phone_hash WHERE id = :id")


def encrypt_debtors(connection: Connection, *, at_once: int = AT_ONCE) -> int:
    """Encrypt names and contact points of every debtor, and make the hashes. Returns how many rows were changed."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # what stood there in plain is overwritten
    changed, after = 0, 0
    while rows := connection.execute(_READ, {"after": after, "at_once": at_once}).all():
        after = rows[-1].id
        if wanted := _encrypted([dict(row._mapping) for row in rows]):
            connection.execute(_WRITE, wanted)
            changed += len(wanted)
    return changed


def _encrypted(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    plain = [(row, fact) for row in rows for fact in _FACTS if row[fact] and not is_encrypted(row[fact])]
    tokens = encrypt_many([row[fact] for row, fact in plain])
    found = [dict(row) for row in rows]
    by_id = {row["id"]: row for row in found}
    for (row, fact), token in zip(plain, tokens, strict=True):
        by_id[row["id"]][fact] = token
    for row, new in zip(rows, found, strict=True):
        known = {fact: row[fact] if not row[fact] or not is_encrypted(row[fact]) else decrypt(row[fact])
                 for fact in _FACTS[1:]}
        new["name_hash"], new["email_hash"], new["phone_hash"] = (
            blind_name(known["last_name"]), blind_email(known["email"]), blind_phone(known["phone"]))
    return [new for row, new in zip(rows, found, strict=True) if new != row]
