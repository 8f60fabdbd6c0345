"""Parts of the section ``plans`` that need more than a number: terms by balance band, the down payment."""

from collections.abc import Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Annotated

from pydantic import Field, model_validator

from ledger.money import Money
from ledger.policy.section import Exact, Section


class Band(Section):
    """Balances up to ``up_to`` in major units, that included, may run for so many months."""

    up_to: Annotated[Exact, Field(gt=0)] | None = None
    """The largest balance of the band, in major units; the last band has none."""
    months: Annotated[int, Field(ge=1, le=600)]
    """The longest term of such a balance."""


Term = int | tuple[Band, ...]


def months_for(term: Term, total: Decimal) -> int:
    """The months that ``term`` gives to ``total``. Raises ValueError for bands that are out of order or have an end."""
    if isinstance(term, int):
        return term
    limits = [band.up_to for band in term[:-1]]
    if not term or term[-1].up_to is not None:
        raise ValueError("the last band of maximum_term_months has no up_to: it is for all that is more")
    known = [limit for limit in limits if limit is not None]
    if len(known) != len(limits) or sorted(set(known)) != known:
        raise ValueError("the bands of maximum_term_months need an up_to each, the smallest first, but for the last")
    return next(band.months for band in term if band.up_to is None or total <= band.up_to)


def strictest_term(every: Sequence[Term]) -> Term:
    """The shortest of these for every balance."""
    if all(isinstance(term, int) for term in every):
        return min(term for term in every if isinstance(term, int))
    limits = sorted({
        band.up_to for term in every if isinstance(term, tuple) for band in term if band.up_to is not None
    })
    bands = [Band(up_to=limit, months=min(months_for(term, limit) for term in every)) for limit in limits]
    above = [term if isinstance(term, int) else term[-1].months for term in every]
    return (*bands, Band(months=min(above)))


class DownPayment(Section):
    """What comes first: an amount, a part of the total in per cent, or the larger of both."""

    amount: Annotated[Exact, Field(gt=0)] | None = None
    """In major units."""
    percent: Annotated[Exact, Field(gt=0, lt=100)] | None = None
    """Of the total."""

    @model_validator(mode="after")
    def _something(self) -> "DownPayment":
        if self.amount is None and self.percent is None:
            raise ValueError("down_payment needs an amount or a percent")
        return self

    def of(self, total: Money) -> Money:
        """What comes first of ``total``, never more than it, per cents rounded up to a minor unit."""
        fixed = Money.from_decimal(self.amount or Decimal(0), total.currency)
        part = int((total.minor * (self.percent or 0) / Decimal(100)).to_integral_value(ROUND_CEILING))
        return min(total, max(fixed, Money(part, total.currency)))

    @staticmethod
    def strictest(every: Sequence["DownPayment | None"]) -> "DownPayment | None":
        """What satisfies all of these."""
        amounts = [down.amount for down in every if down and down.amount is not None]
        percents = [down.percent for down in every if down and down.percent is not None]
        if not amounts and not percents:
            return None
        return DownPayment(amount=max(amounts, default=None), percent=max(percents, default=None))
