"""The books of many debtors at once: one query for each table, however many debtors there are."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from audit.estate import Agreed, DebtFact, EntryFact, Estate, Preference
from compliance.hold_log import Deed, HoldAct
from compliance.models import ContactPreference, ContactWish
from ledger.models import (
    Account,
    Creditor,
    Debt,
    Debtor,
    Entry,
    Hold,
    Instalment,
    Plan,
    PlanDebt,
    PlanVersion,
    PlanVersionDue,
    Promise,
    PromiseDebt,
    Settlement,
    SettlementDue,
    Txn,
)
from ledger.money import Money
from payments.models import PayLink, PayLinkPart, Payment, Refund
from runtime.ids import DebtId, DebtorId

PERSONAL = tuple(defer(column) for column in (
    Debtor.first_name, Debtor.last_name, Debtor.email, Debtor.phone, Debtor.date_of_birth, Debtor.postcode,
    Debtor.vulnerability_note, Debtor.representative))
"""What no rule asks of a debtor; the postcode is read where a city's law depends on it."""


def estates(session: Session, debtor_ids: Collection[DebtorId]) -> dict[DebtorId, Estate]:
    """The books of these debtors."""
    if not debtor_ids:
        return {}
    found = {debtor.id: Estate(debtor) for debtor in session.scalars(
        select(Debtor).where(Debtor.id.in_(debtor_ids)).options(*PERSONAL))}
    whose: dict[DebtId, Estate] = {}
    decided = {debt_id: too_old for debt_id, too_old in session.execute(
        select(HoldAct.debt_id, HoldAct.too_old).where(HoldAct.debtor_id.in_(found), HoldAct.what == Deed.DECIDED_AGE)
        .order_by(HoldAct.id))}
    for debt, creditor in session.execute(
            select(Debt, Creditor).join(Creditor, Creditor.id == Debt.creditor_id).where(Debt.debtor_id.in_(found))
            .order_by(Debt.id)):
        mine = found[debt.debtor_id]
        whose[debt.id] = mine
        mine.debts[debt.id] = DebtFact(
            debt.id, debt.ref, creditor.id, creditor.name, creditor.policy, creditor.own_collector, debt.currency,
            debt.kind, debt.status, debt.opened_on, debt.due_on, debt.last_acknowledged_on, debt.time_barred,
            debt.as_of, decided.get(debt.id))
    _entries(session, whose)
    for hold in session.scalars(select(Hold).where(Hold.debtor_id.in_(found)).order_by(Hold.id)):
        found[hold.debtor_id].holds.append(hold)
    for row in session.scalars(select(ContactPreference).where(ContactPreference.debtor_id.in_(found))):
        found[row.debtor_id].preferences.append(Preference(str(row.channel), row.allowed, row.reason, row.since))
    for wish in session.execute(select(ContactWish.debtor_id, ContactWish.not_before, ContactWish.not_after,
                                       ContactWish.since).where(ContactWish.debtor_id.in_(found))):
        found[wish.debtor_id].wishes = (wish.not_before, wish.not_after, wish.since)
    _plans(session, found)
    _promises(session, found)
    _settlements(session, found)
    _links(session, found)
    _payments(session, found)
    return found


def _entries(session: Session, whose: dict[DebtId, Estate]) -> None:
    query = (
        select(Account.debt_id, Account.kind, Entry.amount, Txn.id, Txn.kind, Txn.posted_at, Txn.effective_on)
        .join(Entry, Entry.account_id == Account.id).join(Txn, Txn.id == Entry.txn_id)
        .where(Account.debt_id.in_(whose)).order_by(Txn.posted_at, Txn.id, Entry.id))
    for debt_id, bucket, amount, txn_id, kind, posted_at, effective_on in session.execute(query):
        if debt_id is not None:
            whose[debt_id].entries.append(
                EntryFact(debt_id, bucket, amount, txn_id, str(kind), posted_at, effective_on))


def _plans(session: Session, found: dict[DebtorId, Estate]) -> None:
    plans = session.scalars(select(Plan).where(Plan.debtor_id.in_(found)).order_by(Plan.id)).all()
    ids = [plan.id for plan in plans]
    if not ids:
        return
    debts: dict[int, dict[DebtId, int]] = defaultdict(dict)
    for share in session.scalars(select(PlanDebt).where(PlanDebt.plan_id.in_(ids))):
        debts[share.plan_id][share.debt_id] = share.amount
    minors: dict[int, set[int]] = defaultdict(set)
    days: dict[int, set[date]] = defaultdict(set)
    for version in session.scalars(select(PlanVersion).where(PlanVersion.plan_id.in_(ids))):
        minors[version.plan_id] |= {version.total, version.paid, version.instalment}
    for table in (PlanVersionDue, Instalment):
        for plan_id, due_on, amount in session.execute(
                select(table.plan_id, table.due_on, table.amount).where(table.plan_id.in_(ids))):
            minors[plan_id].add(amount)
            days[plan_id].add(due_on)
    for plan in plans:
        minors[plan.id] |= {plan.total, plan.instalment}
        found[plan.debtor_id].agreed.append(Agreed(
            "plan", plan.id, plan.agreed_at, debts[plan.id],
            frozenset(Money(minor, plan.currency) for minor in minors[plan.id]), frozenset(days[plan.id]), plan.key,
            plan.actor))


def _promises(session: Session, found: dict[DebtorId, Estate]) -> None:
    debts: dict[int, dict[DebtId, int]] = defaultdict(dict)
    for promise_id, debt_id in session.execute(
            select(PromiseDebt.promise_id, PromiseDebt.debt_id).join(Promise, Promise.id == PromiseDebt.promise_id)
            .where(Promise.debtor_id.in_(found))):
        debts[promise_id][debt_id] = 0
    for row in session.scalars(select(Promise).where(Promise.debtor_id.in_(found))):
        figures = {Money(row.amount, row.currency), Money(row.received, row.currency),
                   Money(row.amount - row.received, row.currency)}
        found[row.debtor_id].agreed.append(Agreed(
            "promise", row.id, row.made_at, debts[row.id], frozenset(figures), frozenset({row.due_on}), row.key,
            row.actor))


def _settlements(session: Session, found: dict[DebtorId, Estate]) -> None:
    rows = session.scalars(select(Settlement).where(Settlement.debtor_id.in_(found))).all()
    dues: dict[int, list[SettlementDue]] = defaultdict(list)
    for due in session.scalars(select(SettlementDue).where(SettlementDue.settlement_id.in_([r.id for r in rows]))):
        dues[due.settlement_id].append(due)
    for row in rows:
        minors = {row.balance, row.amount, row.balance - row.amount, *(due.amount for due in dues[row.id])}
        days = {row.accept_by, row.pay_by, *(due.due_on for due in dues[row.id])}
        found[row.debtor_id].agreed.append(Agreed(
            "settlement", row.id, row.offered_at, {row.debt_id: row.amount},
            frozenset(Money(minor, row.currency) for minor in minors), frozenset(days), row.key, row.actor))


def _links(session: Session, found: dict[DebtorId, Estate]) -> None:
    seen: set[int] = set()
    parts: dict[int, dict[DebtId, int]] = defaultdict(dict)
    query = (
        select(PayLink.id, PayLink.debtor_id, PayLink.currency, PayLink.created_at, PayLink.key, PayLinkPart.debt_id,
               PayLinkPart.amount)
        .join(PayLinkPart, PayLinkPart.pay_link_id == PayLink.id).where(PayLink.debtor_id.in_(found)))
    rows = session.execute(query).all()
    for row in rows:
        parts[row.id][row.debt_id] = row.amount
    for row in rows:
        if row.id not in seen:
            seen.add(row.id)
            minors = {*parts[row.id].values(), sum(parts[row.id].values())}
            found[row.debtor_id].agreed.append(Agreed(
                "payment link", row.id, row.created_at, parts[row.id],
                frozenset(Money(minor, row.currency) for minor in minors), frozenset(), row.key, "debtor"))


def _payments(session: Session, found: dict[DebtorId, Estate]) -> None:
    """What the processor took and gave back, posted or still with staff."""
    given: dict[int, set[int]] = defaultdict(set)
    for payment_id, amount in session.execute(
            select(Refund.payment_id, Refund.amount).join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.debtor_id.in_(found))):
        given[payment_id].add(amount)
    for row in session.execute(select(Payment.id, Payment.debtor_id, Payment.amount, Payment.currency, Payment.paid_at)
                               .where(Payment.debtor_id.in_(found))):
        minors = given[row.id] | {row.amount}
        found[row.debtor_id].agreed.append(Agreed(
            "payment", row.id, row.paid_at, {}, frozenset(Money(minor, row.currency) for minor in minors)))
