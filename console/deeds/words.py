"""What the ledger refuses, in words for staff."""

from console.words import label, money
from ledger.approvals import NotApprover
from ledger.errors import (
    AlreadyInPlan,
    AlreadySettling,
    BelowZero,
    CannotBeSettled,
    CannotReverse,
    CannotWriteOff,
    DebtNotPayable,
    KeyReused,
    LedgerError,
    MoreThanPaid,
    NothingToChange,
    OfferStale,
    PlanChanged,
    PlanEnded,
    SettlementRefused,
)
from ledger.kinds import Authority

WHO = {Authority.BOT: "the assistant", Authority.STAFF: "a colleague", Authority.LEAD: "a manager"}


def told(error: LedgerError) -> str:
    """One sentence for staff. Nothing was written."""
    match error:
        case MoreThanPaid():
            return f"No more than {money(error.most)} is left to give back."
        case BelowZero():
            return "That is more than there is in it."
        case CannotWriteOff():
            return "Only an open debt on which something is owed can be written off."
        case CannotBeSettled() | DebtNotPayable():
            why = f"it is on hold ({label(error.reason)})" if error.reason else "nothing is owed on it"
            return f"The debt cannot be paid now: {why}."
        case AlreadyInPlan():
            return "The debt is in a plan. Cancel the plan first."
        case AlreadySettling():
            return "The debt has a settlement that was accepted."
        case PlanChanged() | OfferStale():
            return "Something changed since the form was opened. Look at the plan again."
        case PlanEnded():
            return f"The plan is {label(error.status)}."
        case KeyReused():
            return "This form was used before for something else. Open it again."
        case NotApprover():
            return f"This is for {WHO[error.needed]} to decide."
        case CannotReverse() | NothingToChange() | SettlementRefused():
            return f"Not possible: {error}."
        case _:
            return f"The ledger refused: {error}."
