"""Sentences for the sections of a policy that do not explain themselves."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ledger.policy.section import Section, days, listed, money, percent


def sentences(name: str, section: Section, currency: str) -> list[str]:
    """The section ``name`` in sentences; a field that none of them speaks of with its description and value."""
    if type(section).explain is not Section.explain or name not in _SAID:
        return section.explain(currency)
    said, covered = _SAID[name]
    rest = [field for field in type(section).model_fields if field not in covered]
    return [*said(section, currency), *section.described(rest)]


def often(name: str) -> str:
    """The name of a rhythm in words."""
    return _OFTEN.get(name, name.replace("_", "-"))


_OFTEN = {"semi_monthly": "twice a month", "last_working_day": "on the last working day of each month",
          "payday": "on each payday"}


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _plans(rules: Any, currency: str) -> Iterator[str]:
    minimum = getattr(rules, "minimum_of", rules.minimum_instalment.get)
    least = [f"{money(minimum(name), currency)} {often(name)}" for name in rules.frequencies]
    yield (f"A debt may be paid {listed([often(name) for name in rules.frequencies], 'or')}; "
           f"{often(rules.frequencies[0])} is what we propose first.")
    yield f"The smallest instalment is {listed(least, 'or')}."
    if rules.minimum_percent:
        yield f"In a month at least {percent(rules.minimum_percent)} of the total is paid."
    yield (f"Instalments we propose ourselves are multiples of {money(rules.round_to, currency)}, "
           "unless it is the smallest one.")
    yield from _term(rules.maximum_term_months, currency)
    yield f"The first payment is due within {days(rules.first_payment_within_days)}."
    if (down := getattr(rules, "down_payment", None)) is not None:
        parts = [money(down.amount, currency)] if down.amount is not None else []
        parts += [f"{percent(down.percent)} of the total"] if down.percent is not None else []
        yield f"Before the instalments {listed(parts, 'or')} is paid{', whichever is more' if len(parts) > 1 else ''}."
    yield from _layout(rules, currency)
    yield f"An instalment counts as missed when it is more than {days(rules.grace_days)} late."
    yield from _changes(rules)


def _term(term: Any, currency: str) -> Iterator[str]:
    if isinstance(term, int):
        yield f"A plan runs {term} months at the longest."
        return
    for band in term:
        total = f"a total of up to {money(band.up_to, currency)}" if band.up_to is not None else "more than that"
        yield f"A plan over {total} runs {band.months} months at the longest."


def _layout(rules: Any, currency: str) -> Iterator[str]:
    if getattr(rules, "remainder", "last") == "first":
        yield "When instalments do not go into the total, the first one differs."
    if below := getattr(rules, "merge_last_below", None):
        yield f"A rest of less than {money(below, currency)} joins the instalment beside it."
    if (move := getattr(rules, "on_holidays", "keep")) != "keep":
        yield f"A due date on a weekend or public holiday moves to the working day {move} it."


def _changes(rules: Any) -> Iterator[str]:
    if (missed := getattr(rules, "missed", None)) is not None:
        yield {
            "catch_up": f"What was missed is added to the next {missed.within} instalments, if the debtor agrees.",
            "replan": "After a miss new terms are proposed for the rest.",
        }.get(missed.then, "After a miss a person looks at the plan.")
        yield f"After {missed.person_after} missed instalments a person looks at the plan."
        yield f"A plan gets new terms after a miss {_times(missed.replans_per_year)} a year without a colleague."
    if hasattr(rules, "pause"):
        pause = rules.pause
        yield "Only a colleague can pause a plan." if pause is None else (
            f"A debtor may pause a plan for up to {days(pause.longest_days)}, {_times(pause.per_year)} a year, "
            "without a colleague.")
    if (change := getattr(rules, "change", None)) is not None:
        yield (f"A debtor may change the terms, or pay an instalment up to {days(change.move_days)} later, "
               f"{_times(change.per_year)} a year without a colleague.")


def _payments(rules: Any, _currency: str) -> Iterator[str]:
    yield f"A payment on a debt goes first to {', then to '.join(str(bucket) for bucket in rules.buckets)}."
    if (first := getattr(rules, "over_debts", None)) is not None:
        which = {"highest_interest": "the one with the highest interest"}.get(first, f"the {first} one")
        yield f"Of several debts {which} is paid first, unless the debtor says otherwise."
    yield "What is paid beyond that is kept for the debtor as an overpayment."


def _interest(rules: Any, currency: str) -> Iterator[str]:
    if rules.method is None:
        yield "No interest is added while a debt is with us."
        return
    rate = percent(rules.annual_percent) if rules.annual_percent is not None else "as the debt itself says"
    how = f"for every day ({rules.day_count})" if rules.method == "simple" else "for every month"
    until = f" until {rules.until}" if rules.until is not None else ""
    yield (f"Interest of {rate} a year is added {how} on the {str(rules.base).replace('_', ' ')}, from {rules.since}"
           f"{until}; never on interest.")
    caps = [f"{percent(rules.cap.percent_of_principal)} of the principal"] if rules.cap.percent_of_principal else []
    caps += [money(rules.cap.amount, currency)] if rules.cap.amount is not None else []
    if caps:
        yield f"It never comes to more than {listed(caps, 'or')} on one debt."
    yield "A debt in a plan bears interest too." if rules.while_in_plan else "A debt in a plan bears none."
    yield "Nor does one on a hold that stops it."


def _master(rules: Any, _currency: str) -> Iterator[str]:
    if rules.system == "ours":
        yield "Our own books count."
        return
    yield ("Another system's books count. A balance that it has not confirmed for "
           f"{rules.stale_after_hours} hours makes no agreement.")


_SAID: dict[str, tuple[Callable[[Any, str], Iterable[str]], frozenset[str]]] = {
    "plans": (_plans, frozenset({
        "frequencies", "minimum_instalment", "minimum_percent", "round_to", "maximum_term_months",
        "first_payment_within_days", "grace_days", "down_payment", "remainder", "merge_last_below", "on_holidays",
        "missed", "pause", "change"})),
    "payments": (_payments, frozenset({"buckets", "over_debts"})),
    "interest": (_interest, frozenset({
        "method", "annual_percent", "day_count", "base", "since", "until", "cap", "while_in_plan"})),
    "master": (_master, frozenset({"system", "stale_after_hours"})),
}
