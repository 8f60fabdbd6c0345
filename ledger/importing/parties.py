"""Creditors and debtors from what a file says of them."""

from collections.abc import Iterable
from dataclasses import fields
from datetime import date, datetime

from ledger.importing.compare import USUAL_POLICY
from ledger.importing.records import DebtorFacts, Record
from ledger.models import Creditor, Debtor


def new_creditor(record: Record) -> Creditor:
    """The creditor of ``record``, for one the ledger does not know."""
    facts = record.creditor
    country = facts.country or record.debtor.country
    return Creditor(
        ref=facts.ref,
        name=facts.name or facts.ref,
        country=country,
        currency=record.currency,
        policy=facts.policy or USUAL_POLICY[country],
        own_collector=bool(facts.own_collector),
    )


def new_debtor(facts: DebtorFacts, now: datetime) -> Debtor:
    """The debtor of ``facts``, for one the ledger does not know."""
    return Debtor(
        ref=facts.ref,
        first_name=facts.first_name or "",
        last_name=facts.last_name or "",
        date_of_birth=facts.date_of_birth.isoformat() if facts.date_of_birth else None,
        country=facts.country,
        postcode=facts.postcode,
        region=facts.region,
        email=facts.email,
        phone=facts.phone,
        language=facts.language,
        timezone=facts.timezone,
        vulnerable=bool(facts.vulnerable),
        created_at=now,
    )


def together(records: Iterable[Record]) -> list[DebtorFacts]:
    """What the records say of each debtor taken together; they agree where they say anything."""
    found: dict[str, DebtorFacts] = {}
    for record in records:
        facts = found.get(record.debtor.ref, record.debtor)
        merged = {}
        for f in fields(DebtorFacts):
            first = getattr(facts, f.name)
            merged[f.name] = getattr(record.debtor, f.name) if first is None else first
        found[record.debtor.ref] = DebtorFacts(**merged)
    return list(found.values())


def complete(debtor: Debtor, facts: DebtorFacts) -> tuple[bool, list[str]]:
    """Fill in what the ledger did not know of ``debtor``: whether there was any, and what it knows otherwise.

    The ledger's own word stays: the debtor may have told us of a change since the file was made.
    """
    changed, otherwise = False, []
    for what in (f.name for f in fields(DebtorFacts) if f.name != "ref"):
        said, has = getattr(facts, what), getattr(debtor, what)
        said = said.isoformat() if isinstance(said, date) else said
        if said in (None, False, has):
            continue
        if has in (None, "", False):
            setattr(debtor, what, said)
            changed = True
        else:
            otherwise.append(what)
    return changed, otherwise


def identifiable(debtor: Debtor) -> bool:
    """Whether the debtor can prove who they are: date of birth, and postcode or last name."""
    return bool(debtor.date_of_birth and (debtor.postcode or debtor.last_name))
