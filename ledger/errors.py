"""What the ledger refuses, as types. Callers turn them into words for debtors or staff."""

from datetime import date, datetime
from typing import TYPE_CHECKING

from ledger.kinds import Authority, HoldReason, PlanStatus, SettlementStatus
from ledger.money import Money
from runtime.ids import DebtId

if TYPE_CHECKING:
    from ledger.approvals import Asked


class LedgerError(Exception):
    """A request the ledger refuses. Nothing of it was written."""


class NotFound(LedgerError):
    """There is no such row."""


class KeyReused(LedgerError):
    """The idempotency key was used before for something else."""

    def __init__(self, key: str) -> None:
        super().__init__(f"the idempotency key {key!r} was used before with other content")
        self.key = key


class Unbalanced(LedgerError):
    """The lines of a posting do not sum to zero in every currency."""


class BelowZero(LedgerError):
    """A posting would take more from a bucket than is in it."""


class WrongCurrency(LedgerError):
    """An amount is not in the currency of the debt or policy it meets."""


class ReferenceTaken(LedgerError):
    """A debt with this reference exists already."""


class CannotReverse(LedgerError):
    """A posting cannot be undone: it is a reversal, was reversed, or its money has moved on."""


class MoreThanPaid(LedgerError):
    """More would be given back, or withdrawn, than is left of what was paid. ``most`` is what is left."""

    def __init__(self, most: Money) -> None:
        super().__init__(f"no more than {most} is left to give back")
        self.most = most


class CannotWriteOff(LedgerError):
    """Only an open debt on which something is owed can be written off."""


class PlanRefused(LedgerError):
    """Base of the reasons why a plan cannot be agreed."""


class DebtNotPayable(PlanRefused):
    """A debt is not open, owes nothing, or is on a hold that forbids payment. ``reason`` is None without a hold."""

    def __init__(self, debt_id: DebtId, reason: HoldReason | None) -> None:
        super().__init__(f"debt {debt_id} cannot be paid in a plan ({reason or 'nothing is owed on it'})")
        self.debt_id = debt_id
        self.reason = reason


class BalanceStale(LedgerError):
    """Another system is the master, and it has not confirmed this balance for too long: nothing is agreed on it.

    ``as_of`` is when it last did, None for never. Money that comes in all the same is taken.
    """

    def __init__(self, debt_id: DebtId, ref: str, as_of: datetime | None) -> None:
        super().__init__(f"the balance of debt {ref} was last confirmed {as_of.isoformat() if as_of else 'never'}")
        self.debt_id = debt_id
        self.as_of = as_of


class AlreadyInPlan(PlanRefused):
    """A debt is in an active plan already."""

    def __init__(self, debt_id: DebtId, plan_id: int) -> None:
        super().__init__(f"debt {debt_id} is in plan {plan_id}")
        self.debt_id = debt_id
        self.plan_id = plan_id


class OfferStale(PlanRefused):
    """The balance is no longer what the offer was made for: show a new offer."""

    def __init__(self, owed: Money) -> None:
        super().__init__(f"the debts of this offer now owe {owed}")
        self.owed = owed


class OutsidePolicy(PlanRefused):
    """The creditor's policy does not allow this plan, or this change of one. Staff may."""


class PlanChanged(PlanRefused):
    """The plan is no longer the one that was shown: show it again. ``version`` is what it is now."""

    def __init__(self, plan_id: int, version: int) -> None:
        super().__init__(f"plan {plan_id} has changed meanwhile")
        self.plan_id = plan_id
        self.version = version


class PlanEnded(PlanRefused):
    """The plan is completed or cancelled."""

    def __init__(self, plan_id: int, status: PlanStatus) -> None:
        super().__init__(f"plan {plan_id} is {status}")
        self.plan_id = plan_id
        self.status = status


class NothingToChange(PlanRefused):
    """What was asked for makes no sense on this plan, not even by staff."""


class PromiseRefused(LedgerError):
    """A promise that cannot be recorded: nothing, more than is owed, or a day that is past or too far away."""

    def __init__(self, why: str, *, latest: date | None = None, owed: Money | None = None) -> None:
        super().__init__(why)
        self.latest = latest
        self.owed = owed


class SettlementRefused(LedgerError):
    """Base of the reasons why a settlement cannot be offered or accepted."""


class CannotBeSettled(SettlementRefused):
    """A debt is not open, owes nothing, or is on a hold that forbids payment. ``reason`` is None without a hold."""

    def __init__(self, debt_id: DebtId, reason: HoldReason | None) -> None:
        super().__init__(f"debt {debt_id} cannot be settled ({reason or 'nothing is owed on it'})")
        self.debt_id = debt_id
        self.reason = reason


class NeedsApproval(PlanRefused):
    """The creditor's policy wants the approval of ``needed`` for this. ``ledger.approvals.ask`` records the asking."""

    def __init__(self, needed: Authority, asked: "Asked") -> None:
        super().__init__(f"{asked.act.value.replace('_', ' ')} needs the approval of {needed}")
        self.needed = needed
        self.asked = asked


class NeedsAuthority(SettlementRefused):
    """The terms are beyond what may be offered with this authority; ``needed`` may offer them, or approve them.

    ``least`` is the lowest amount that the asking authority may offer itself, when there is one. ``asked`` is what
    ``ledger.approvals.ask`` records.
    """

    def __init__(self, needed: Authority, least: Money | None, asked: "Asked | None" = None) -> None:
        super().__init__(f"such a settlement needs the authority of {needed}")
        self.needed = needed
        self.least = least
        self.asked = asked


class SettlementStale(SettlementRefused):
    """The offer is not what it was: its time is over, it has ended, or the balance has changed."""

    def __init__(self, why: str, *, status: SettlementStatus, owed: Money | None = None) -> None:
        super().__init__(why)
        self.status = status
        self.owed = owed


class AlreadySettling(PlanRefused, SettlementRefused):
    """A debt has an accepted settlement: it cannot go into a plan, nor have another."""

    def __init__(self, debt_id: DebtId, settlement_id: int) -> None:
        super().__init__(f"debt {debt_id} has settlement {settlement_id}")
        self.debt_id = debt_id
        self.settlement_id = settlement_id


class AboveSurplus(PlanRefused):
    """The instalment is more than the debtor's form leaves over. ``most`` is the largest that could be agreed."""

    def __init__(self, instalment: Money, most: Money) -> None:
        super().__init__(f"{instalment} is more than the {most} that the debtor can spare")
        self.most = most
