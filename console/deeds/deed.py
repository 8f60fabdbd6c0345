"""What a deed is: a form on one thing of a debtor, who may do it, and what it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Literal

from sqlalchemy.orm import Session

from console.models import Role
from ledger.approvals import Asked, clear
from ledger.kinds import Authority, BoundedAct
from ledger.models import Debt, Debtor, Plan
from ledger.money import Money, MoneyError
from ledger.remarks import remark
from runtime.errors import StaffError
from runtime.ids import DebtId

AUTHORITY = {Role.AGENT: Authority.STAFF, Role.MANAGER: Authority.LEAD}
"""What each role counts as in a policy's section ``approval``."""
MAX_TEXT = 180


@dataclass(frozen=True)
class Given:
    """One field of a form."""

    name: str
    label: str
    kind: Literal["amount", "date", "number", "text", "choice", "line"] = "text"
    value: str = ""
    hint: str = ""
    choices: Sequence[tuple[str, str]] = ()
    required: bool = True
    group: str = ""


@dataclass(frozen=True)
class Doing:
    """A deed about to be done: by whom, with which authority, on what, and what the form says.

    ``key`` was made with the form. ``today`` is the debtor's own date.
    """

    session: Session
    debtor: Debtor
    target: int
    values: Mapping[str, str]
    key: str
    actor: str
    authority: Authority
    now: datetime
    today: date

    def text(self, name: str) -> str:
        """A text. Raises StaffError when it is missing or too long."""
        value = " ".join(self.values.get(name, "").split())
        if not 1 <= len(value) <= MAX_TEXT:
            raise StaffError(f"Say why in a few words ({MAX_TEXT} characters at most).")
        return value

    def why(self) -> str:
        """Keep why it is done where it can be erased; returns what the books say instead. Raises as ``text`` does."""
        return remark(self.session, key=self.key, debtor_id=self.debtor.id, words=self.text("why"), actor=self.actor,
                      now=self.now)

    def amount(self, name: str, currency: str, *, below_zero: bool = False) -> Money:
        """An amount of money. Raises StaffError for anything else."""
        said = self.values.get(name, "").strip().replace(",", "").lstrip("£$€").strip()
        try:
            amount = Money.from_decimal(Decimal(said), currency)
        except (InvalidOperation, MoneyError, ValueError):
            raise StaffError(f"“{self.values.get(name, '')[:20]}” is no amount in {currency}.") from None
        if amount.is_zero or (amount.minor < 0 and not below_zero):
            raise StaffError("The amount has to be above nothing.")
        return amount

    def day(self, name: str) -> date | None:
        """A date; None when it was left empty. Raises StaffError for anything else."""
        said = self.values.get(name, "").strip()
        try:
            return date.fromisoformat(said) if said else None
        except ValueError:
            raise StaffError(f"“{said[:20]}” is no date.") from None

    def number(self, name: str, most: int = 10_000) -> int:
        """A whole number, from nothing to ``most``. Raises StaffError for anything else."""
        said = self.values.get(name, "").strip()
        if not (said.isascii() and said.isdecimal()) or len(said) > 9 or int(said) > most:
            raise StaffError(f"“{said[:20]}” is no number up to {most:,}.")
        return int(said)

    def choice(self, name: str, choices: Sequence[tuple[str, str]]) -> str:
        """One of the choices. Raises StaffError for anything else."""
        said = self.values.get(name, "")
        if said not in dict(choices):
            raise StaffError("Choose one of what the form offers.")
        return said

    def debt(self) -> Debt:
        """The debt this is on. Raises StaffError when it is not this debtor's."""
        debt = self.session.get(Debt, DebtId(self.target))
        if debt is None or debt.debtor_id != self.debtor.id:
            raise StaffError("There is no such debt.")
        return debt

    def plan(self) -> Plan:
        """The plan this is on. Raises StaffError when it is not this debtor's."""
        plan = self.session.get(Plan, self.target)
        if plan is None or plan.debtor_id != self.debtor.id:
            raise StaffError("There is no such plan.")
        return plan

    def refuse_without(self, needed: Authority, act: BoundedAct, content: object, minor: int | None = None) -> None:
        """Raises NeedsApproval when the role of whoever does it is not enough and nobody approved it."""
        clear(self.session, Asked(self.key, act, self.debtor.id, None, content, needed, minor),
              authority=self.authority, actor=self.actor, now=self.now)

    def with_authority(self, authority: Authority) -> "Doing":
        """The same by somebody with that authority."""
        return replace(self, authority=authority)


@dataclass(frozen=True)
class Deed:
    """``form`` gives the fields for one target and may raise StaffError; ``do`` does it, once for each key."""

    name: str
    title: str
    form: Callable[[Doing], Sequence[Given]]
    do: Callable[[Doing], None]
    says: str = ""
    """One sentence above the form: what staff should know."""


WHY = Given("why", "Why?", hint="Kept beside the entry, for staff. No words about health.")
