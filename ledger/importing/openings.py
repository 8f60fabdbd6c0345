"""New debts in bulk: the rows that ``open_debt``, and ``receive`` of all that is owed, write for each of them.

Only for debts nobody else can know yet. Tests compare the outcome with that of the single services, row by row.
"""

import hashlib
import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.bulk import BulkWriter
from ledger.holds import EFFECTS
from ledger.importing.checking import KEPT
from ledger.kinds import OWED, CreditorAccount, DebtStatus, HoldReason, PostingKind
from ledger.models import Account
from ledger.money import exponent
from runtime.ids import CreditorId, DebtorId

DEBTOR = ("id", "ref", *KEPT, "country", "region", "timezone", "language", "vulnerable", "created_at")
CREDITOR = ("id", "ref", "name", "country", "currency", "policy", "own_collector")
DEBT = ("id", "ref", "debtor_id", "creditor_id", "currency", "kind", "description", "original_creditor", "opened_on",
        "due_on", "last_acknowledged_on", "status", "time_barred", "interest_rate", "stage", "as_of")  # fmt: skip
HOLD = ("id", "key", "debtor_id", "debt_id", "reason", "placed_at", "actor", "cause")
_ACCOUNT = ("id", "debt_id", "kind", "currency", "exponent")
_OF_CREDITOR = ("id", "creditor_id", "kind", "currency", "exponent")
_TXN = ("id", "idem_key", "content_hash", "kind", "effective_on", "posted_at", "actor", "cause")
_ENTRY = ("txn_id", "account_id", "currency", "amount")
_BALANCE = ("debt_id", *(bucket.value for bucket in OWED), "overpayment", "version")
_BUCKETS = tuple(bucket.value for bucket in OWED)
_OPENING, _PAYMENT = PostingKind.OPENING.value, PostingKind.PAYMENT.value
_PLACED, _DIRECT = CreditorAccount.PLACED.value, CreditorAccount.DIRECT.value
_OPEN, _PAID = DebtStatus.OPEN.value, DebtStatus.PAID.value
_DISPUTE = HoldReason.DISPUTE.value
_STOPS = sorted(act.value for act in EFFECTS[HoldReason.DISPUTE].stops)
_EVENT = ("uid", "key", "subject", "kind", "debtor_id", "debt_id", "at", "facts")

NewDebt = tuple[DebtorId, CreditorId, tuple[Any, ...], bool]
"""Its debtor, its creditor, its record as ``packed`` made it, and whether to settle it at once."""


class Openings:
    """Writes new debts. ``writer`` is that of ``session``; ``source`` names the file in every cause.

    ``as_of`` is when their balances were so. Disputes and payments that the file says are told to other systems, marked
    as ``imported``; openings are not.
    """

    def __init__(
        self, writer: BulkWriter, session: Session, *, now: datetime, as_of: datetime, actor: str, source: str
    ) -> None:
        self._writer, self._session, self._actor = writer, session, actor
        self._now, self._as_of = writer.instant(now), writer.instant(as_of)
        self._cause = f"import of {source[:120]}, line "
        self._of_creditor: dict[tuple[CreditorId, str, str], int] = {}

    def open(self, debts: Sequence[NewDebt]) -> tuple[Sequence[int], int]:
        """Open ``debts``. Their ids, and how many were put on hold because they are disputed."""
        if not debts:
            return [], 0
        writer, flags = self._writer, (self._writer.flag(False), self._writer.flag(True))
        debt_ids = writer.ids("debt", len(debts))
        txn_ids = iter(writer.ids("txn", len(debts) + sum(at_once for _, _, _, at_once in debts)))
        account_ids = iter(writer.ids("account", sum(4 - record[8].count(0) for _, _, record, _ in debts)))
        rows: list[tuple[Any, ...]] = []
        accounts: list[tuple[Any, ...]] = []
        txns: list[tuple[Any, ...]] = []
        entries: list[tuple[Any, ...]] = []
        balances: list[tuple[Any, ...]] = []
        holds: list[tuple[Any, ...]] = []
        told: list[tuple[Any, ...]] = []
        now, actor = self._now, self._actor
        for debt_id, (debtor_id, creditor_id, record, at_once) in zip(debt_ids, debts, strict=True):
            (line, _, _, ref, kind, description, original, currency, minor, opened_on, due_on, acknowledged, barred,
             disputed, settled_on, _, rate, stage) = record  # fmt: skip
            row = (debt_id, ref, debtor_id, creditor_id, currency, kind, description, original, opened_on, due_on,
                   acknowledged, _PAID if at_once else _OPEN, None if barred is None else flags[barred],
                   rate, stage)  # fmt: skip
            rows.append((*row, self._as_of))
            cause = f"{self._cause}{line}"
            principal, interest, fees, costs = minor
            owed = principal + interest + fees + costs
            # what ledger.posting.content_hash makes of the same content: see the test
            content = (
                f'["{_OPENING}", "{opened_on}", null, ["{ref}", {debtor_id}, {creditor_id}, {{'
                f'"costs": {{"currency": "{currency}", "minor": {costs}}}, '
                f'"fees": {{"currency": "{currency}", "minor": {fees}}}, '
                f'"interest": {{"currency": "{currency}", "minor": {interest}}}, '
                f'"principal": {{"currency": "{currency}", "minor": {principal}}}}}]]'
            )
            txn_id = next(txn_ids)
            txns.append((txn_id, f"import:{ref}:opening", _hash(content), _OPENING, opened_on, now, actor, cause))
            mine = []
            for bucket, part in zip(_BUCKETS, minor, strict=True):
                if part:
                    account_id = next(account_ids)
                    mine.append((account_id, part))
                    accounts.append((account_id, debt_id, bucket, currency, exponent(currency)))
                    entries.append((txn_id, account_id, currency, part))
            entries.append((txn_id, self._account(creditor_id, _PLACED, currency), currency, -owed))
            if at_once:
                txn_id = next(txn_ids)
                content = f'["{_PAYMENT}", "{settled_on}", null, ["{_DIRECT}", [[{debt_id}, {owed}, "{currency}"]]]]'
                txns.append((txn_id, f"import:{ref}:settled", _hash(content), _PAYMENT, settled_on, now, actor, cause))
                entries.extend((txn_id, account_id, currency, -part) for account_id, part in mine)
                entries.append((txn_id, self._account(creditor_id, _DIRECT, currency), currency, owed))
                balances.append((debt_id, 0, 0, 0, 0, 0, 2))
                told.append(_event(f"posting:{txn_id}", "payment.received", debtor_id, debt_id, now, {
                    "posting": txn_id, "reverses": None, "key": f"import:{ref}:settled",
                    "amount": {"minor": owed, "currency": currency}, "direction": "credit", "value_date": settled_on,
                    "through": [_DIRECT], "owed": {"minor": 0, "currency": currency},
                    "overpaid": {"minor": 0, "currency": currency}, "imported": True,
                }, f"posting:{txn_id}:{debt_id}"))
            else:
                balances.append((debt_id, principal, interest, fees, costs, 0, 1))
                if disputed and not settled_on:
                    holds.append((f"import:{ref}:dispute", debtor_id, debt_id, _DISPUTE, now, actor, cause))
        hold_ids = writer.ids("hold", len(holds)) if holds else ()
        for hold_id, hold in zip(hold_ids, holds, strict=True):
            told.append(_event(f"hold:{hold_id}", "hold.placed", hold[1], hold[2], now, {
                "hold": hold_id, "reason": _DISPUTE, "stops": _STOPS, "payable": EFFECTS[HoldReason.DISPUTE].payable,
                "until": None, "imported": True,
            }, f"hold:{hold_id}:placed"))
        writer.insert("debt", DEBT, rows)
        writer.insert("account", _ACCOUNT, accounts)
        writer.insert("txn", _TXN, txns)
        writer.insert("entry", _ENTRY, entries)
        writer.insert("seal", ("txn_id",), [(txn[0],) for txn in txns])
        writer.insert("debt_balance", _BALANCE, balances)
        writer.insert("hold", HOLD, [(hold_id, *hold) for hold_id, hold in zip(hold_ids, holds, strict=True)])
        writer.insert("feed_event", _EVENT, told)
        return debt_ids, len(holds)

    def _account(self, creditor_id: CreditorId, kind: str, currency: str) -> int:
        """The creditor's account, made when this is the first posting to it."""
        key = (creditor_id, kind, currency)
        if key not in self._of_creditor:
            self._writer.settle()
            found = self._session.scalar(select(Account.id).where(
                Account.creditor_id == creditor_id, Account.kind == kind, Account.currency == currency
            ))
            if found is None:
                found = self._writer.ids("account", 1)[0]
                self._writer.insert("account", _OF_CREDITOR, [(found, *key, exponent(currency))])
            self._of_creditor[key] = found
        return self._of_creditor[key]


def _event(
    subject: str, kind: str, debtor_id: int, debt_id: int, at: str, facts: dict[str, Any], key: str
) -> tuple[Any, ...]:
    """What ``ledger.feed.tell`` writes."""
    return f"evt_{secrets.token_urlsafe(16)}", key, subject, kind, debtor_id, debt_id, at, json.dumps(facts)


def _hash(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()
