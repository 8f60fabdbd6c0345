"""The tables of the ledger."""

from ledger.models.budgets import Budget
from ledger.models.holds import Hold
from ledger.models.parties import Creditor, Debt, Debtor
from ledger.models.plans import Instalment, Plan, PlanDebt
from ledger.models.postings import Account, DebtBalance, Entry, Seal, Txn
from ledger.models.promises import Promise, PromiseDebt
from ledger.models.settlements import Settlement, SettlementDue

__all__ = [
    "Account", "Budget", "Creditor", "Debt", "DebtBalance", "Debtor", "Entry", "Hold", "Instalment", "Plan", "PlanDebt",
    "Promise", "PromiseDebt", "Seal", "Settlement", "SettlementDue", "Txn",
]
