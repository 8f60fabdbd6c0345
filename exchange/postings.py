"""Export of the postings, entry by entry, as CSV or JSON lines. Memory stays flat however many there are."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC
from typing import Any, Literal, TextIO

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased

from exchange.cells import Sheet
from exchange.period import Period
from ledger.models import Account, Creditor, Debt, Debtor, Entry, Txn
from ledger.money import Money
from runtime.ids import CreditorId

COLUMNS = ("posting", "key", "kind", "value_date", "posted_at", "reverses", "actor", "cause", "account", "debt",
           "debtor", "creditor", "currency", "amount", "minor")
AT_ONCE = 2_000
Form = Literal["csv", "jsonl"]
Chosen = Select[*tuple[Any, ...]]


def write_postings(
    session: Session, file: TextIO, *, form: Form, period: Period | None = None, creditor_id: CreditorId | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write every entry recorded in ``period``, in the order of recording. Returns how many.

    A debit is positive: on a debt's account it is owed more, on a creditor's account it is there. The amounts of a
    posting sum to zero, unless ``creditor_id`` leaves out those of another creditor.
    """
    chosen = _chosen(period, creditor_id)
    whole = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0 if progress else 0
    sheet = Sheet(file, COLUMNS) if form == "csv" else None
    done = 0
    for row in _rows(session, chosen):
        if sheet is not None:
            sheet.row(*(row[column] for column in COLUMNS))
        else:
            file.write(json.dumps(row | {"amount": format(row["amount"].decimal, "f")}, ensure_ascii=False) + "\n")
        done += 1
        if progress and done % AT_ONCE == 0:
            progress(done, whole)
    if progress:
        progress(done, whole)
    return done


def _chosen(period: Period | None, creditor_id: CreditorId | None) -> Chosen:
    owner = aliased(Creditor)
    query: Chosen = (
        select(Txn.id, Txn.idem_key, Txn.kind, Txn.effective_on, Txn.posted_at, Txn.reverses_id, Txn.actor, Txn.cause,
               Account.kind.label("account"), Debt.ref.label("debt"), Debtor.ref.label("debtor"),
               func.coalesce(Creditor.ref, owner.ref).label("creditor"), Entry.currency, Entry.amount)
        .join(Entry, Entry.txn_id == Txn.id).join(Account, Account.id == Entry.account_id)
        .outerjoin(Debt, Debt.id == Account.debt_id).outerjoin(Debtor, Debtor.id == Debt.debtor_id)
        .outerjoin(Creditor, Creditor.id == Debt.creditor_id).outerjoin(owner, owner.id == Account.creditor_id)
    )
    if period is not None:
        query = query.where(period.posted)
    if creditor_id is not None:
        query = query.where(or_(Account.creditor_id == creditor_id, Debt.creditor_id == creditor_id))
    return query


def _rows(session: Session, chosen: Chosen) -> Iterator[dict[str, Any]]:
    ordered = chosen.order_by(Txn.id, Entry.id).execution_options(yield_per=AT_ONCE)
    for row in session.execute(ordered):
        yield {
            "posting": row.id, "key": row.idem_key, "kind": row.kind.value, "value_date": row.effective_on.isoformat(),
            "posted_at": row.posted_at.astimezone(UTC).isoformat(timespec="seconds"), "reverses": row.reverses_id,
            "actor": row.actor, "cause": row.cause, "account": row.account, "debt": row.debt, "debtor": row.debtor,
            "creditor": row.creditor, "currency": row.currency, "amount": Money(row.amount, row.currency),
            "minor": row.amount,
        }
