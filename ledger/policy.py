"""What a creditor allows: one YAML file per policy, named by ``Creditor.policy``."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ledger.kinds import OWED, Bucket, HoldReason
from ledger.models import Creditor
from ledger.money import Money, exponent
from ledger.schedule import FORTNIGHTLY, FOUR_WEEKLY, MONTHLY, WEEKLY, Frequency
from runtime.errors import OperatorError
from runtime.settings import settings

Name = Literal["weekly", "fortnightly", "four_weekly", "monthly"]
FREQUENCIES: dict[Name, Frequency] = {
    "weekly": WEEKLY, "fortnightly": FORTNIGHTLY, "four_weekly": FOUR_WEEKLY, "monthly": MONTHLY,
}
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('write it in quotes, as in "25.00", so that it stays exact')
    return value


Exact = Annotated[Decimal, BeforeValidator(_exact)]


class SettlementTier(BaseModel):
    """A discount that may be offered without asking anybody."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    pay_percent: Annotated[Exact, Field(gt=0, le=100)]
    """The part of the balance that closes the debt."""
    payments: Annotated[int, Field(ge=1, le=24)] = 1
    within_days: Annotated[int, Field(ge=1, le=366)] = 30


class Policy(BaseModel):
    """One policy. Amounts are in major units of ``currency``, as text; days are calendar days."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str = Field(description="The file's name without .yml")
    title: str = ""
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    frequencies: tuple[Name, ...] = Field(min_length=1, description="Rhythms allowed, the usual one first")
    minimum_instalment: dict[Name, Exact] = Field(description="Smallest instalment for each rhythm")
    minimum_percent: Annotated[Exact, Field(ge=0, le=100)] = Decimal(0)
    """Smallest part of the total to be paid in a month, in per cent."""
    round_to: Annotated[Exact, Field(gt=0)] = Decimal(5)
    """Instalments we propose above the smallest are multiples of this."""
    maximum_term_months: Annotated[int, Field(ge=1, le=600)]
    first_payment_within_days: Annotated[int, Field(ge=0, le=366)]
    plan_grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    """Days after its due date before an instalment counts as missed."""
    promise_grace_days: Annotated[int, Field(ge=0, le=60)] = 3
    promise_within_days: Annotated[int, Field(ge=1, le=366)] = 45
    """How far ahead a promise to pay may lie."""
    hold_days: dict[HoldReason, Annotated[int, Field(ge=1, le=3660)] | None] = Field(default_factory=dict)
    """Length of a hold by reason; null or absent: until it is lifted."""
    allocation: tuple[Bucket, ...] = (Bucket.COSTS, Bucket.FEES, Bucket.INTEREST, Bucket.PRINCIPAL)
    """Order in which a payment fills the buckets of a debt."""
    settlement: tuple[SettlementTier, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> "Policy":
        exponent(self.currency)
        if missing := [name for name in self.frequencies if name not in self.minimum_instalment]:
            raise ValueError(f"minimum_instalment lacks {', '.join(missing)}")
        for amount in (*self.minimum_instalment.values(), self.round_to):
            if Money.from_decimal(amount, self.currency).minor <= 0:
                raise ValueError(f"{amount} is not an amount to pay")
        if sorted(self.allocation) != sorted(OWED):
            raise ValueError("allocation must name principal, interest, fees and costs, each once")
        return self

    @property
    def rhythms(self) -> tuple[Frequency, ...]:
        """The frequencies allowed, the usual one first."""
        return tuple(FREQUENCIES[name] for name in self.frequencies)

    def minimum(self, frequency: Frequency) -> Money | None:
        """The smallest instalment in this rhythm, None when the rhythm is not allowed."""
        for name in self.frequencies:
            if FREQUENCIES[name] == frequency:
                return Money.from_decimal(self.minimum_instalment[name], self.currency)
        return None

    def hold_until(self, reason: HoldReason, today: date) -> date | None:
        """The last day of a hold placed today; None: until it is lifted."""
        days = self.hold_days.get(reason)
        return None if days is None else today + timedelta(days=days)


def _problem(error: dict[str, Any]) -> str:
    return f"{'.'.join(map(str, error['loc'])) or 'policy'}: {error['msg'].removeprefix('Value error, ')}"


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> Policy:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(loaded, dict):
            raise OperatorError(f"{path.name}: a policy file holds fields and values")
        return Policy.model_validate(loaded | {"name": path.stem})
    except ValidationError as error:
        problems = "; ".join(_problem(dict(e)) for e in error.errors())
        raise OperatorError(f"{path.name}: {problems}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path.name} is not valid YAML: {' '.join(str(error).split())}") from None


def load_policy(name: str) -> Policy:
    """The policy of this name from the policy folder, read again when the file has changed.

    Raises OperatorError with one clear line when there is none or it is wrong.
    """
    path = settings().policy_dir / f"{name}.yml"
    try:
        if not _FILE.fullmatch(name):
            raise FileNotFoundError
        changed = path.stat().st_mtime_ns
    except FileNotFoundError:
        raise OperatorError(f"There is no policy {name!r}: expected {name}.yml in {settings().policy_dir}") from None
    return _read(path, changed)


def policy_for(creditor: Creditor) -> Policy:
    """The policy of a creditor. Raises OperatorError."""
    return load_policy(creditor.policy)


def strictest(policies: Sequence[Policy]) -> Policy:
    """One policy that all of these allow, for a plan over debts of several creditors.

    Raises OperatorError when they are of several currencies or share no rhythm.
    """
    first, *others = {policy.name: policy for policy in policies}.values()
    if not others:
        return first
    shared = tuple(name for name in first.frequencies if all(name in other.frequencies for other in others))
    if not shared or any(other.currency != first.currency for other in others):
        raise OperatorError("The policies " + ", ".join(p.name for p in policies) + " allow no plan in common")
    everyone = (first, *others)
    reasons = {reason for policy in everyone for reason in policy.hold_days}
    longest = {
        reason: None if None in (days := [p.hold_days.get(reason) for p in everyone]) else max(d for d in days if d)
        for reason in reasons
    }
    return first.model_copy(update={
        "name": "+".join(policy.name for policy in everyone),
        "frequencies": shared,
        "minimum_instalment": {name: max(p.minimum_instalment[name] for p in everyone) for name in shared},
        "minimum_percent": max(p.minimum_percent for p in everyone),
        "round_to": max(p.round_to for p in everyone),
        "maximum_term_months": min(p.maximum_term_months for p in everyone),
        "first_payment_within_days": min(p.first_payment_within_days for p in everyone),
        "plan_grace_days": max(p.plan_grace_days for p in everyone),
        "promise_grace_days": max(p.promise_grace_days for p in everyone),
        "promise_within_days": min(p.promise_within_days for p in everyone),
        "hold_days": longest,
        "settlement": (),
    })
