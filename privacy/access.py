"""A debtor's own copy of what is held on them: one zip with ``data.json``, and ``index.html`` to read (GDPR 15, 20).

Everything the map places with them, deciphered; what opens something, and what is about somebody else, is left out: our
staff are "us", words of people who turned out to be others are counted and not shown.
"""

import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.evidence.reading import evidence_of
from compliance.operator import operator
from ledger.models import Debtor
from ledger.money import Money
from privacy.map import FILE, KEPT, places, tables
from privacy.reach import reach
from runtime.ids import DebtorId

_WHO = frozenset({"actor", "created_by", "lifted_by", "accepted_by", "ended_by", "asked_by", "decided_by", "judged_by"})
_THEMSELVES = frozenset({"debtor", "unverified"})
_MONEY = frozenset({"amount", "total", "instalment", "paid", "received", "paid_before", "balance", "fee", "principal",
                    "interest", "fees", "costs", "overpayment"})
"""Columns with an amount in minor units, in the currency of their row or of its debt or plan."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:[\d.]+\+00:00")


@dataclass(frozen=True)
class Copy:
    """The file, and how much is in it."""

    name: str
    content: bytes
    rows: int
    left_out: int


def subject_copy(session: Session, debtor_id: DebtorId, *, now: datetime) -> Copy:
    """The copy for a debtor. Only reads."""
    debtor = session.get_one(Debtor, debtor_id)
    found = collected(session, debtor_id)
    theirs = reach(session, debtor_id)
    about = {
        "reference": debtor.ref, "made_at": now.isoformat(), "operator": operator().legal_name,
        "messages_left_out": theirs.left_out,
        "write_to": {"email": operator().email, "phone": operator().phone, "address": operator().address},
        "explained": {name: {column: what for column, what in places()[name].personal.items()
                             if column not in places()[name].hidden} for name in found if name in places()},
        "kept": {name: KEPT[places()[name].kept] for name in found},
    }
    document = {"about": about, "data": found}
    page = _page(about, found)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(document, ensure_ascii=False, indent=1))
        archive.writestr("index.html", page)
    rows = sum(len(part) for part in found.values())
    return Copy(f"personal-data-{debtor.ref.lower()}-{now:%Y-%m-%d}.zip", packed.getvalue(), rows, theirs.left_out)


def collected(session: Session, debtor_id: DebtorId) -> dict[str, list[dict[str, Any]]]:
    """Every row of the debtor, by table, as plain values."""
    theirs = reach(session, debtor_id)
    found: dict[str, list[dict[str, Any]]] = {}
    for name, place in places().items():
        if not place.of_debtors or name in ("evidence", "evidence_key"):
            continue
        table = tables()[name]
        shown = [column for column in table.columns if column.name not in place.hidden]
        rows = session.execute(select(*shown).where(theirs.rows(name)).order_by(*table.primary_key.columns))
        if part := [_plain(row._mapping) for row in rows]:
            found[name] = part
    kept = [shown.json() for shown in evidence_of(session, debtor_id) if not shown.kind.startswith("staff.")]
    if kept:
        found["evidence"] = [_plain(row) for row in kept]
    return found


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): "us" if name in _WHO and value and value not in _THEMSELVES else _value(value)
            for name, value in row.items() if value is not None and value != ""}


def _value(value: Any) -> Any:
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case Enum():
            return value.value
        case Decimal():
            return str(value)
    return value


def _page(about: Mapping[str, Any], found: Mapping[str, list[dict[str, Any]]]) -> str:
    environment = Environment(loader=FileSystemLoader(FILE.parent / "templates"), autoescape=True,
                              undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    conversations: dict[str, list[dict[str, Any]]] = {}
    for message in found.get("message", []):
        conversations.setdefault(message["conversation_id"], []).append(message)
    currencies = _Currencies(found)
    rest = {name: [currencies.readable(row) for row in rows] for name, rows in found.items()
            if name not in ("debtor", "message", "turn")}
    return environment.get_template("copy.html").render(
        about=about, conversations=conversations, rest=rest,
        debtor=currencies.readable(found["debtor"][0]) if found.get("debtor") else {},
        title=lambda name: name.replace("_", " ").capitalize())


class _Currencies:
    """Which currency the amounts of a row are in, for people to read it; ``data.json`` has minor units throughout."""

    def __init__(self, found: Mapping[str, list[dict[str, Any]]]) -> None:
        self._of = {column: {row["id"]: row["currency"] for row in found.get(column.removesuffix("_id"), [])}
                    for column in ("debt_id", "plan_id")}

    def readable(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The row in words: amounts with their currency, moments to the minute, lists without brackets."""
        currency = row.get("currency") or next(
            (known[row[column]] for column, known in self._of.items() if row.get(column) in known), None)
        return {name: str(Money(value, currency)) if currency and name in _MONEY and type(value) is int
                else _in_words(value) for name, value in row.items()}


def _in_words(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return "; ".join(f"{name}: {_in_words(part)}" for name, part in value.items())
        case list():
            return ", ".join(map(_in_words, value))
        case str() if _MOMENT.fullmatch(value):
            return f"{value[:10]} {value[11:16]} UTC"
    return str(value)
