"""``debtdesk terms``: what a text says of money and time, as JSON. Needs no server."""

import json
import sys
from datetime import date, datetime
from typing import Annotated

import typer

from conversations.terms import find_terms
from runtime.errors import OperatorError

CURRENCIES = {"GB": "GBP", "US": "USD", "IE": "EUR", "ES": "EUR", "MX": "MXN"}


def terms(
    text: Annotated[str, typer.Argument(help="The text, or - to read lines")],
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The debtor's date")] = None,
    locale: Annotated[str, typer.Option(help="Decides 3/4 and the currency")] = "en-GB",
) -> None:
    """Find amounts, dates and rhythm; print one JSON object per text.

    Example: debtdesk terms "forty quid a fortnight from the 3rd" --today 2026-11-22
    """
    if "-" not in locale and "_" not in locale:
        raise OperatorError(f"--locale needs language and country, such as en-GB, not {locale!r}")
    currency = CURRENCIES.get(locale[-2:].upper(), "GBP")
    for line in (sys.stdin if text == "-" else [text]):
        found = find_terms(line.rstrip("\n"), locale=locale.replace("_", "-"), currency=currency,
                           today=today.date() if today else date.today())
        print(json.dumps(found.json(), ensure_ascii=False), flush=True)
