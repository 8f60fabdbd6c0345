"""Telling other systems what happened here: an event in the same transaction as the thing itself.

Who delivers it, and in which order, is ``exchange``'s matter. An event carries references, amounts, dates and codes:
never a name, an identity factor, what somebody wrote, or anything about health.
"""

import json
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ledger.kinds import CreditorAccount, HoldReason, PostingKind
from ledger.models import Debt, DebtBalance, FeedEvent, Hold, Instalment, Plan, Promise, Settlement, Txn
from ledger.money import Money
from runtime.ids import DebtId, DebtorId
from runtime.straight import Statement, instant

if TYPE_CHECKING:
    from ledger.posting import Line

_UNTOLD = frozenset({PostingKind.OPENING.value, "interest", "accrual"})
"""Postings nobody waits for: the other system sent the debt, or adds interest itself, and each would be a flood."""
_POSTED = {"payment": "payment.received", "payment_reversal": "payment.reversed", "refund": "payment.refunded",
           "recall": "debt.recalled", "write_off": "debt.written_off", "card_dispute_lost": "payment.charged_back"}


def tell(
    session: Session, *, kind: str, subject: str, debtor_id: DebtorId, debt_id: DebtId | None = None, at: datetime,
    facts: Mapping[str, Any], key: str,
) -> None:
    """Record that something happened. The same ``key`` again changes nothing: the first telling stands.

    ``facts`` is JSON without personal data; ``subject`` names the thing, such as ``plan:12``.
    """
    tell_rows(session, [_row(kind, subject, debtor_id, debt_id, at, facts, key)])


def tell_state(
    session: Session, *, kind: str, subject: str, debtor_id: DebtorId, debt_id: DebtId | None = None, at: datetime,
    facts: Mapping[str, Any], first: str | None = None,
) -> None:
    """The same for a thing whose state may go to and fro: told when ``facts`` differ from those told last.

    ``first`` is the kind of the first telling, where that has one of its own. The caller holds the thing's lock.
    """
    last = session.scalar(
        select(FeedEvent.facts).where(FeedEvent.subject == subject).order_by(FeedEvent.id.desc()).limit(1))
    if last == dict(facts):
        return
    told = session.scalar(select(func.count()).where(FeedEvent.subject == subject)) or 0
    tell(session, kind=kind if told or first is None else first, subject=subject, debtor_id=debtor_id, debt_id=debt_id,
         at=at, facts=facts, key=f"{subject}#{told + 1}")


def tell_posting(
    session: Session, txn: Txn, lines: Sequence["Line"], debts: Mapping[DebtId, Debt],
    balances: Mapping[DebtId, DebtBalance],
) -> None:
    """A payment, its reversal, or whatever else changed what is owed: one event for each debt, with what is left."""
    tell_rows(session, posting_rows(
        txn.kind, posting_id=txn.id, key=txn.idem_key, reverses_id=txn.reverses_id, at=txn.posted_at,
        effective_on=txn.effective_on, lines=lines, after={
            debt_id: (debt.debtor_id, Money(balances[debt_id].owed, debt.currency), balances[debt_id].overpayment)
            for debt_id, debt in debts.items()
        }))


def posting_rows(
    kind: PostingKind, *, posting_id: int, key: str, reverses_id: int | None, at: datetime, effective_on: date,
    lines: Sequence["Line"], after: Mapping[DebtId, tuple[DebtorId, Money, int]],
) -> list[dict[str, Any]]:
    """The events of a posting, for ``tell_rows``. ``after``: each debt's debtor, what is owed, what overpaid."""
    if kind in _UNTOLD:
        return []
    through = sorted({line.kind.value for line in lines if isinstance(line.kind, CreditorAccount)})
    rows = []
    for debt_id, (debtor_id, owed, overpaid) in sorted(after.items()):
        credited = -sum(line.amount.minor for line in lines if line.debt_id == debt_id)
        rows.append(_row(
            _POSTED.get(kind, f"posting.{kind}"), f"posting:{posting_id}", debtor_id, debt_id, at, {
                "posting": posting_id, "reverses": reverses_id, "key": key,
                "amount": Money(abs(credited), owed.currency).json(),
                "direction": "credit" if credited > 0 else "debit",
                "value_date": effective_on.isoformat(), "through": through,
                "owed": owed.json(), "overpaid": Money(overpaid, owed.currency).json(), **_imported(key),
            }, f"posting:{posting_id}:{debt_id}"))
    return rows


def tell_plan(session: Session, plan: Plan, what: str, at: datetime) -> None:
    """A plan was ``agreed``, ``changed``, ``cancelled``, ``completed`` or ``resumed``; once for each version."""
    tell(session, kind=f"plan.{what}", subject=f"plan:{plan.id}", debtor_id=plan.debtor_id, at=at,
         facts=_plan_facts(session, plan), key=f"plan:{plan.id}:v{plan.version}:{what}")


def tell_missed(session: Session, plan: Plan, missed: Iterable[Instalment], at: datetime) -> None:
    """Instalments were judged missed or part paid; each due date of a plan is told once.

    What is missed is for ``ledger.plans.judge_plans`` alone to say.
    """
    facts = _plan_facts(session, plan)
    tell_rows(session, [
        _row("plan.missed", f"plan:{plan.id}", plan.debtor_id, None, at, facts | {
            "number": due.number, "due_on": due.due_on.isoformat(),
            "left": Money(due.amount - due.paid, plan.currency).json(),
        }, f"plan:{plan.id}:missed:{due.due_on.isoformat()}") for due in missed])


def _plan_facts(session: Session, plan: Plan) -> dict[str, Any]:
    refs = session.scalars(
        select(Debt.ref).where(Debt.id.in_([share.debt_id for share in plan.debts])).order_by(Debt.id))
    return {
        "plan": plan.id, "version": plan.version, "debts": list(refs), "total": Money(plan.total, plan.currency).json(),
        "instalment": Money(plan.instalment, plan.currency).json(), "every": plan.every, "unit": plan.unit,
        **({"rule": plan.rule} if plan.rule else {}),
        "first_on": plan.first_on.isoformat(), "last_on": max(i.due_on for i in plan.instalments).isoformat(),
        "count": len(plan.instalments),
    }


def tell_promise(session: Session, promise: Promise, at: datetime) -> None:
    """A promise was made, or stands otherwise than was last told."""
    refs = session.scalars(
        select(Debt.ref).where(Debt.id.in_([share.debt_id for share in promise.debts])).order_by(Debt.id)).all()
    facts = {
        "promise": promise.id, "status": promise.status.value, "debts": list(refs),
        "amount": Money(promise.amount, promise.currency).json(),
        "received": Money(promise.received, promise.currency).json(), "due_on": promise.due_on.isoformat(),
    }
    tell_state(session, kind=f"promise.{promise.status.value}", subject=f"promise:{promise.id}",
               debtor_id=promise.debtor_id, at=at, facts=facts, first="promise.made")


def tell_settlement(session: Session, settlement: Settlement, at: datetime) -> None:
    """A settlement was offered, or stands otherwise than was last told."""
    ref = session.scalar(select(Debt.ref).where(Debt.id == settlement.debt_id))
    facts = {
        "settlement": settlement.id, "status": settlement.status.value, "debt": ref, "payments": settlement.payments,
        "amount": Money(settlement.amount, settlement.currency).json(),
        "balance": Money(settlement.balance, settlement.currency).json(),
        "accept_by": settlement.accept_by.isoformat(), "pay_by": settlement.pay_by.isoformat(),
    }
    tell_state(session, kind=f"settlement.{settlement.status.value}", subject=f"settlement:{settlement.id}",
               debtor_id=settlement.debtor_id, debt_id=settlement.debt_id, at=at, facts=facts)


def tell_hold(session: Session, hold: Hold, what: str, at: datetime, *, stops: Iterable[str], payable: bool) -> None:
    """A hold was ``placed`` or ``lifted``. ``stops`` names the acts it forbids: a dialler needs no list of reasons.

    Of a sign of self-harm nothing leaves the house but that nobody is to be in touch (rules 33, 35).
    """
    facts = {
        "hold": hold.id, "reason": "do_not_contact" if hold.reason is HoldReason.SELF_HARM else hold.reason.value,
        "stops": sorted(stops), "payable": payable, "until": hold.until.isoformat() if hold.until else None,
        **_imported(hold.key),
    }
    tell(session, kind=f"hold.{what}", subject=f"hold:{hold.id}", debtor_id=hold.debtor_id, debt_id=hold.debt_id, at=at,
         facts=facts, key=f"hold:{hold.id}:{what}")


def _imported(key: str) -> dict[str, Any]:
    """Marks what a file of another system said, so that this system can leave its own words out."""
    return {"imported": True} if key.startswith("import:") else {}


def _row(kind: str, subject: str, debtor_id: DebtorId, debt_id: DebtId | None, at: datetime, facts: Mapping[str, Any],
         key: str) -> dict[str, Any]:
    return {"uid": f"evt_{secrets.token_urlsafe(16)}", "key": key, "subject": subject, "kind": kind,
            "debtor_id": debtor_id, "debt_id": debt_id, "at": at, "facts": dict(facts)}


_INSERT = {
    dialect.name: insert(FeedEvent.__table__).on_conflict_do_nothing(index_elements=["key"])  # type: ignore[arg-type]
    for dialect, insert in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))
}
# Made once, and for the table itself: every payment writes one.


def tell_rows(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Write events; the first with a key stands."""
    if not rows:
        return
    session.flush()  # what the event refers to is there first
    session.connection().execute(_INSERT[session.get_bind().dialect.name], rows)


_STRAIGHT = (
    "INSERT INTO feed_event (uid, key, subject, kind, debtor_id, debt_id, at, facts) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (key) DO NOTHING"
)


def rows_straight(dialect: str, rows: Sequence[dict[str, Any]]) -> list[Statement]:
    """The same as statements for ``runtime.straight``."""
    return [(_STRAIGHT, (row["uid"], row["key"], row["subject"], row["kind"], row["debtor_id"], row["debt_id"],
                         instant(dialect, row["at"]), json.dumps(row["facts"]))) for row in rows]
