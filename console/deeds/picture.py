"""How things stand with a debtor, line by line in words: two of these show what a deed changes."""

from sqlalchemy import select

from compliance.asking import balance_of
from console.deeds.deed import Doing
from console.words import day, heading, money
from ledger.budgets import surplus_of
from ledger.holds import active_holds
from ledger.kinds import OWED
from ledger.models import Debt, DebtBalance
from ledger.money import Money
from ledger.plans import plans_of
from ledger.settlements import settlements_of

_AGES = {True: "Too old", False: "Not too old", None: "Not known"}


def picture(doing: Doing) -> dict[str, str]:
    """Debts, plans, settlements, holds, what is left over, and whether extra support is noted."""
    session, found = doing.session, dict[str, str]()
    session.flush()
    rows = session.execute(
        select(Debt, DebtBalance).join(DebtBalance, DebtBalance.debt_id == Debt.id)
        .where(Debt.debtor_id == doing.debtor.id).order_by(Debt.id).execution_options(populate_existing=True))
    for debt, balance in rows:
        found[f"{debt.ref}: owed in all"] = money(Money(balance.owed, debt.currency))
        for bucket in OWED:
            found[f"{debt.ref}: {bucket.value}"] = money(Money(getattr(balance, bucket.value), debt.currency))
        found[f"{debt.ref}: paid too much"] = money(Money(balance.overpayment, debt.currency))
        found[f"{debt.ref}: state"] = heading(debt.status)
        found[f"{debt.ref}: stage"] = heading(debt.stage) if debt.stage else "Not said"
        found[f"{debt.ref}: fell due, last paid or admitted"] = " / ".join(
            day(known) if known else "not known" for known in (debt.due_on, debt.last_acknowledged_on))
    for line in balance_of(session, doing.debtor.id, now=doing.now).lines:
        found[f"{line.ref}: age"] = _AGES[line.time_barred]
    for plan in plans_of(session, doing.debtor.id, today=doing.today):
        name = f"Plan P-{1000 + plan.plan_id}"
        found[f"{name}: state"] = heading(plan.status)
        found[f"{name}: terms"] = f"{money(plan.instalment)} {plan.frequency}"
        found[f"{name}: paused until"] = day(plan.paused_until) if plan.paused_until else "–"
        for number, due in enumerate((due for due in plan.dues if not due.carried), start=1):
            found[f"{name}: instalment {number}"] = f"{money(due.amount)} on {day(due.on)}, {money(due.paid)} paid"
    for it in settlements_of(session, doing.debtor.id):
        found[f"Settlement {it.settlement_id} of {it.debt_ref}"] = (
            f"{heading(it.status)}: {money(it.amount)}, to be accepted by {day(it.accept_by)}, "
            f"paid by {day(it.pay_by)}")
    for hold in active_holds(session, debtor_id=doing.debtor.id, now=doing.now):
        found[f"Hold: {heading(hold.reason)} ({hold.id})"] = f"Until {day(hold.until)}" if hold.until else "In force"
    debtor = doing.debtor
    found["Extra support"] = "Noted" if debtor.vulnerable else "–"
    found["Note for staff on it"] = f"{len(debtor.vulnerability_note)} characters" if debtor.vulnerability_note else "–"
    surplus = surplus_of(session, doing.debtor.id, today=doing.today)
    found["Left over in a month, beside plans with us"] = money(surplus) if surplus is not None else "Not known"
    return found
