"""Blind indexes: how a debtor is found by what is encrypted.

A keyed hash of the fact in one spelling. Whoever has the database but not the installation's key can neither read the
fact nor try out what it might be; two debtors with the same fact have the same hash, which is what a look-up needs.
"""

import re
import unicodedata

from runtime.vault import keyed_hash

LENGTH = 32
"""Hexadecimal digits kept: 128 bits, so that no two facts meet by chance."""


def _hash(purpose: str, text: str) -> str | None:
    return keyed_hash(f"blind {purpose}", text)[:LENGTH] if text else None


def blind_name(name: str | None) -> str | None:
    """Of a last name, without case, accents, blanks, hyphens and apostrophes; None when nothing is left."""
    name = name or ""
    folded = name.lower() if name.isascii() else unicodedata.normalize("NFKD", name).casefold()
    return _hash("name", folded if folded.isalpha() and folded.isascii() else
                 "".join([char for char in folded if char.isalpha()]))


def blind_email(email: str | None) -> str | None:
    """Of an e-mail address, in any case."""
    return _hash("email", (email or "").strip().casefold())


def blind_phone(phone: str | None) -> str | None:
    """Of a telephone number: its digits, so that blanks and brackets do not matter."""
    return _hash("phone", re.sub(r"\D", "", phone or ""))
