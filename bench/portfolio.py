"""A synthetic portfolio: invented people and debts, the same for the same seed, written as a file in the native layout.

Names are put together from syllables; numbers are of the ranges kept for drama (Ofcom), addresses of example.org.
"""

import csv
import random
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

HEADER = (
    "creditor_ref", "creditor_name", "debtor_ref", "first_name", "last_name", "date_of_birth", "country", "postcode",
    "region", "email", "phone", "language", "debt_ref", "kind", "description", "currency", "principal", "interest",
    "fees", "opened_on", "due_on", "disputed", "settled_on",
)  # fmt: skip
CREDITORS = (
    ("NG", "Northern Gas", "energy", "Gas and electricity"), ("PC", "Parcel & Co", "catalogue", "Catalogue account"),
    ("TB", "Tidewater Books", "invoice", "Books on account"), ("HC", "Halden Card", "card", "Credit card"),
    ("ML", "Marsh Lettings", "rent", "Rent arrears"),
)  # fmt: skip
_START = ("Al", "Be", "Ca", "Do", "El", "Fa", "Gi", "Ha", "Io", "Ju", "Ka", "Lo", "Ma", "Ne", "Or", "Pa", "Qui", "Ro")
_END = ("bert", "cia", "dan", "fred", "gan", "la", "mira", "na", "nor", "ric", "sha", "tan", "vin", "wen", "zah")
_NAME = ("Ash", "Birch", "Cald", "Dray", "Elm", "Fen", "Grim", "Holt", "Ive", "Kes", "Lang", "Mor", "Nether", "Oak")
_PLACE = ("bourne", "by", "combe", "dale", "field", "ford", "ham", "ley", "mere", "ton", "wick", "worth")
_AREAS = ("B", "BS", "CF", "EH", "G", "L", "LS", "M", "NE", "S", "SW", "YO")
_NATIONS = {"CF": "Wales", "EH": "Scotland", "G": "Scotland"}


def rows(debts: int, *, seed: int = 1, today: date) -> Iterator[tuple[str, ...]]:
    """``debts`` rows in the order of ``HEADER``; about seven debtors to ten debts."""
    draw = random.Random(seed)
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    person: tuple[str, ...] = ()
    for number in range(debts):
        if number == 0 or draw.random() < 0.7:
            first, last = draw.choice(_START) + draw.choice(_END), draw.choice(_NAME) + draw.choice(_PLACE)
            area = draw.choice(_AREAS)
            born = today - timedelta(days=draw.randrange(19 * 366, 85 * 365))
            person = (
                f"DD-{seed}{number:08}", first, last, born.isoformat(), "GB",
                f"{area}{draw.randrange(1, 30)} {draw.randrange(10)}{draw.choice(letters)}{draw.choice(letters)}",
                _NATIONS.get(area, "England"), f"{first}.{last}{number}@example.org".lower(),
                f"+447700900{draw.randrange(1000):03}", "en",
            )  # fmt: skip
        creditor, name, kind, what = draw.choice(CREDITORS)
        opened = today - timedelta(days=draw.randrange(30, 1500))
        chance = draw.random()
        settled = opened + timedelta(days=draw.randrange(1, 30)) if chance < 0.05 else None
        yield (
            creditor, name, *person, f"{creditor}-{seed}{number:08}", kind, what, "GBP",
            f"{draw.randrange(500, 400_000) / 100:.2f}",
            f"{draw.randrange(1, 9_000) / 100:.2f}" if chance > 0.6 else "",
            f"{draw.randrange(500, 4_000) / 100:.2f}" if chance > 0.8 else "",
            opened.isoformat(), (opened + timedelta(days=30)).isoformat(), "yes" if 0.05 < chance < 0.07 else "",
            settled.isoformat() if settled else "",
        )  # fmt: skip


def write_portfolio(path: Path, debts: int, *, seed: int = 1, today: date) -> None:
    """Write the portfolio as a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(rows(debts, seed=seed, today=today))
