"""Many postings at once: what the single services write for each, in a few statements for all of them.

For files of payments, adjustments and imports. Postings that plans or promises wait for go the long way, through the
single services, because each of them may change what the next one does.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from ledger.allocation import over_buckets
from ledger.bulk import bulk_writer, by_thousands
from ledger.errors import BelowZero, KeyReused, NotFound, Unbalanced, WrongCurrency
from ledger.feed import posting_rows
from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus, PlanStatus, PostingKind, PromiseStatus
from ledger.models import Account, Creditor, Debt, DebtBalance, Plan, PlanDebt, Promise, Settlement, Txn
from ledger.money import Money, exponent, total
from ledger.policy import load_policy
from ledger.posting import Line, balanced, content_hash, on_creditor, on_debt, post, status_after
from ledger.receipts import receive
from runtime.ids import CreditorId, DebtId, DebtorId


@dataclass(frozen=True, slots=True)
class Posting:
    """What ``ledger.posting.post`` takes: lines that are known beforehand."""

    key: str
    kind: PostingKind
    effective_on: date
    posted_at: datetime
    actor: str
    cause: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Payment:
    """What ``ledger.receipts.receive`` takes: money that is spread over the buckets by policy."""

    key: str
    split: Mapping[DebtId, Money]
    effective_on: date
    posted_at: datetime
    actor: str
    cause: str
    through: CreditorAccount = CreditorAccount.PROCESSOR_CLEARING


@dataclass(frozen=True, slots=True)
class Posted:
    """The posting of a key: its id, and whether this call made it."""

    txn_id: int
    fresh: bool


@dataclass(slots=True)
class _Debt:
    """A debt whose balance is locked, and what the postings so far have made of it."""

    currency: str
    status: DebtStatus
    debtor_id: DebtorId
    creditor_id: CreditorId
    order: Sequence[Bucket]
    buckets: dict[Bucket, int]
    version: int
    touched: int = 0
    status_before: DebtStatus = field(init=False)

    def __post_init__(self) -> None:
        self.status_before = self.status

    @property
    def owed(self) -> Money:
        """Principal, interest, fees and costs together."""
        return Money(sum(self.buckets[bucket] for bucket in OWED), self.currency)


def post_many(session: Session, postings: Sequence[Posting | Payment]) -> dict[str, Posted]:
    """Record all of ``postings`` or none, in their order; the answer by key.

    Each is what ``post`` or ``receive`` would have made of it alone: entries, balances, states of debts, instalments
    and promises. A key that was used before with the same content changes nothing. Raises KeyReused, Unbalanced,
    NotFound, WrongCurrency, BelowZero; ValueError for a payment of nothing. Then nothing of them is written.
    """
    with session.begin_nested():
        made: dict[str, Posted] = {}
        for some in by_thousands(postings):
            made.update(_post_some(session, some, made))
        return made


def _post_some(
    session: Session, postings: Sequence[Posting | Payment], before: Mapping[str, Posted]
) -> dict[str, Posted]:
    asked: dict[str, Posting | Payment] = {}
    hashes: dict[str, str] = {}
    for posting in postings:
        made_of = _content_hash(posting)
        if hashes.setdefault(posting.key, made_of) != made_of:
            raise KeyReused(posting.key)
        asked.setdefault(posting.key, posting)
    touched = {debt_id for posting in asked.values() for debt_id in _debt_ids(posting)}
    slow = _waited_for(session, touched, asked.values())
    long_way = [p for p in asked.values() if not slow.isdisjoint(_debt_ids(p))]
    bulk = [p for p in asked.values() if slow.isdisjoint(_debt_ids(p))]
    made = _insert_txns(session, bulk, hashes)
    fresh = [posting for posting in bulk if made[posting.key].fresh]
    debts = _locked(session, {debt_id for posting in fresh for debt_id in _debt_ids(posting)})
    lines, told = {}, []
    for posting in fresh:
        lines[posting.key] = mine = _lines(posting, debts)
        kind = _kind(posting)
        _move(posting.key, kind, mine, debts)
        told += posting_rows(
            kind, posting_id=made[posting.key].txn_id, key=posting.key, reverses_id=None, at=posting.posted_at,
            effective_on=posting.effective_on, lines=mine,
            after={i: (debts[i].debtor_id, debts[i].owed, debts[i].buckets[Bucket.OVERPAYMENT])
                   for i in _debt_ids(posting)},
        )  # fmt: skip
    _write(session, [(made[key].txn_id, mine) for key, mine in lines.items()], told)
    _write_balances(session, debts)
    for posting in long_way:
        made[posting.key] = _singly(session, posting)
    return {key: Posted(m.txn_id, m.fresh and key not in before) for key, m in made.items()}


def _content_hash(posting: Posting | Payment) -> str:
    if isinstance(posting, Payment):
        if not posting.split or any(amount.minor <= 0 for amount in posting.split.values()):
            raise ValueError("a payment needs amounts above nothing")
        content: object = [posting.through.value, sorted([i, m.minor, m.currency] for i, m in posting.split.items())]
    else:
        content = sorted([x.kind.value, x.owner, x.amount.minor, x.amount.currency] for x in posting.lines)
    return content_hash([_kind(posting), posting.effective_on.isoformat(), None, content])


def _kind(posting: Posting | Payment) -> PostingKind:
    return PostingKind.PAYMENT if isinstance(posting, Payment) else posting.kind


def _debt_ids(posting: Posting | Payment) -> set[DebtId]:
    if isinstance(posting, Payment):
        return set(posting.split)
    return {line.debt_id for line in posting.lines if line.debt_id is not None}


def _waited_for(
    session: Session, debt_ids: Iterable[DebtId], postings: Iterable[Posting | Payment]
) -> set[DebtId]:
    """Those of the debts whose postings are more than moved balances, and all that are posted to together with one.

    A plan, a settlement or a promise counts on them, interest is added before a payment, or they are their creditor's
    again.
    """
    slow: set[DebtId] = set()
    bearing = [name for name in session.scalars(select(Creditor.policy).distinct())
               if load_policy(name).interest.method is not None]
    for some in by_thousands(sorted(debt_ids)):
        slow |= set(session.scalars(
            select(Debt.id).join(Creditor, Creditor.id == Debt.creditor_id)
            .where(Debt.id.in_(some), or_(Debt.status == DebtStatus.RECALLED, Creditor.policy.in_(bearing)))
        ))
        slow |= set(session.scalars(
            select(PlanDebt.debt_id).join(Plan, Plan.id == PlanDebt.plan_id)
            .where(PlanDebt.debt_id.in_(some), Plan.status != PlanStatus.CANCELLED)
        ))
        slow |= set(session.scalars(select(Settlement.debt_id).where(Settlement.debt_id.in_(some))))
        slow |= set(session.scalars(
            select(Debt.id).join(Promise, Promise.debtor_id == Debt.debtor_id)
            .where(Debt.id.in_(some), Promise.status != PromiseStatus.SUPERSEDED)
        ))
    groups = [mine for posting in postings if len(mine := _debt_ids(posting)) > 1] if slow else []
    grown = True
    while grown:
        grown = False
        for mine in groups:
            if not slow.isdisjoint(mine) and not mine <= slow:
                slow |= mine
                grown = True
    return slow


def _singly(session: Session, posting: Posting | Payment) -> Posted:
    there = session.scalar(select(Txn.id).where(Txn.idem_key == posting.key))
    if isinstance(posting, Payment):
        txn = receive(
            session, key=posting.key, split=posting.split, effective_on=posting.effective_on,
            posted_at=posting.posted_at, actor=posting.actor, cause=posting.cause, through=posting.through,
        )  # fmt: skip
    else:
        txn = post(
            session, key=posting.key, kind=posting.kind, effective_on=posting.effective_on,
            posted_at=posting.posted_at, actor=posting.actor, cause=posting.cause, lines=posting.lines,
        )  # fmt: skip
    return Posted(txn.id, there is None)


def _insert_txns(
    session: Session, postings: Sequence[Posting | Payment], hashes: Mapping[str, str]
) -> dict[str, Posted]:
    """The postings of the keys, made when there are none yet; also when another transaction makes them just now."""
    if not postings:
        return {}
    session.flush()
    rows = [
        {"idem_key": p.key, "content_hash": hashes[p.key],
         "kind": _kind(p), "effective_on": p.effective_on,
         "posted_at": p.posted_at, "actor": p.actor, "cause": p.cause}
        for p in sorted(postings, key=lambda posting: posting.key)  # one order, so that two of us do not lock crosswise
    ]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    made = {
        key: Posted(txn_id, True) for key, txn_id in session.execute(
            dialect.insert(Txn.__table__).on_conflict_do_nothing(index_elements=["idem_key"])
            .returning(Txn.idem_key, Txn.id), rows,
        )
    }
    missing = [row["idem_key"] for row in rows if row["idem_key"] not in made]
    for some in by_thousands(missing):
        found = session.execute(select(Txn.idem_key, Txn.id, Txn.content_hash).where(Txn.idem_key.in_(some)))
        for key, txn_id, made_of in found:
            if made_of != hashes[key]:
                raise KeyReused(key)
            made[key] = Posted(txn_id, False)
    return made


def _locked(session: Session, debt_ids: Iterable[DebtId]) -> dict[DebtId, _Debt]:
    """The debts with their balances, locked in the order of their ids. Absent balances are made."""
    wanted = sorted(debt_ids)
    found: dict[DebtId, _Debt] = {}
    orders: dict[str, Sequence[Bucket]] = {}
    for some in by_thousands(wanted):
        rows = _balances(session, some)
        if len(rows) < len(some):
            absent = set(some) - {row.debt_id for row in rows}
            there = set(session.scalars(select(Debt.id).where(Debt.id.in_(absent))))
            if absent - there:
                raise NotFound(f"there is no debt {min(absent - there)}")
            dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
            nothing = {**{bucket.value: 0 for bucket in Bucket}, "version": 0}
            session.execute(dialect.insert(DebtBalance).on_conflict_do_nothing(index_elements=["debt_id"]),
                            [{"debt_id": debt_id, **nothing} for debt_id in sorted(there)])
            rows = _balances(session, some)
        for row in rows:
            if row.policy not in orders:
                orders[row.policy] = load_policy(row.policy).payments.buckets
            found[row.debt_id] = _Debt(
                row.currency, row.status, row.debtor_id, row.creditor_id, orders[row.policy],
                {bucket: getattr(row, bucket.value) for bucket in Bucket}, row.version,
            )
    return found


def _balances(session: Session, debt_ids: Sequence[DebtId]) -> Sequence[Any]:
    return session.execute(
        select(
            DebtBalance.debt_id, *(getattr(DebtBalance, bucket.value) for bucket in Bucket), DebtBalance.version,
            Debt.currency, Debt.status, Debt.debtor_id, Debt.creditor_id, Creditor.policy,
        )
        .join(Debt, Debt.id == DebtBalance.debt_id).join(Creditor, Creditor.id == Debt.creditor_id)
        .where(DebtBalance.debt_id.in_(debt_ids)).order_by(DebtBalance.debt_id).with_for_update(of=DebtBalance)
    ).all()


def _lines(posting: Posting | Payment, debts: Mapping[DebtId, _Debt]) -> list[Line]:
    """The lines of a posting, those of a payment by the balances as the postings before it have left them."""
    if isinstance(posting, Posting):
        lines = [line for line in posting.lines if not line.amount.is_zero]
        if not balanced(lines):
            raise Unbalanced(f"the lines of {posting.key!r} do not sum to zero")
        return lines
    lines = []
    split = posting.split
    for debt_id, amount in sorted(split.items()):
        debt = debts[debt_id]
        if debt.currency != amount.currency:
            raise WrongCurrency(f"debt {debt_id} is not in {amount.currency}")
        balance = SimpleNamespace(**{bucket.value: minor for bucket, minor in debt.buckets.items()})
        parts = over_buckets(balance, amount, debt.order)
        lines += [on_debt(debt_id, bucket, -part) for bucket, part in parts.items()]
    for creditor_id, currency in sorted({(debts[i].creditor_id, debts[i].currency) for i in split}):
        mine = [m for i, m in split.items() if (debts[i].creditor_id, m.currency) == (creditor_id, currency)]
        lines.append(on_creditor(creditor_id, posting.through, total(mine, currency)))
    return lines


def _move(key: str, kind: PostingKind, lines: Sequence[Line], debts: Mapping[DebtId, _Debt]) -> None:
    """Move the balances and states by the lines, as ``finish_posting`` does."""
    for line in lines:
        if line.debt_id is None:
            continue
        debt, bucket = debts[line.debt_id], Bucket(line.kind.value)
        if debt.currency != line.amount.currency:
            raise WrongCurrency(f"debt {line.debt_id} is not in {line.amount.currency}")
        moved = debt.buckets[bucket] + (-1 if bucket is Bucket.OVERPAYMENT else 1) * line.amount.minor
        if moved < 0:
            raise BelowZero(f"{key!r} would take {bucket} of debt {line.debt_id} below zero")
        debt.buckets[bucket] = moved
    for debt_id in {line.debt_id for line in lines if line.debt_id is not None}:
        debt = debts[debt_id]
        debt.touched += 1
        debt.status = status_after(debt.status, debt.owed.minor, kind)


_Key = tuple[int | None, int | None, str, str]


def _account_key(line: Line) -> _Key:
    mine = line.debt_id
    return mine, None if mine is not None else CreditorId(line.owner), line.kind.value, line.amount.currency


def _write(session: Session, postings: Sequence[tuple[int, list[Line]]], told: Sequence[dict[str, Any]]) -> None:
    accounts = _accounts(session, {_account_key(line) for _, lines in postings for line in lines})
    with bulk_writer(session) as writer:
        writer.insert("entry", ("txn_id", "account_id", "currency", "amount"), [
            (txn_id, accounts[_account_key(line)], line.amount.currency, line.amount.minor)
            for txn_id, lines in postings for line in lines
        ])  # fmt: skip
        writer.insert("seal", ("txn_id",), [(txn_id,) for txn_id, _ in postings])
        writer.insert("feed_event", ("uid", "key", "subject", "kind", "debtor_id", "debt_id", "at", "facts"), [
            (row["uid"], row["key"], row["subject"], row["kind"], row["debtor_id"], row["debt_id"],
             writer.instant(row["at"]), json.dumps(row["facts"])) for row in told
        ])  # fmt: skip - the keys are those of new postings: none is there yet


def _accounts(session: Session, wanted: set[_Key]) -> dict[_Key, int]:
    """The accounts, made where this is the first posting to them."""
    query = select(Account.debt_id, Account.creditor_id, Account.kind, Account.currency, Account.id)

    def found() -> dict[_Key, int]:
        rows: dict[_Key, int] = {}
        for debts in by_thousands(sorted({debt for debt, _, _, _ in wanted if debt is not None})):
            rows |= {(d, c, k, m): i for d, c, k, m, i in session.execute(query.where(Account.debt_id.in_(debts)))}
        creditors = {creditor for _, creditor, _, _ in wanted if creditor is not None}
        rows |= {(d, c, k, m): i for d, c, k, m, i in session.execute(query.where(Account.creditor_id.in_(creditors)))}
        return rows

    accounts = found()
    if missing := sorted(wanted - accounts.keys(), key=str):
        dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
        session.execute(dialect.insert(Account).on_conflict_do_nothing(), [
            {"debt_id": d, "creditor_id": c, "kind": kind, "currency": currency, "exponent": exponent(currency)}
            for d, c, kind, currency in missing
        ])  # fmt: skip
        accounts = found()
    return accounts


_COLUMNS = (*(bucket.value for bucket in Bucket), "version")
"""What is put into the statements is their names alone."""
_EACH = ", ".join(f"{name} = ?" for name in _COLUMNS)
_SET_EACH = f"UPDATE debt_balance SET {_EACH} WHERE debt_id = ?"  # noqa: S608  # nosec B608  # names only
_SET_ALL = (
    f"UPDATE debt_balance AS b SET {', '.join(f'{name} = new.{name}' for name in _COLUMNS)} "  # noqa: S608  # nosec B608  # the same
    f"FROM unnest({', '.join(['%s::bigint[]'] * (len(_COLUMNS) + 1))}) AS new({', '.join(_COLUMNS)}, debt_id) "
    "WHERE b.debt_id = new.debt_id"
)


def _write_balances(session: Session, debts: Mapping[DebtId, _Debt]) -> None:
    touched = {debt_id: debt for debt_id, debt in debts.items() if debt.touched}
    if not touched:
        return
    raw = session.connection()
    rows = [(*(debt.buckets[bucket] for bucket in Bucket), debt.version + debt.touched, debt_id)
            for debt_id, debt in touched.items()]
    if raw.dialect.name == "sqlite":
        raw.exec_driver_sql(_SET_EACH, rows)
    else:  # a statement for each row is a journey for each row
        raw.exec_driver_sql(_SET_ALL, tuple(map(list, zip(*rows, strict=True))))
    for status in DebtStatus:
        turned = [i for i, debt in touched.items() if debt.status is status is not debt.status_before]
        for some in by_thousands(turned):
            raw.execute(update(Debt.__table__).where(Debt.id.in_(some)).values(status=status))  # type: ignore[arg-type]
    for stale in list(session.identity_map.values()):
        of = stale.debt_id if isinstance(stale, DebtBalance) else stale.id if isinstance(stale, Debt) else None
        if of in touched:
            session.expire(stale)
