"""The tables of the ledger."""

from ledger.models.accrual import Accrual, AccrualSpan
from ledger.models.feed import FeedEvent
from ledger.models.holds import Hold
from ledger.models.parties import Creditor, Debt, Debtor
from ledger.models.plans import Instalment, InstalmentEvent, Plan, PlanDebt, PlanVersion, PlanVersionDue
from ledger.models.postings import Account, DebtBalance, Entry, Seal, TakeBack, Txn
from ledger.models.promises import Promise, PromiseDebt

__all__ = [
    "Account", "Accrual", "AccrualSpan", "Creditor", "Debt", "DebtBalance", "Debtor", "Entry", "FeedEvent", "Hold",
    "Instalment", "InstalmentEvent", "Plan", "PlanDebt", "PlanVersion", "PlanVersionDue", "Promise", "PromiseDebt",
    "Seal", "TakeBack", "Txn",
]
