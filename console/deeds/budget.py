"""The deed of writing down what a household can spare."""

from collections.abc import Sequence

from sqlalchemy import select

from console.deeds.deed import Deed, Doing, Given
from console.words import heading
from ledger.affordability import Every, Form, IncomeLine, SpendingLine
from ledger.budgets import forms_of, record_form
from ledger.kinds import Income, Spending
from ledger.models import Debt
from ledger.money import Money
from runtime.errors import StaffError

EVERY = [(every.value, f"a {label}") for every, label in (
    (Every.MONTH, "month"), (Every.WEEK, "week"), (Every.FORTNIGHT, "fortnight"), (Every.FOUR_WEEKS, "four weeks"),
    (Every.QUARTER, "quarter"), (Every.YEAR, "year"))]
_IN = [(f"in_{kind.value}", kind) for kind in Income]
_OUT = [(f"out_{kind.value}", kind) for kind in Spending]


def _currency(doing: Doing) -> str:
    found = doing.session.scalar(
        select(Debt.currency).where(Debt.debtor_id == doing.debtor.id).order_by(Debt.id.desc()).limit(1))
    if found is None:
        raise StaffError("There is no debt, so there is nothing to reckon.")
    return found


def _form(doing: Doing) -> Sequence[Given]:
    currency, latest = _currency(doing), next(iter(forms_of(doing.session, doing.debtor.id)), None)
    known: dict[str, tuple[str, str]] = {}
    if latest is not None and latest.form.currency == currency:
        for income in latest.form.income:
            known[f"in_{income.kind.value}"] = (str(Money(income.minor, currency).decimal), income.every.value)
        for spent in latest.form.spending:
            known[f"out_{spent.category.value}"] = (str(Money(spent.minor, currency).decimal), spent.every.value)
    people = latest.form if latest else Form(currency=currency)
    fields = [Given("adults", "Adults in the household", "number", str(people.adults)),
              Given("children", "Children", "number", str(people.children))]
    for group, lines in (("What comes in", _IN), ("What goes out", _OUT)):
        for name, kind in lines:
            amount, every = known.get(name, ("", "month"))
            label = "Other debts (not those with us)" if kind is Spending.OTHER_DEBTS else heading(kind)
            fields.append(Given(name, label, "line", f"{amount} {every}", choices=EVERY, required=False, group=group))
    return fields


def _record(doing: Doing) -> None:
    currency = _currency(doing)

    def line(name: str) -> tuple[int, Every] | None:
        if not doing.values.get(name, "").strip():
            return None
        return doing.amount(name, currency).minor, Every(doing.choice(f"{name}_every", EVERY))
    income = [IncomeLine(kind=kind, minor=found[0], every=found[1]) for name, kind in _IN if (found := line(name))]
    spent = [SpendingLine(category=kind, minor=found[0], every=found[1])
             for name, kind in _OUT if (found := line(name))]
    if not income and not spent:
        raise StaffError("The form is empty.")
    adults = doing.number("adults", 30)
    if not adults:
        raise StaffError("A household has at least one adult.")
    record_form(doing.session, key=doing.key, debtor_id=doing.debtor.id, actor=doing.actor, now=doing.now,
                today=doing.today, form=Form(currency=currency, adults=adults, children=doing.number("children", 30),
                                             income=tuple(income), spending=tuple(spent)))


BUDGET = Deed("budget", "Income and spending", _form, _record,
              "What the debtor says, in their own figures. Nothing is refused for being high; payments to us do not "
              "belong here. No plan that the assistant agrees takes more than is left over.")
