"""Many postings at once: the rows ``open_debt`` and ``receive`` would write, a few statements per hundreds.

Only for debts nobody else can know yet or whose balance is locked. Tests compare the outcome with that of
the single services, row by row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session

from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus, PostingKind
from ledger.models import Account, Debt, DebtBalance, Entry, Seal, Txn
from ledger.money import Money, exponent, total
from ledger.posting import Line, balanced, content_hash, on_creditor, on_debt
from runtime.ids import CreditorId, DebtId, DebtorId

Parts = Mapping[Bucket, Money]


@dataclass(frozen=True, slots=True)
class Posting:
    """A posting to be written: what ``ledger.posting.begin_posting`` and ``finish_posting`` take together."""

    key: str
    kind: PostingKind
    effective_on: date
    cause: str
    content: object
    lines: Sequence[Line]


def opening(
    *, key: str, debt_id: DebtId, ref: str, debtor_id: DebtorId, creditor_id: CreditorId, parts: Parts, on: date,
    cause: str,
) -> Posting:  # fmt: skip
    """The posting that opens a new debt with ``parts``, as ``ledger.opening.open_debt`` makes it."""
    owed = total(parts.values(), parts[Bucket.PRINCIPAL].currency)
    lines = [on_debt(debt_id, bucket, part) for bucket, part in parts.items() if not part.is_zero]
    content = [ref, debtor_id, creditor_id, {bucket.value: part.json() for bucket, part in parts.items()}]
    return Posting(
        key, PostingKind.OPENING, on, cause, content, [*lines, on_creditor(creditor_id, CreditorAccount.PLACED, -owed)]
    )


def settlement(
    *, key: str, debt_id: DebtId, creditor_id: CreditorId, parts: Parts, on: date, cause: str
) -> Posting:
    """The payment of all that is owed on a debt to its creditor directly, as ``ledger.receipts.receive`` makes it."""
    owed = total(parts.values(), parts[Bucket.PRINCIPAL].currency)
    lines = [on_debt(debt_id, bucket, -part) for bucket, part in parts.items() if not part.is_zero]
    content = [CreditorAccount.DIRECT.value, [[debt_id, owed.minor, owed.currency]]]
    return Posting(
        key, PostingKind.PAYMENT, on, cause, content, [*lines, on_creditor(creditor_id, CreditorAccount.DIRECT, owed)]
    )


def post_many(session: Session, postings: Sequence[Posting], *, posted_at: datetime, actor: str) -> None:
    """Write the postings with their entries and seals. Balances and states are the caller's to set.

    Their keys must be new; an IntegrityError says that one is not.
    """
    if not postings:
        return
    assert all(balanced(posting.lines) for posting in postings)
    rows = [
        {
            "idem_key": posting.key,
            "content_hash": content_hash([posting.kind, posting.effective_on.isoformat(), None, posting.content]),
            "kind": posting.kind,
            "effective_on": posting.effective_on,
            "posted_at": posted_at,
            "actor": actor,
            "cause": posting.cause,
        }
        for posting in postings
    ]
    made = session.execute(insert(Txn).returning(Txn.idem_key, Txn.id), rows).all()
    txn_ids = {key: txn_id for key, txn_id in made}
    accounts = _accounts(session, [line for posting in postings for line in posting.lines])
    session.execute(
        insert(Entry),
        [
            {
                "txn_id": txn_ids[posting.key],
                "account_id": accounts[_account_key(line)],
                "currency": line.amount.currency,
                "amount": line.amount.minor,
            }
            for posting in postings
            for line in posting.lines
        ],
    )
    session.execute(insert(Seal), [{"txn_id": txn_ids[posting.key]} for posting in postings])


def opened_balances(session: Session, parts: Mapping[DebtId, Parts], settled: frozenset[DebtId]) -> None:
    """The cached balances of new debts after their opening, and after their settlement where that was posted too."""
    session.execute(
        insert(DebtBalance),
        [
            {
                "debt_id": debt_id,
                "overpayment": 0,
                "version": 2 if debt_id in settled else 1,
                **{bucket.value: 0 if debt_id in settled else owed[bucket].minor for bucket in OWED},
            }
            for debt_id, owed in parts.items()
        ],
    )


def settled_balances(session: Session, debt_ids: Sequence[DebtId]) -> None:
    """Set locked debts paid after their settlement was posted."""
    nothing: dict[str, Any] = {bucket.value: 0 for bucket in OWED}
    session.execute(
        update(DebtBalance)
        .where(DebtBalance.debt_id.in_(debt_ids))
        .values(**nothing, version=DebtBalance.version + 1)
        .execution_options(synchronize_session="fetch")
    )
    session.execute(
        update(Debt)
        .where(Debt.id.in_(debt_ids))
        .values(status=DebtStatus.PAID)
        .execution_options(synchronize_session="fetch")
    )


_Key = tuple[int | None, int | None, str, str]


def _account_key(line: Line) -> _Key:
    mine = line.debt_id
    return mine, None if mine is not None else CreditorId(line.owner), line.kind.value, line.amount.currency


def _accounts(session: Session, lines: Sequence[Line]) -> dict[_Key, int]:
    wanted = {_account_key(line) for line in lines}
    query = select(Account.debt_id, Account.creditor_id, Account.kind, Account.currency, Account.id)
    mine = query.where(
        or_(
            Account.debt_id.in_({debt for debt, _, _, _ in wanted if debt is not None}),
            Account.creditor_id.in_({creditor for _, creditor, _, _ in wanted if creditor is not None}),
        )
    )
    found: dict[_Key, int] = {(d, c, kind, currency): id for d, c, kind, currency, id in session.execute(mine)}
    if missing := sorted(wanted - found.keys(), key=str):
        made = session.execute(
            insert(Account).returning(
                Account.debt_id, Account.creditor_id, Account.kind, Account.currency, Account.id
            ),
            [
                {"debt_id": d, "creditor_id": c, "kind": kind, "currency": currency, "exponent": exponent(currency)}
                for d, c, kind, currency in missing
            ],
        )
        found |= {(d, c, kind, currency): id for d, c, kind, currency, id in made}
    return found
