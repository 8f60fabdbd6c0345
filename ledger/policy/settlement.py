"""The section ``settlement``: what may be taken to close a debt, by balance and age, and who may offer it."""

from collections.abc import Iterator
from decimal import ROUND_CEILING, Decimal
from typing import Annotated

from pydantic import Field, model_validator

from ledger.kinds import Authority
from ledger.money import Money
from ledger.policy.section import Exact, Section, days, money, percent

_OFFERED_BY = {
    Authority.BOT: "The assistant may offer this itself", Authority.STAFF: "A colleague has to offer it",
    Authority.LEAD: "A team lead has to offer it",
}


class SettlementTier(Section):
    """A discount for debts of some size and age."""

    pay_percent: Annotated[Exact, Field(gt=0, le=100)]
    """The part of the balance that closes the debt, in per cent."""
    payments: Annotated[int, Field(ge=1, le=24)] = 1
    """In how many payments at most."""
    within_days: Annotated[int, Field(ge=1, le=366)] = 30
    """Days from the offer until the last payment must be in."""
    accept_within_days: Annotated[int, Field(ge=0, le=366)] | None = None
    """Days for which the offer stands; when left out, as many as lie between two payments."""
    authority: Authority = Authority.BOT
    """Who may offer it: bot, staff or lead."""
    balance_from: Annotated[Exact, Field(ge=0)] | None = None
    """Only for balances of this amount or more."""
    balance_below: Annotated[Exact, Field(gt=0)] | None = None
    """Only for balances below this amount."""
    months_old: Annotated[int, Field(ge=0, le=1200)] = 0
    """Only for debts at least this many months old."""

    @model_validator(mode="after")
    def _possible(self) -> "SettlementTier":
        if self.within_days < self.payments:
            raise ValueError(f"within_days must leave a day for each of the {self.payments} payments")
        if self.within_days - self.stands_days < self.payments - 1:
            raise ValueError("accept_within_days leaves no time for the payments before within_days is over")
        if self.balance_from is not None and self.balance_below is not None and self.balance_from >= self.balance_below:
            raise ValueError("balance_from must be less than balance_below")
        return self

    @property
    def stands_days(self) -> int:
        """Days for which an offer of this tier may be accepted."""
        return self.within_days // self.payments if self.accept_within_days is None else self.accept_within_days

    def closes(self, balance: Money) -> Money:
        """What of ``balance`` closes the debt, rounded up to a minor unit."""
        minor = (balance.minor * self.pay_percent / 100).to_integral_value(ROUND_CEILING)
        return Money(int(minor), balance.currency)

    def fits(self, balance: Decimal, months_old: int) -> bool:
        """Whether it is meant for a debt of ``balance`` major units and this age."""
        return (
            (self.balance_from is None or balance >= self.balance_from)
            and (self.balance_below is None or balance < self.balance_below) and months_old >= self.months_old
        )

    def explain(self, currency: str) -> list[str]:
        """One tier in a sentence or two."""
        low, high = self.balance_from, self.balance_below
        where = ""
        if low is not None and high is not None:
            where = f" with a balance from {money(low, currency)} to below {money(high, currency)}"
        elif low is not None:
            where = f" with a balance of {money(low, currency)} or more"
        elif high is not None:
            where = f" with a balance below {money(high, currency)}"
        if self.months_old:
            where += f"{' and' if where else ''} at least {self.months_old} months old"
        how = "in one payment" if self.payments == 1 else f"in up to {self.payments} payments"
        stands = f" The offer stands for {days(self.stands_days)}." if self.stands_days != self.within_days else ""
        return [f"A debt{where} can be closed for {percent(self.pay_percent)} of its balance, {how} within "
                f"{days(self.within_days)} of the offer. {_OFFERED_BY[self.authority]}.{stands}"]


class SettlementRules(Section):
    """Discounts that may be agreed. None are offered where there are no tiers."""

    tiers: tuple[SettlementTier, ...] = ()
    """The discounts, in any order."""
    grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after its due date before a payment counts as missed and the settlement lapses."""

    @property
    def amounts(self) -> tuple[Decimal, ...]:
        """Upper ends of balance bands."""
        return tuple(tier.balance_below for tier in self.tiers if tier.balance_below is not None)

    @property
    def limits(self) -> tuple[Decimal, ...]:
        """Lower ends of balance bands."""
        return tuple(tier.balance_from for tier in self.tiers if tier.balance_from is not None)

    def fitting(self, balance: Decimal, months_old: int, authority: Authority) -> Iterator[SettlementTier]:
        """The tiers for such a debt that somebody with ``authority`` may offer, the best for the debtor first."""
        mine = [t for t in self.tiers if t.fits(balance, months_old) and authority.covers(t.authority)]
        yield from sorted(mine, key=lambda tier: (tier.pay_percent, -tier.payments))

    def explain(self, currency: str) -> list[str]:
        """Every tier, and what ends a settlement."""
        if not self.tiers:
            return ["No discount is offered to close a debt; whoever asks is put through to a colleague."]
        lines = [line for tier in self.tiers for line in tier.explain(currency)]
        return [*lines, f"A payment may be {days(self.grace_days)} late. After that the discount lapses; what was paid "
                        "stays paid. The discount is given only when the last payment has cleared."]
