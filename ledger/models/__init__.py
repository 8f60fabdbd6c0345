"""The tables of the ledger."""

from ledger.models.accrual import Accrual, AccrualSpan
from ledger.models.approvals import Approval
from ledger.models.budgets import Budget
from ledger.models.feed import FeedEvent
from ledger.models.holds import Hold
from ledger.models.imports import DeltaImport
from ledger.models.parties import Creditor, Debt, Debtor
from ledger.models.plans import Instalment, InstalmentEvent, Plan, PlanDebt, PlanVersion, PlanVersionDue
from ledger.models.postings import Account, DebtBalance, Entry, Seal, TakeBack, Txn
from ledger.models.promises import Promise, PromiseDebt
from ledger.models.remarks import Remark
from ledger.models.settlements import Settlement, SettlementDue

__all__ = [
    "Account", "Accrual", "AccrualSpan", "Approval", "Budget", "Creditor", "Debt", "DebtBalance", "Debtor",
    "DeltaImport", "Entry", "FeedEvent", "Hold", "Instalment", "InstalmentEvent", "Plan", "PlanDebt", "PlanVersion",
    "PlanVersionDue", "Promise", "PromiseDebt", "Remark", "Seal", "Settlement", "SettlementDue", "TakeBack", "Txn",
]
