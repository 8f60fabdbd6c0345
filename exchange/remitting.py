"""A remittance as a file: CSV to read in, PDF or HTML to read."""

import io
from collections.abc import Sequence
from dataclasses import fields
from datetime import date, datetime
from typing import Literal

from babel.dates import format_date
from babel.numbers import format_currency

from compliance.operator import operator
from exchange.cells import Sheet
from exchange.html import as_html
from exchange.paper import Block, File, Heading, Logo, Paper, Row, Table, Words
from exchange.pdf import as_pdf
from exchange.remittance import Figures, Remittance, columns

Form = Literal["csv", "pdf", "html"]
_NAMES = tuple(one.name for one in fields(Figures))
_TITLES = {"received": "Received", "reversed": "Reversed", "refunded": "Refunded", "fees": "Card fees",
           "disputes": "Card disputes", "other": "Other"}


def remittance_file(made: Sequence[Remittance], *, form: Form, now: datetime) -> File:
    """The remittances of one creditor (one for each currency) as one file. For the creditor: in British English."""
    first = made[0]
    name = f"remittance-{first.ref.lower()}-{first.period.first.isoformat()}-{first.period.last.isoformat()}.{form}"
    if form == "csv":
        return File(name, "text/csv; charset=utf-8", _csv(made))
    paper = _paper(made, now)
    if form == "pdf":
        return File(name, "application/pdf", as_pdf(paper, made_at=now))
    return File(name, "text/html; charset=utf-8", as_html(paper))


def _csv(made: Sequence[Remittance]) -> bytes:
    """A row for each debt, then the sums: brought forward, what is the creditor's of the period, to pay over."""
    file = io.StringIO()
    sheet = Sheet(file, ("row", "creditor", "currency", "from", "to", "debt", "debtor", "payments", *_NAMES, "net",
                         "paid_to_creditor"))
    for one in made:
        head = (one.ref, one.currency, one.period.first.isoformat(), one.period.last.isoformat())
        for part in one.parts:
            sheet.row("debt", *head, part.ref, part.debtor, part.payments, *_amounts(one, part.figures),
                      one.money(part.figures.net), one.money(part.direct))
        on_debts = Figures()
        for part in one.parts:
            on_debts.add(part.figures)
        apart = Figures(*(getattr(one.totals, name) - getattr(on_debts, name) for name in _NAMES))
        sheet.row("not_by_debt", *head, None, None, None, *_amounts(one, apart), one.money(apart.net), None)
        sheet.row("total", *head, None, None, sum(part.payments for part in one.parts), *_amounts(one, one.totals),
                  one.money(one.totals.net), one.money(one.direct))
        for name, amount in (("brought_forward", one.brought), ("to_pay_over", one.carried)):
            sheet.row(name, *head, None, None, None, *(None for _ in _NAMES), one.money(amount), None)
    return file.getvalue().encode("utf-8-sig")  # with its mark, so that spreadsheets read it as UTF-8


def _amounts(one: Remittance, figures: Figures) -> tuple[object, ...]:
    return tuple(one.money(getattr(figures, name)) for name in _NAMES)


def _paper(made: Sequence[Remittance], now: datetime) -> Paper:
    office, first = operator(), made[0]
    blocks: list[Block] = []
    for one in made:
        blocks += _blocks(one, several=len(made) > 1)

    def day(value: date) -> str:
        return format_date(value, "d MMMM yyyy", locale="en_GB")

    return Paper(
        title=f"Remittance to {first.creditor}", language="en-GB",
        sender=(office.trading_name, *(part.strip() for part in office.address.split(",")), office.phone, office.email),
        recipient=(first.creditor,),
        facts=(("Creditor", first.ref),
               ("Period", f"{day(first.period.first)} to {day(first.period.last)}, by the day of recording"),
               ("Made on", day(now.astimezone(office.zone).date()))),
        blocks=tuple(blocks), foot=f"{office.legal_name}, {office.address}", page="Page {page} of {pages}",
        logo=Logo(office.logo_file, office.trading_name) if office.logo_file else None)


def _blocks(one: Remittance, *, several: bool) -> list[Block]:
    def amount(minor: int) -> str:
        money = one.money(minor)
        return format_currency(money.decimal, money.currency, locale="en_GB")

    names = columns([one])
    sums = [Row(("Brought forward, not yet paid over", amount(one.brought)))]
    sums += [Row((_TITLES[name], amount(getattr(one.totals, name)))) for name in names]
    sums.append(Row(("To pay over at the end of the period", amount(one.carried)), strong=True))
    shown = [part for part in one.parts if part.direct or any(getattr(part.figures, name) for name in names)]
    by_debt = [Row((f"{part.ref}\n{part.debtor}", *(amount(getattr(part.figures, name)) for name in names
                                                   if name not in ("fees", "disputes")), amount(part.direct)))
               for part in shown]
    titles = tuple(_TITLES[name] for name in names if name not in ("fees", "disputes"))
    on_debts = Figures()
    for part in one.parts:
        on_debts.add(part.figures)
    by_debt.append(Row(("In all", *(amount(getattr(on_debts, name)) for name in names
                                    if name not in ("fees", "disputes")), amount(one.direct)), strong=True))
    width = 70 // (len(titles) + 1)
    return [
        Heading(f"In short, in {one.currency}" if several else "In short"),
        Words(f"{amount(one.carried)} is to be paid over. In the period {amount(one.totals.net)} came in, net of "
              "refunds, reversals, fees and what the card processor holds back.", marked=True),
        Table("", (), tuple(sums), frozenset({1}), (70, 30)),
        Heading("Debt by debt"),
        Table("Paid to you: reached you directly, and is not part of what is paid over.",
              ("Debt and debtor", *titles, "Paid to you"), tuple(by_debt), frozenset(range(1, len(titles) + 2)),
              (30, *[width] * (len(titles) + 1)))]
