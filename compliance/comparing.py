"""Whether factors are somebody's: an unknown reference takes the same path as a known one.

As many statements, as many texts decrypted, as many comparisons; so no answer, and no time, tells which reference there
is or how near a factor was.
"""

import hmac
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from ledger.models import Debt, Debtor
from runtime import vault
from runtime.ids import DebtorId

MOST_REFERENCES = 2
"""More references than this in one answer is a search, not an answer."""
MOST_NAMES = 5


@dataclass(frozen=True)
class Person:
    """Whose factors are compared; with no ``id`` it is nobody."""

    id: DebtorId | None
    date_of_birth: str | None
    postcode: str | None
    last_name: str | None


def right_factors(person: Person, given: dict[str, list[str]], code_for: DebtorId | None) -> dict[str, bool]:
    """Which factors are this person's. Every factor is compared, whatever came of the others."""
    names = given["names"] if len(given["names"]) <= MOST_NAMES else []
    return {
        "reference": person.id is not None,
        "date_of_birth": _one_of(person.date_of_birth, given["dates_of_birth"]),
        "postcode": _one_of(_postcode(person.postcode), [_postcode(value) for value in given["postcodes"]]),
        "last_name": _one_of(_name(person.last_name), _names(names)),
        "code": code_for is not None and person.id == code_for,
    }


@cache
def _nobody() -> str:
    return vault.encrypt("0000-00-00")


def people(session: Session, references: list[str]) -> list[Person]:
    """Always ``MOST_REFERENCES`` people, of whom some may be nobody; for each, three texts are decrypted."""
    found = session.execute(
        select(Debtor.id, Debtor.date_of_birth, Debtor.postcode, Debtor.last_name)
        .where(referred(references)).order_by(Debtor.id).limit(MOST_REFERENCES)).all()
    people = [Person(row.id, row.date_of_birth, row.postcode, row.last_name) for row in found]
    people += [Person(None, None, None, "nobody")] * (MOST_REFERENCES - len(people))
    for person in people:
        for kept in (person.date_of_birth, person.postcode, person.last_name if person.id is not None else None):
            if not kept:
                vault.decrypt(_nobody())
    return people


def referred(references: list[str]) -> ColumnElement[bool]:
    wanted = {variant for reference in references[:MOST_REFERENCES] for variant in _variants(reference)}
    return or_(Debtor.ref.in_(wanted), Debtor.id.in_(select(Debt.debtor_id).where(Debt.ref.in_(wanted))))


def _variants(reference: str) -> set[str]:
    """A reference as typed, and with the hyphen people leave out: DD1042, 0379NEVHP."""
    plain = "".join(reference.split()).upper()
    bare = plain.replace("-", "")
    split = re.sub(r"(?<=[A-Z])(?=\d)|(?<=\d)(?=[A-Z])", "-", bare)
    return {plain, bare, split}


def _one_of(expected: str | None, given: Sequence[str | None]) -> bool:
    """Whether one of ``given`` is ``expected``, in a time that does not tell how near it was."""
    found = False
    for value in given:
        found |= hmac.compare_digest((expected or "").encode(), (value or "").encode()) and bool(expected)
    return found


def _postcode(value: str | None) -> str | None:
    """A postcode without its blanks; of a ZIP+4 the first five figures."""
    if not value:
        return None
    plain = re.sub(r"[^A-Z0-9]", "", value.upper())
    return plain[:5] if plain.isdigit() else plain


def _name(value: str | None) -> str:
    """A name without case, accents, blanks, hyphens and apostrophes."""
    folded = unicodedata.normalize("NFKD", value or "").casefold()
    return "".join(char for char in folded if char.isalpha())


def _names(words: list[str]) -> list[str]:
    """Each word as a last name, and neighbours together ("van dyke", "garcía lópez")."""
    single = [_name(word) for word in words]
    return single + ["".join(single[at:at + size]) for size in (2, 3) for at in range(len(single) - size + 1)]


def shares_home(session: Session, debtor: Debtor) -> bool:
    """Whether another debtor has the same last name and postcode: father and son. Then a postcode proves nothing."""
    others = session.scalars(
        select(Debtor.postcode).where(Debtor.name_hash == debtor.name_hash, Debtor.id != debtor.id))
    home = _postcode(debtor.postcode)
    return any(_postcode(other) == home for other in others)
