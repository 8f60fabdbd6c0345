"""The demo portfolio as data: what ``demo/portfolio.yml`` says, checked, with dates relative to a day."""

import re
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from dateutil.relativedelta import relativedelta
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ledger.importing.textyaml import load_text_yaml
from ledger.kinds import HoldReason
from runtime.errors import OperatorError
from runtime.settings import ROOT

FILE = ROOT / "demo" / "portfolio.yml"
MARK = "DEMO-"
"""How the reference of every creditor of the demo begins; it tells a demo database from a live one."""

_STEP = re.compile(r"([+-]\d+) (day|week|month|year)s?")


def _steps(value: str) -> str:
    if value != "today" and _STEP.sub("", value).strip():
        raise ValueError(f"{value!r} is neither `today` nor steps such as `-3 months -8 days`")
    return value


Relative = Annotated[str, AfterValidator(_steps)]


def on(day: Relative, today: date) -> date:
    """The date that ``day`` means when ``today`` is today."""
    found = today
    for number, unit in _STEP.findall(day):
        found += relativedelta(**{f"{unit}s": int(number)})  # type: ignore[arg-type]
    return found


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CreditorData(_Part):
    """A creditor."""

    ref: Annotated[str, Field(pattern=f"^{MARK}")]
    name: str
    country: str
    currency: str
    policy: str
    own_collector: bool = False


class DebtData(_Part):
    """A debt with what was owed on it when it was opened, in the creditor's currency."""

    ref: str
    creditor: str
    kind: str
    description: str
    original: str | None = None
    amount: Decimal
    interest: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    costs: Decimal = Decimal(0)
    opened: Relative
    due: Relative
    acknowledged: Relative | None = None
    time_barred: bool = False


class PlanStep(_Part):
    """A plan was agreed, and its first ``kept`` instalments were paid on their days."""

    on: Relative
    debts: list[str]
    instalment: Decimal
    every: Annotated[str, Field(pattern=r"^\d+ (week|month)s?$")]
    first: Relative
    kept: int = 0


class PayStep(_Part):
    """A payment arrived."""

    on: Relative
    split: dict[str, Decimal]


class HoldStep(_Part):
    """A hold was placed on a debt, or on everything of the debtor."""

    on: Relative
    reason: HoldReason
    debt: str | None = None
    until: Relative | None = None
    cause: str


class PromiseStep(_Part):
    """A promise was made on all debts."""

    on: Relative
    amount: Decimal
    due: Relative


class RecallStep(_Part):
    """The creditor took a debt back."""

    on: Relative
    debt: str


class StopStep(_Part):
    """The debtor told us to stop writing, on every channel."""

    on: Relative


class Happened(_Part):
    """One of these."""

    plan: PlanStep | None = None
    pay: PayStep | None = None
    hold: HoldStep | None = None
    promise: PromiseStep | None = None
    recall: RecallStep | None = None
    stop: StopStep | None = None


class Person(_Part):
    """A debtor of the demo, and what a visitor may type in their name."""

    letter: str
    story: str
    ref: str
    first_name: str
    last_name: str
    born: date
    country: Literal["GB", "US"]
    region: str
    timezone: str | None = None
    language: str | None = None
    postcode: str
    email: str
    phone: str
    vulnerability: str | None = None
    representative: str | None = None
    died: Relative | None = None
    debts: list[DebtData]
    happened: list[Happened] = Field(default_factory=list)
    say: Annotated[list[str], Field(min_length=1, max_length=3)]


class Portfolio(_Part):
    """The whole of it."""

    creditors: list[CreditorData]
    people: list[Person]


@cache
def read_portfolio(path: Path = FILE) -> Portfolio:
    """The portfolio in ``path``. Raises OperatorError that names what is wrong in it."""
    try:
        return Portfolio.model_validate(load_text_yaml(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise OperatorError(f"{path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        reasons = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise OperatorError(f"{path}: {reasons}") from None
