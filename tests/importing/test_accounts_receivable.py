"""The shipped mapping on the real ledger of invoices, against a plain sum over the same file."""

import csv
import time
from collections import defaultdict
from datetime import date, datetime, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger.balances import balance_of
from ledger.check import check
from ledger.importing.checking import Request
from ledger.importing.load import load
from ledger.importing.mapping import load_mapping
from ledger.models import Debt, Debtor
from ledger.receipts import payments_of
from runtime.database import Database
from runtime.settings import ROOT

REAL = ROOT.parent / "shared" / "data" / "accounts_receivable.csv"
SAMPLE = """\
countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate
101,0001-ABCDE,1/1/2013,0000000001,1/2/2013,2/1/2013,50.4,No,1/15/2013,Paper,13,0
101,0001-ABCDE,1/1/2013,0000000002,6/2/2013,7/2/2013,61.75,Yes,7/9/2013,Paper,37,7
101,0001-ABCDE,1/1/2013,0000000003,6/30/2013,7/30/2013,7,No,7/1/2013,Paper,1,0
101,0001-ABCDE,1/1/2013,0000000004,7/1/2013,7/31/2013,99,No,7/2/2013,Paper,1,0
102,0002-FGHIJ,1/1/2013,0000000005,5/1/2013,5/31/2013,12.34,Yes,6/30/2013,Electronic,60,30
"""


def test_an_invented_ledger_as_of_a_day(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text(SAMPLE)
    assert balances(db, path, date(2013, 6, 30)) == {"0001-ABCDE": ("68.75", "61.75"), "0002-FGHIJ": ("0", "0")}
    assert balances(db, path, date(2013, 7, 1)) == {"0001-ABCDE": ("160.75", "61.75"), "0002-FGHIJ": ("0", "0")}
    assert balances(db, path, date(2013, 12, 31)) == {"0001-ABCDE": ("0", "0"), "0002-FGHIJ": ("0", "0")}


def balances(db: Database, path: Path, as_of: date) -> dict[str, tuple[str, str]]:
    """Import ``path`` and say what each debtor owes, and the disputed part of it."""
    now = datetime.now(timezone.utc)
    mapping = load_mapping("accounts_receivable")
    loaded = load(db, Request(path, now.date(), mapping=mapping, as_of=as_of), now=now, actor="import")
    assert loaded.problems == []
    found = {}
    with db.read() as session:
        assert check(session) == []
        for debtor in session.scalars(select(Debtor)):
            balance = balance_of(session, debtor.id, now=now)
            sums = (balance.totals.get("USD"), balance.disputed.get("USD"))
            found[debtor.ref] = (str(sums[0].decimal) if sums[0] else "0", str(sums[1].decimal) if sums[1] else "0")
    return found


@pytest.mark.parametrize("as_of", [date(2013, 6, 30), date(2012, 10, 14)])
def test_the_real_ledger_equals_a_plain_sum(db: Database, as_of: date, capsys: pytest.CaptureFixture[str]) -> None:
    if not REAL.exists():
        with capsys.disabled():
            print(f"\n{REAL} is not there: the check of the import on real data had nothing to do")
        return
    started = time.monotonic()
    imported = balances(db, REAL, as_of)
    seconds = time.monotonic() - started
    owed, disputed, paid = plain_sums(as_of)
    assert len(imported) == (100 if as_of.year == 2013 else len(owed))
    for customer, (total, part) in imported.items():
        assert (Decimal(total), Decimal(part)) == (owed[customer], disputed[customer]), customer
    with db.read() as session:
        for debtor in session.scalars(select(Debtor)):
            lines = payments_of(session, debtor.id)
            assert sum((line.amount.decimal for line in lines), Decimal(0)) == paid[debtor.ref]
            assert all(line.on <= as_of for line in lines)
        assert all(debt.opened_on <= as_of for debt in session.scalars(select(Debt)))
    assert seconds < 60


def plain_sums(as_of: date) -> tuple[dict[str, Decimal], dict[str, Decimal], dict[str, Decimal]]:
    """Owed, disputed and paid by customer, straight from the file, with nothing of Debtdesk in between."""
    owed: dict[str, Decimal] = defaultdict(Decimal)
    disputed: dict[str, Decimal] = defaultdict(Decimal)
    paid: dict[str, Decimal] = defaultdict(Decimal)
    with REAL.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if datetime.strptime(row["InvoiceDate"], "%m/%d/%Y").date() > as_of:
                continue
            customer, amount = row["customerID"], Decimal(row["InvoiceAmount"])
            if datetime.strptime(row["SettledDate"], "%m/%d/%Y").date() <= as_of:
                paid[customer] += amount
                owed[customer] += 0
            else:
                owed[customer] += amount
                disputed[customer] += amount if row["Disputed"] == "Yes" else 0
    return owed, disputed, paid
