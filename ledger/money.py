"""Money: an exact number of minor units of one currency. Never a float."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

# ISO 4217: currencies whose minor unit is not a hundredth.
_NO_DECIMALS = ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV",
                "XAF", "XOF", "XPF")
_THREE_DECIMALS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_EXPONENTS = dict.fromkeys(_NO_DECIMALS, 0) | dict.fromkeys(_THREE_DECIMALS, 3) | {"CLF": 4, "UYW": 4}
_CODE = re.compile(r"[A-Z]{3}")


class MoneyError(ValueError):
    """An amount that cannot be: a wrong currency code, too many decimals, two currencies mixed."""


@cache
def exponent(currency: str) -> int:
    """How many decimals ``currency`` (ISO 4217, upper case) has. Raises MoneyError for what is no code."""
    if not _CODE.fullmatch(currency):
        raise MoneyError(f"{currency!r} is not a currency code (three capital letters)")
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """``minor`` minor units (pence, cents) of ``currency``. Ordered within a currency; mixing two raises MoneyError."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is not int:
            raise MoneyError(f"minor units are whole numbers, not {self.minor!r}")
        exponent(self.currency)

    @classmethod
    def from_decimal(cls, amount: Decimal, currency: str) -> "Money":
        """``amount`` in major units. Raises MoneyError when it has more decimals than the currency or is not finite."""
        if not isinstance(amount, Decimal) or not amount.is_finite():
            raise MoneyError(f"{amount!r} is not an exact amount")
        digits = exponent(currency)
        sign, figures, places = amount.as_tuple()
        value = int("".join(map(str, figures)))
        shift = int(places) + digits
        minor, rest = (value * 10**shift, 0) if shift >= 0 else divmod(value, 10**-shift)
        if rest:
            raise MoneyError(f"{amount} has more than {digits} decimals, too many for {currency}")
        return cls(-minor if sign else minor, currency)

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Money":
        """The inverse of ``json``. Raises MoneyError for anything else."""
        minor, currency = value.get("minor"), value.get("currency")
        if type(minor) is not int or not isinstance(currency, str):
            raise MoneyError(f"{value!r} is not an amount")
        return cls(minor, currency)

    def json(self) -> dict[str, object]:
        """``{"minor": …, "currency": …}``."""
        return {"minor": self.minor, "currency": self.currency}

    @property
    def exponent(self) -> int:
        """How many decimals the currency has."""
        return exponent(self.currency)

    @property
    def decimal(self) -> Decimal:
        """The exact amount in major units, with the currency's number of decimals."""
        digits = self.exponent
        return Decimal((int(self.minor < 0), tuple(map(int, str(abs(self.minor)))), -digits))

    @property
    def is_zero(self) -> bool:
        """Whether it is nothing."""
        return self.minor == 0

    def _same(self, other: "Money") -> int:
        if self.currency != other.currency:
            raise MoneyError(f"{self.currency} and {other.currency} cannot be mixed")
        return other.minor

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.minor, self.currency)

    def __lt__(self, other: "Money") -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: "Money") -> bool:
        return self.minor <= self._same(other)

    def __gt__(self, other: "Money") -> bool:
        return self.minor > self._same(other)

    def __ge__(self, other: "Money") -> bool:
        return self.minor >= self._same(other)

    def __str__(self) -> str:
        return f"{self.decimal} {self.currency}"


def zero(currency: str) -> Money:
    """Nothing, in ``currency``."""
    return Money(0, currency)


def total(amounts: Iterable[Money], currency: str) -> Money:
    """The sum of ``amounts``, all of ``currency``; raises MoneyError when one is not."""
    return sum(amounts, start=zero(currency))


def totals(amounts: Iterable[Money]) -> dict[str, Money]:
    """The sums per currency."""
    sums: dict[str, Money] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, zero(amount.currency)) + amount
    return sums
