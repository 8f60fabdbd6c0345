"""The one way money is recorded: balanced, once per idempotency key, never changed afterwards.

Order inside a transaction (field notes): insert the posting, lock the balances by id, allocate, write the
entries, seal.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, exists, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased, make_transient_to_detached
from sqlalchemy.orm.util import identity_key

from ledger.errors import BelowZero, CannotReverse, KeyReused, NotFound, Unbalanced, WrongCurrency
from ledger.feed import tell_posting
from ledger.keeping import keep
from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus, PostingKind
from ledger.models import Account, Debt, DebtBalance, Entry, Seal, TakeBack, Txn
from ledger.money import Money, exponent, total, totals
from runtime.ids import CreditorId, DebtId

_KEPT = (PostingKind.PAYMENT, PostingKind.REFUND, PostingKind.CARD_DISPUTE_LOST)
"""Postings, and their reversals, that plans and promises count."""
_GIVEN_UP = (PostingKind.WRITE_OFF, PostingKind.ADJUSTMENT, PostingKind.OPENING)
"""Postings, and their reversals, that close a debt without its being paid when they leave nothing owed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a posting: a debt's bucket or a creditor's account, and what is debited (negative: credited)."""

    owner: DebtId | CreditorId
    kind: Bucket | CreditorAccount
    amount: Money

    @property
    def debt_id(self) -> DebtId | None:
        """The debt, when the line is on one."""
        return DebtId(self.owner) if isinstance(self.kind, Bucket) else None


def on_debt(debt_id: DebtId, bucket: Bucket, amount: Money) -> Line:
    """A debit of ``amount`` on a bucket of a debt: the debtor owes more."""
    return Line(debt_id, bucket, amount)


def on_creditor(creditor_id: CreditorId, account: CreditorAccount, amount: Money) -> Line:
    """A debit of ``amount`` on an account of a creditor."""
    return Line(creditor_id, account, amount)


def content_hash(content: object) -> str:
    """SHA-256 of a JSON value, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _insert(
    session: Session, table: type[Txn] | type[DebtBalance] | type[Account]
) -> sqlite.Insert | postgresql.Insert:
    return sqlite.insert(table) if session.get_bind().dialect.name == "sqlite" else postgresql.insert(table)


def begin_posting(
    session: Session, *, key: str, kind: PostingKind, effective_on: date, posted_at: datetime, actor: str, cause: str,
    content: object, reverses_id: int | None = None,
) -> tuple[Txn, bool]:
    """The posting of ``key``, and whether it is new; a new one must be finished with ``finish_posting``.

    Raises KeyReused when the key stands for other ``content`` (what was asked for, as JSON).
    """
    session.flush()
    asked = content_hash([kind, effective_on.isoformat(), reverses_id, content])
    values = {"idem_key": key, "content_hash": asked, "kind": kind, "effective_on": effective_on,
              "posted_at": posted_at, "actor": actor, "cause": cause, "reverses_id": reverses_id}
    made = session.connection().execute(_NEW_TXN[session.get_bind().dialect.name], values).scalar()
    if made is not None:
        return begun(session, Txn(id=made, **values)), True
    # SQLite numbers anew after a rollback to a savepoint: what the session remembers of that number may be another
    txn = session.scalars(select(Txn).where(Txn.idem_key == key).execution_options(populate_existing=True)).one()
    if txn.content_hash != asked:
        raise KeyReused(key)
    return txn, False


_NEW_TXN = {
    dialect.name: insert_into(Txn.__table__).on_conflict_do_nothing(index_elements=["idem_key"])  # type: ignore[arg-type]
    .returning(Txn.__table__.c.id)
    for dialect, insert_into in ((sqlite.dialect, sqlite.insert), (postgresql.dialect, postgresql.insert))
}
# Made once: to make a statement takes longer than to run it.


def begun(session: Session, txn: Txn) -> Txn:
    """``txn``, whose row was just written, as an object of the session that was read, without reading it."""
    if (other := session.identity_map.get(identity_key(Txn, txn.id))) is not None:
        session.expunge(other)  # of a posting that was rolled back to a savepoint: SQLite gives its number again
    make_transient_to_detached(txn)
    session.add(txn)
    return txn


def lock_balances(session: Session, debt_ids: Iterable[DebtId]) -> dict[DebtId, DebtBalance]:
    """The balances of the debts, locked in the order of their ids.

    Absent ones are made, for an absent row takes no lock. Raises NotFound for a debt there is not.
    """
    wanted = sorted(set(debt_ids))
    if not wanted:
        return {}
    session.flush()
    query = (
        select(DebtBalance).where(DebtBalance.debt_id.in_(wanted)).order_by(DebtBalance.debt_id)
        .with_for_update().execution_options(populate_existing=True)
    )
    found = {balance.debt_id: balance for balance in session.scalars(query)}
    if missing := [debt_id for debt_id in wanted if debt_id not in found]:
        existing = set(session.scalars(select(Debt.id).where(Debt.id.in_(missing))))
        if absent := set(missing) - existing:
            raise NotFound(f"there is no debt {min(absent)}")
        nothing = {"principal": 0, "interest": 0, "fees": 0, "costs": 0, "overpayment": 0, "version": 0}
        session.execute(
            _insert(session, DebtBalance).values([{"debt_id": i, **nothing} for i in missing])
            .on_conflict_do_nothing(index_elements=["debt_id"])
        )
        found = {balance.debt_id: balance for balance in session.scalars(query)}
    return found


def _account_ids(session: Session, lines: Sequence[Line]) -> list[int]:
    """The accounts of the lines, in their order; made when this is the first posting to them."""
    debts = {line.owner for line in lines if line.debt_id is not None}
    creditors = {line.owner for line in lines if line.debt_id is None}
    query = select(Account.debt_id, Account.creditor_id, Account.kind, Account.currency, Account.id).where(
        or_(Account.debt_id.in_(debts), Account.creditor_id.in_(creditors))
    )
    wanted = [
        (line.debt_id, None if line.debt_id is not None else CreditorId(line.owner), line.kind.value,
         line.amount.currency)
        for line in lines
    ]
    found = {(debt, creditor, kind, currency): id for debt, creditor, kind, currency, id in session.execute(query)}
    if missing := {key for key in wanted if key not in found}:
        session.execute(
            _insert(session, Account)
            .values([{"debt_id": debt, "creditor_id": creditor, "kind": kind, "currency": currency,
                      "exponent": exponent(currency)} for debt, creditor, kind, currency in sorted(missing, key=str)])
            .on_conflict_do_nothing()
        )
        found = {(debt, creditor, kind, currency): id for debt, creditor, kind, currency, id in session.execute(query)}
    return [found[key] for key in wanted]


def balanced(lines: Iterable[Line]) -> bool:
    """Whether there are lines and they sum to zero in every currency."""
    lines = list(lines)
    return bool(lines) and all(amount.is_zero for amount in totals(line.amount for line in lines).values())


def finish_posting(
    session: Session, txn: Txn, lines: Sequence[Line], balances: Mapping[DebtId, DebtBalance] | None = None
) -> None:
    """Write the entries of a new posting, move the cached balances, seal it, and bring what hangs on them up to date.

    ``balances`` are those already locked. Raises Unbalanced, WrongCurrency, and BelowZero when a bucket would
    go below zero.
    """
    lines = [line for line in lines if not line.amount.is_zero]
    if not balanced(lines):
        raise Unbalanced(f"the lines of {txn.idem_key!r} do not sum to zero")
    touched = {line.debt_id for line in lines if line.debt_id is not None}
    locked = balances if balances is not None and touched <= balances.keys() else lock_balances(session, touched)
    fresh = select(Debt).where(Debt.id.in_(touched)).execution_options(populate_existing=True)
    debts = {debt.id: debt for debt in session.scalars(fresh)}
    for line in lines:
        if line.debt_id is None:
            continue
        if debts[line.debt_id].currency != line.amount.currency:
            raise WrongCurrency(f"debt {line.debt_id} is not in {line.amount.currency}")
        balance, sign = locked[line.debt_id], -1 if line.kind is Bucket.OVERPAYMENT else 1
        moved = getattr(balance, line.kind.value) + sign * line.amount.minor
        if moved < 0:
            raise BelowZero(f"{txn.idem_key!r} would take {line.kind} of debt {line.debt_id} below zero")
        setattr(balance, line.kind.value, moved)
    before = {debt_id: debt.status for debt_id, debt in debts.items()}
    kind = _effect(session, txn)
    for debt_id, debt in debts.items():
        locked[debt_id].version += 1
        debt.status = status_after(debt.status, locked[debt_id].owed, kind)
    session.flush()
    accounts = _account_ids(session, lines)
    session.execute(
        insert(Entry),
        [{"txn_id": txn.id, "account_id": account, "currency": line.amount.currency, "amount": line.amount.minor}
         for account, line in zip(accounts, lines, strict=True)],
    )
    session.execute(insert(Seal), [{"txn_id": txn.id}])
    tell_posting(session, txn, lines, debts, locked)
    turned = any(debt.status is not before[debt_id] for debt_id, debt in debts.items())  # plans end with their debts
    if kind in _KEPT or (turned and kind is not PostingKind.SETTLEMENT_DISCOUNT):  # that one is kept by who posts it
        keep(session, debts.values(), on=txn.effective_on, at=txn.posted_at)
    for debt_id, debt in sorted(debts.items()):
        if debt.status is DebtStatus.RECALLED and locked[debt_id].owed:
            _hand_back(session, txn, debt, locked[debt_id])


def _effect(session: Session, txn: Txn) -> PostingKind:
    """What a posting does, or undoes."""
    if txn.reverses_id is None:
        return txn.kind
    return session.execute(select(Txn.kind).where(Txn.id == txn.reverses_id)).scalar_one()


def status_after(status: DebtStatus, owed: int, kind: PostingKind) -> DebtStatus:
    """Where a debt stands after a posting of ``kind``, or its reversal."""
    if status is DebtStatus.OPEN and not owed:
        return DebtStatus.CLOSED if kind in _GIVEN_UP else DebtStatus.PAID
    if owed and (status in (DebtStatus.PAID, DebtStatus.CLOSED) or kind is PostingKind.RECALL):
        return DebtStatus.OPEN
    return status


def _hand_back(session: Session, why: Txn, debt: Debt, balance: DebtBalance) -> None:
    """What becomes owed on a debt that its creditor has taken back (a payment bounced) is the creditor's at once."""
    key = f"{why.idem_key[:150]}:recalled:{debt.id}"
    txn, _ = begin_posting(session, key=key, kind=PostingKind.RECALL, effective_on=why.effective_on,
                           posted_at=why.posted_at, actor=why.actor, cause=why.cause, content=[why.idem_key, debt.id])
    finish_posting(session, txn, all_owed(debt, balance, CreditorAccount.PLACED), {debt.id: balance})


def all_owed(debt: Debt, balance: DebtBalance, account: CreditorAccount) -> list[Line]:
    """Lines that move all that is owed on a debt to an account of its creditor."""
    parts = {bucket: Money(getattr(balance, bucket.value), debt.currency) for bucket in OWED}
    lines = [on_debt(debt.id, bucket, -part) for bucket, part in parts.items()]
    return [*lines, on_creditor(debt.creditor_id, account, total(parts.values(), debt.currency))]


def post(
    session: Session, *, key: str, kind: PostingKind, effective_on: date, posted_at: datetime, actor: str, cause: str,
    lines: Sequence[Line],
) -> Txn:
    """Record ``lines``. The same key with the same content changes nothing and returns the first posting.

    Raises KeyReused (same key, other content), Unbalanced, NotFound, WrongCurrency, BelowZero.
    """
    content = sorted([line.kind.value, line.owner, line.amount.minor, line.amount.currency] for line in lines)
    with session.begin_nested():
        txn, fresh = begin_posting(session, key=key, kind=kind, effective_on=effective_on, posted_at=posted_at,
                                   actor=actor, cause=cause, content=content)
        if fresh:
            finish_posting(session, txn, lines)
    return txn


def undone() -> ColumnElement[bool]:
    """Condition on Txn: it was reversed."""
    reversal = aliased(Txn)
    return exists().where(reversal.reverses_id == Txn.id)


def lines_of(session: Session, txn_id: int) -> list[Line]:
    """The recorded lines of a posting."""
    rows = session.execute(
        select(Account.debt_id, Account.creditor_id, Account.kind, Entry.currency, Entry.amount)
        .join(Account, Account.id == Entry.account_id).where(Entry.txn_id == txn_id).order_by(Entry.id)
    )
    lines: list[Line] = []
    for debt_id, creditor_id, kind, currency, amount in rows:
        money = Money(amount, currency)
        if debt_id is not None:
            lines.append(on_debt(debt_id, Bucket(kind), money))
        elif creditor_id is not None:
            lines.append(on_creditor(creditor_id, CreditorAccount(kind), money))
    return lines


def reverse(
    session: Session, *, key: str, txn_id: int, effective_on: date, posted_at: datetime, actor: str, cause: str,
    discount: bool = False,
) -> Txn:
    """Undo a posting by replaying its recorded split with the opposite sign.

    Plans and promises that counted a payment follow. Raises NotFound, KeyReused; CannotReverse when it is itself a
    reversal, was reversed under another key, or its money has moved on (a part was refunded or is in a card
    dispute, an overpayment was given back).
    """
    original = session.get(Txn, txn_id)
    if original is None:
        raise NotFound(f"there is no posting {txn_id}")
    if original.reverses_id is not None:
        raise CannotReverse("a reversal cannot be reversed: post again instead")
    if original.kind is PostingKind.ACCRUAL:
        raise CannotReverse("interest is reckoned anew every day: adjust the bucket instead")
    if original.kind is PostingKind.SETTLEMENT_DISCOUNT and not discount:
        raise CannotReverse("a discount goes back when a payment of its settlement is undone")
    from ledger.settling import set_discounts_aside  # it posts

    earlier = session.scalar(select(Txn.idem_key).where(Txn.reverses_id == txn_id))
    if earlier is not None and earlier != key:
        raise CannotReverse(f"posting {txn_id} was reversed before")
    kind = PostingKind.PAYMENT_REVERSAL if original.kind is PostingKind.PAYMENT else PostingKind.REVERSAL
    try:
        with session.begin_nested():
            txn, fresh = begin_posting(session, key=key, kind=kind, effective_on=effective_on, posted_at=posted_at,
                                       actor=actor, cause=cause, content=txn_id, reverses_id=txn_id)
            if fresh:
                lines = [Line(x.owner, x.kind, -x.amount) for x in lines_of(session, txn_id)]
                balances = lock_balances(session, [x.debt_id for x in lines if x.debt_id is not None])
                _refuse_taken_back(session, txn_id)
                if original.kind in _KEPT and (short := _short(lines, balances)):
                    set_discounts_aside(session, short, at=posted_at)
                finish_posting(session, txn, lines, balances)
    except BelowZero as error:
        raise CannotReverse(f"the money of posting {txn_id} has moved on") from error
    except IntegrityError as error:  # another transaction reversed it between our look and our insert
        raise CannotReverse(f"posting {txn_id} was reversed before") from error
    return txn


def _short(lines: Sequence[Line], balances: Mapping[DebtId, DebtBalance]) -> set[DebtId]:
    """The debts on which less is owed than ``lines`` take off."""
    return {line.debt_id for line in lines if line.debt_id is not None and line.kind in OWED
            and getattr(balances[line.debt_id], line.kind.value) + line.amount.minor < 0}


def _refuse_taken_back(session: Session, txn_id: int) -> None:
    """Raises CannotReverse when a standing posting took a part of this payment back, or ended this withdrawal."""
    standing = select(Txn.id).join(TakeBack, TakeBack.txn_id == Txn.id).where(
        or_(TakeBack.payment_id == txn_id, TakeBack.withdrawal_id == txn_id), ~undone())
    if (later := session.scalar(standing.limit(1))) is not None:
        raise CannotReverse(f"posting {later} took back a part of posting {txn_id}: reverse that first")
