"""The same posting through the bare driver: hand-written SQL, no service, no checks but the database's own.

The rows, indexes, triggers and durability are those of ``ledger``; what is left out is Python. It is the reference for
what our service costs, not something to use.

On SQLite it comes in two kinds. Bare, a writer that finds the file busy tries again by chance: who has just written
writes again, with the file in its memory, and others wait for seconds. With ``turns`` its writers take turns as ours
do, which no service that says how long one may wait can do without: that kind shows what our service alone costs.
"""

import sqlite3
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from runtime.writing_queue import WritingQueue

SQL = {
    "txn": "INSERT INTO txn (idem_key, content_hash, kind, effective_on, posted_at, actor, cause) "
           "VALUES (?, ?, 'payment', '2026-03-03', '2026-03-03 12:00:00', 'bench', 'benchmark') "
           "ON CONFLICT (idem_key) DO NOTHING RETURNING id",
    "lock": "SELECT principal, version FROM debt_balance WHERE debt_id = ?",
    "balance": "UPDATE debt_balance SET principal = principal - ?, version = version + 1 WHERE debt_id = ?",
    "debt_account": "SELECT id FROM account WHERE debt_id = ? AND kind = 'principal'",
    "creditor_account": "SELECT a.id FROM account a JOIN debt d ON d.creditor_id = a.creditor_id "
                        "WHERE d.id = ? AND a.kind = 'processor_clearing' AND a.currency = 'GBP'",
    "new_account": "INSERT INTO account (creditor_id, kind, currency, exponent) "
                   "SELECT creditor_id, 'processor_clearing', 'GBP', 2 FROM debt WHERE id = ? ON CONFLICT DO NOTHING",
    "entry": "INSERT INTO entry (txn_id, account_id, currency, amount) VALUES (?, ?, 'GBP', ?), (?, ?, 'GBP', ?)",
    "seal": "INSERT INTO seal (txn_id) VALUES (?)",
    "event": "INSERT INTO feed_event (uid, key, subject, kind, debtor_id, debt_id, at, facts) SELECT ?, ?, ?, "
             "'payment.received', debtor_id, id, '2026-03-03 12:00:00', ? FROM debt WHERE id = ?",
}  # fmt: skip
FACTS = '{"posting": 1, "reverses": null, "key": "", "amount": {"minor": 100, "currency": "GBP"}, "owed": {"minor": 1}}'
"""As much as the event of a payment says."""


class BareDriver:
    """One connection of the driver. ``turns``: its writers of a SQLite file take turns."""

    def __init__(self, url: str, *, turns: bool = False) -> None:
        parsed = make_url(url)
        self._queue = WritingQueue(Path(f"{parsed.database}-writers")) if turns else None
        self._sqlite = parsed.get_backend_name() == "sqlite"
        if self._sqlite:
            self._connection: Any = sqlite3.connect(str(parsed.database), isolation_level=None, timeout=60)
            for pragma in ("synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._sql = SQL
        else:
            plain = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
            self._connection = psycopg.connect(plain, autocommit=True)
            self._sql = {name: sql.replace("?", "%s") for name, sql in SQL.items()}
            self._sql["lock"] += " FOR UPDATE"

    def pay(self, key: str, debt_id: int, minor: int) -> None:
        """Post one payment of ``minor`` on the principal of a debt."""
        with self._queue.turn() if self._queue else nullcontext():
            self._pay(key, debt_id, minor)

    def _pay(self, key: str, debt_id: int, minor: int) -> None:
        run, sql = self._connection.execute, self._sql
        run("BEGIN IMMEDIATE" if self._sqlite else "BEGIN")
        txn = run(sql["txn"], (key, "0" * 64)).fetchone()
        if txn is not None:
            run(sql["lock"], (debt_id,)).fetchone()
            run(sql["balance"], (minor, debt_id))
            debit = run(sql["creditor_account"], (debt_id,)).fetchone()
            if debit is None:
                run(sql["new_account"], (debt_id,))
                debit = run(sql["creditor_account"], (debt_id,)).fetchone()
            credit = run(sql["debt_account"], (debt_id,)).fetchone()
            run(sql["entry"], (txn[0], credit[0], -minor, txn[0], debit[0], minor))
            run(sql["seal"], (txn[0],))
            run(sql["event"], (f"evt_{key}", f"posting:{txn[0]}:{debt_id}", f"posting:{txn[0]}", FACTS, debt_id))
        run("COMMIT")
