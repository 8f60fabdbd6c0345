"""Records into the ledger: once, whole, and never over what is there."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ledger.balances import balance_of
from ledger.check import check
from ledger.importing import load as loading
from ledger.importing.load import Loaded, load
from ledger.importing.records import Record
from ledger.kinds import CreditorAccount, DebtStatus, PostingKind, PromiseStatus
from ledger.models import Account, Creditor, Debt, DebtBalance, Debtor, Entry, FeedEvent, Hold, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.opening import open_debt
from ledger.plans import agree_plan, plans_of
from ledger.promises import make_promise, promises_of
from ledger.receipts import payments_of, receive
from ledger.schedule import MONTHLY
from runtime.database import Database
from tests.importing.reading import Reading
from tests.ledger.bearing_policy import policies_in, write_policy

Write = Callable[..., Path]
Read = Callable[..., Reading]
NOW = datetime(2026, 4, 15, 9, 0, tzinfo=timezone.utc)
HEADER = (
    "creditor_ref,creditor_name,debtor_ref,first_name,last_name,date_of_birth,country,postcode,debt_ref,currency,"
    "principal,interest,fees,opened_on,disputed,settled_on"
)
ADA = "NG,Northern Gas,DD-1,Ada,Quill,1981-05-17,GB,SW1A 1AA"
ROWS = (
    HEADER,
    f"{ADA},NG-1,GBP,120.50,3.25,,2025-11-03,,",
    f"{ADA},NG-2,GBP,80,,12,2025-12-03,yes,",
    f"{ADA},NG-3,GBP,40,1,2,2025-12-20,,2026-01-15",
    "PC,Parcel & Co,DD-2,Bo,Reed,,GB,,PC-1,GBP,9.99,,,2026-01-01,,",
    "PC,Parcel & Co,DD-1,,,,GB,,PC-2,GBP,10,,,2026-01-01,,",
)


def place(db: Database, reading: Reading, **more: Any) -> Loaded:
    return load(db, reading.request, now=NOW, actor="import", **more)


def totals(db: Database, ref: str) -> tuple[dict[str, str], dict[str, str]]:
    with db.read() as session:
        debtor_id = session.scalars(select(Debtor.id).where(Debtor.ref == ref)).one()
        balance = balance_of(session, debtor_id, now=NOW)
    return tuple({c: str(m.decimal) for c, m in sums.items()} for sums in (balance.totals, balance.disputed))  # type: ignore[return-value]


def sound(db: Database) -> list[str]:
    with db.read() as session:
        return [str(finding) for finding in check(session)]


def counts(db: Database) -> dict[str, int]:
    with db.read() as session:
        return {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (Creditor, Debtor, Debt, DebtBalance, Account, Txn, Entry, Hold)
        }


def test_a_file_becomes_debts_payments_and_holds(db: Database, csv_file: Write, read: Read) -> None:
    loaded = place(db, read(csv_file(*ROWS)))
    assert (loaded.new_creditors, loaded.new_debtors, loaded.new_debts) == (2, 2, 5)
    assert (loaded.settled, loaded.held, loaded.unidentified, loaded.such_as) == (1, 1, 1, ["DD-2"])
    assert totals(db, "DD-1") == ({"GBP": "225.75"}, {"GBP": "92.00"})
    assert sound(db) == []
    with db.read() as session:
        debtor = session.scalars(select(Debtor).where(Debtor.ref == "DD-1")).one()
        (payment,) = payments_of(session, debtor.id)
        assert (payment.on, str(payment.amount), payment.debt_ref) == (date(2026, 1, 15), "43.00 GBP", "NG-3")
        assert session.scalars(select(Debt.status).where(Debt.ref == "NG-3")).one() is DebtStatus.PAID
        assert (debtor.date_of_birth, debtor.postcode, debtor.timezone) == ("1981-05-17", "SW1A 1AA", "Europe/London")
        assert {c.policy for c in session.scalars(select(Creditor))} == {"uk-standard"}


def test_the_same_file_twice_changes_nothing(db: Database, csv_file: Write, read: Read) -> None:
    reading = read(csv_file(*ROWS))
    place(db, reading)
    before = counts(db)
    again = place(db, reading)
    assert (again.new_debts, again.settled, again.held, again.completed, again.unchanged) == (0, 0, 0, 0, 5)
    assert (again.problems, again.notices) == ([], [])
    assert counts(db) == before


def test_a_bad_row_keeps_the_file_out(db: Database, csv_file: Write, read: Read) -> None:
    reading = read(csv_file(*ROWS, f"{ADA},NG-9,GBP,-1,,,2025-11-03,,"))
    refused = place(db, reading)
    assert refused.refused
    assert [problem.line for problem in refused.problems] == [7]
    assert set(counts(db).values()) == {0}
    taken = place(db, reading, skip_bad=True)
    assert (taken.refused, taken.new_debts, len(taken.problems)) == (False, 5, 1)


def test_nothing_half_done_when_it_breaks_at_the_end(
    db: Database, csv_file: Write, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setattr(loading._Placing, "_count_unidentified", breaks)
    with pytest.raises(RuntimeError):
        place(db, read(csv_file(*ROWS)))
    assert set(counts(db).values()) == {0}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("120.50", "130.50"), "principal 120.50 (the file: 130.50)"),
        (("3.25", ""), "interest 3.25 (the file: 0.00)"),
        (("2025-11-03", "2025-11-04"), "opened_on 2025-11-03 (the file: 2025-11-04)"),
        ((ADA, "NG,Northern Gas,DD-2,Bo,Reed,,GB,"), "debtor DD-1 (the file: DD-2)"),
        (("NG,Northern Gas", "PC,Parcel & Co"), "creditor NG (the file: PC)"),
        (("1981-05-17", "1982-05-17"), "debtor DD-1 has another date_of_birth in the ledger"),
        (("Northern Gas", "Southern Gas"), "creditor NG has name 'Northern Gas' in the ledger, 'Southern Gas'"),
    ],
)
def test_changed_content_is_reported_and_never_doubled(
    db: Database, csv_file: Write, read: Read, change: tuple[str, str], reason: str
) -> None:
    place(db, read(csv_file(*ROWS)))
    before = counts(db)
    changed = place(db, read(csv_file(ROWS[0], ROWS[1].replace(*change))), skip_bad=True)
    assert [problem.line for problem in changed.problems] == [2]
    assert reason in changed.problems[0].reason
    assert counts(db) == before


def test_money_paid_since_is_no_change_of_the_debt(db: Database, csv_file: Write, read: Read) -> None:
    reading = read(csv_file(*ROWS))
    place(db, reading)
    pay(db, "NG-1", 2000)
    assert place(db, reading).problems == []
    assert totals(db, "DD-1")[0] == {"GBP": "205.75"}


def pay(db: Database, ref: str, minor: int) -> None:
    with db.write() as session:
        debt_id = session.scalars(select(Debt.id).where(Debt.ref == ref)).one()
        receive(
            session, key=f"test:{ref}:{minor}", split={debt_id: Money(minor, "GBP")}, effective_on=NOW.date(),
            posted_at=NOW, actor="test", cause="test",
        )  # fmt: skip


def test_a_debt_settled_later_is_paid_with_what_is_left(db: Database, csv_file: Write, read: Read) -> None:
    place(db, read(csv_file(*ROWS)))
    pay(db, "NG-1", 2000)
    later = (ROWS[0], ROWS[1] + "2026-04-02", ROWS[2] + "2026-04-03")
    loaded = place(db, read(csv_file(*later)))
    assert (loaded.settled, loaded.unchanged, loaded.held) == (2, 2, 0)
    assert totals(db, "DD-1") == ({"GBP": "10.00"}, {})
    assert place(db, read(csv_file(*later))).settled == 0
    assert place(db, read(csv_file(*ROWS))).settled == 0  # an older file takes nothing back
    assert sound(db) == []


def test_a_debt_disputed_later_goes_on_hold_and_staff_alone_lift_it(db: Database, csv_file: Write, read: Read) -> None:
    place(db, read(csv_file(*ROWS)))
    disputed = read(csv_file(ROWS[0], ROWS[1].removesuffix(",,") + ",yes,"))
    assert place(db, disputed).held == 1
    with db.write() as session:
        for hold in session.scalars(select(Hold)):
            hold.lifted_at, hold.lifted_by = NOW, "staff"
    assert place(db, disputed).held == 0
    assert totals(db, "DD-1")[1] == {}


def test_plans_and_promises_hear_of_a_settlement(db: Database, csv_file: Write, read: Read) -> None:
    place(db, read(csv_file(*ROWS)))
    with db.write() as session:
        ada = session.scalars(select(Debtor).where(Debtor.ref == "DD-1")).one()
        debt = session.scalars(select(Debt).where(Debt.ref == "NG-1")).one()
        make_promise(
            session, key="p", debtor_id=ada.id, amount=Money(5000, "GBP"), due_on=date(2026, 4, 30), actor="t", now=NOW
        )
        offer = Offer(Money(12375, "GBP"), Money(2500, "GBP"), MONTHLY, date(2026, 5, 1))
        agree_plan(session, key="pl", debtor_id=ada.id, debt_ids=[debt.id], offer=offer, actor="test", now=NOW)
    today = ROWS[1] + "2026-04-15"
    assert place(db, read(csv_file(ROWS[0], today))).settled == 1
    with db.read() as session:
        (plan,) = plans_of(session, ada.id, today=NOW.date())
        assert plan.left.is_zero
        assert [promise.status for promise in promises_of(session, ada.id)] == [PromiseStatus.KEPT]
    assert sound(db) == []


def test_a_new_debt_settled_at_once_counts_for_an_old_promise(db: Database, csv_file: Write, read: Read) -> None:
    place(db, read(csv_file(*ROWS)))
    with db.write() as session:
        ada = session.scalars(select(Debtor.id).where(Debtor.ref == "DD-1")).one()
        make_promise(
            session, key="p", debtor_id=ada, amount=Money(500, "GBP"), due_on=date(2026, 4, 30), actor="test", now=NOW
        )
    new = f"{ADA},NG-8,GBP,30,,,2026-03-03,,2026-04-15"
    assert place(db, read(csv_file(HEADER, new))).settled == 1
    with db.read() as session:
        assert promises_of(session, ada)[0].status is PromiseStatus.KEPT
    assert sound(db) == []


def test_debtors_are_completed_but_not_rewritten(db: Database, csv_file: Write, read: Read) -> None:
    place(db, read(csv_file(*ROWS)))
    more = (
        HEADER,
        "PC,Parcel & Co,DD-2,Bo,Reed,1979-01-31,GB,LS6 2QB,PC-1,GBP,9.99,,,2026-01-01,,",
        ROWS[1].replace("SW1A 1AA", "M1 1AE").replace("Ada", "Ada May"),
    )
    loaded = place(db, read(csv_file(*more)))
    assert (loaded.completed, loaded.unidentified) == (1, 0)
    assert loaded.notices == ["debtor DD-1 has another first_name, postcode in the ledger; it was left as it is"]
    with db.read() as session:
        ada, bo = session.scalars(select(Debtor).order_by(Debtor.ref))
        assert (ada.first_name, ada.postcode) == ("Ada", "SW1A 1AA")
        assert (bo.date_of_birth, bo.postcode) == ("1979-01-31", "LS6 2QB")


def test_a_reference_that_stands_for_two_people_is_refused(db: Database, csv_file: Write, read: Read) -> None:
    in_file = read(csv_file(HEADER, ROWS[1], ROWS[4].replace("PC-1", "DD-1")))
    assert "stands for debtor DD-1 too" in place(db, in_file).problems[-1].reason
    place(db, read(csv_file(*ROWS)))
    both = (ROWS[4].replace("PC-1", "DD-1"), ROWS[4].replace("DD-2", "NG-1").replace("PC-1", "X-1"))
    later = read(csv_file(HEADER, *both))
    assert [problem.line for problem in place(db, later).problems] == [2, 3]
    own = read(csv_file(HEADER, ROWS[4].replace("DD-2", "ZZ-9").replace("PC-1", "ZZ-9")))
    assert place(db, own).problems == []


def test_policy_and_currency_must_fit(db: Database, csv_file: Write, read: Read) -> None:
    dollars = read(csv_file(HEADER, ROWS[1].replace("GBP", "USD")))
    assert "in USD, the policy uk-standard of creditor NG in GBP" in place(db, dollars).problems[0].reason
    elsewhere = read(csv_file(HEADER, "FR,Gaz,DD-7,Luc,Petit,,FR,75008,FR-1,EUR,10,,,2026-01-01,,"))
    assert "creditor FR needs a policy" in place(db, elsewhere).problems[0].reason


def test_the_age_of_a_debt(db: Database, csv_file: Write, read: Read) -> None:
    header = HEADER + ",time_barred"
    rows = [
        f"{ADA},A-1,GBP,1,,,2023-04-16,,,", f"{ADA},A-2,GBP,1,,,2019-04-15,,,", f"{ADA},A-3,GBP,1,,,2019-04-15,,,yes",
    ]  # fmt: skip
    place(db, read(csv_file(header, *rows)))
    with db.read() as session:
        assert list(session.scalars(select(Debt.time_barred).order_by(Debt.ref))) == [False, None, True]


def test_bulk_writes_the_rows_the_single_services_write(
    make_sqlite: Callable[[], Database], csv_file: Write, read: Read
) -> None:
    reading = read(csv_file(*ROWS))
    bulk, single = make_sqlite(), make_sqlite()

    def new_creditor(record: Record) -> Creditor:
        name = record.creditor.name or record.creditor.ref
        return Creditor(ref=record.creditor.ref, name=name, country="GB", currency="GBP", policy="uk-standard")

    def new_debtor(record: Record) -> Debtor:
        facts = record.debtor._asdict() | {"date_of_birth": str(record.debtor.date_of_birth), "created_at": NOW}
        return Debtor(**facts | {"last_name": record.debtor.last_name or "", "vulnerable": False})

    place(bulk, reading)
    with single.write() as session:
        parties: dict[str, Any] = {}
        for record in reading.records:  # parties first, so that the ids agree
            for ref, make in (
                (record.creditor.ref, new_creditor), (record.debtor.ref, new_debtor),
            ):
                if ref not in parties:
                    parties[ref] = make(record)
                    session.add(parties[ref])
        session.flush()
        for record in reading.records:
            p, i, f, c = record.amounts.values()
            debt = open_debt(
                session, key=f"import:{record.debt_ref}:opening", ref=record.debt_ref, kind=record.kind,
                debtor_id=parties[record.debtor.ref].id, creditor_id=parties[record.creditor.ref].id,
                opened_on=record.opened_on, principal=p, interest=i, fees=f, costs=c, effective_on=record.opened_on,
                time_barred=False, now=NOW, actor="import",
                cause=f"import of {reading.request.name}, line {record.line}",
            )  # fmt: skip
            if record.settled_on:
                receive(
                    session, key=f"import:{record.debt_ref}:settled", split={debt.id: record.total},
                    effective_on=record.settled_on, posted_at=NOW, actor="import", through=CreditorAccount.DIRECT,
                    cause=f"import of {reading.request.name}, line {record.line}",
                )  # fmt: skip
    assert everything(bulk) == everything(single)
    bulk.close()
    single.close()


def everything(db: Database) -> dict[str, list[tuple[Any, ...]]]:
    """The ledger's rows without the numbers that only tell in which order they were written."""
    queries = {
        "debts": select(Debt.ref, Debt.status, Debt.kind, Debt.currency, Debt.time_barred),
        "balances": select(
            Debt.ref, DebtBalance.principal, DebtBalance.interest, DebtBalance.fees, DebtBalance.costs,
            DebtBalance.overpayment, DebtBalance.version,
        ).join(Debt),
        "postings": select(
            Txn.idem_key, Txn.content_hash, Txn.kind, Txn.effective_on, Txn.posted_at, Txn.actor, Txn.cause
        ),
        "entries": select(
            Txn.idem_key, Account.debt_id, Account.creditor_id, Account.kind, Account.exponent, Entry.currency,
            Entry.amount,
        ).join(Txn, Txn.id == Entry.txn_id).join(Account, Account.id == Entry.account_id),
    }  # fmt: skip
    with db.read() as session:
        return {name: sorted(map(tuple, session.execute(query)), key=str) for name, query in queries.items()}


def test_what_a_file_says_of_disputes_and_payments_is_told_and_marked(
    db: Database, csv_file: Write, read: Read
) -> None:
    place(db, read(csv_file(*ROWS)))
    late = csv_file(HEADER, ROWS[1][:-1] + "yes,", ROWS[5] + "2026-04-01")
    place(db, read(late))  # debts that are there already: by the services
    place(db, read(late))
    with db.read() as session:
        refs = {debt.id: debt.ref for debt in session.scalars(select(Debt))}
        told = {(event.kind, refs[event.debt_id or 0]): event for event in session.scalars(select(FeedEvent))}
        holds = {hold.debt_id: hold.id for hold in session.scalars(select(Hold))}
    assert sorted(told) == [("hold.placed", "NG-1"), ("hold.placed", "NG-2"), ("payment.received", "NG-3"),
                            ("payment.received", "PC-2")]
    assert all(event.facts["imported"] is True for event in told.values())
    by_bulk, by_service = told["hold.placed", "NG-2"], told["hold.placed", "NG-1"]
    assert by_bulk.facts == by_service.facts | {"hold": holds[by_bulk.debt_id]}
    assert (by_bulk.subject, by_bulk.at) == (f"hold:{holds[by_bulk.debt_id]}", NOW)
    paid, later = told["payment.received", "NG-3"].facts, told["payment.received", "PC-2"].facts
    assert paid.keys() == later.keys()
    assert (paid["amount"]["minor"], paid["value_date"], paid["through"]) == (4_300, "2026-01-15", ["direct"])
    assert {name for name in paid if paid[name] != later[name]} == {"posting", "key", "amount", "value_date"}


def test_a_debt_that_bears_interest_is_settled_with_it(
    db: Database, csv_file: Write, read: Read, tmp_path: Path
) -> None:
    write_policy(tmp_path, 'method: simple, annual_percent: "36.5", since: 2026-01-01')
    with policies_in(tmp_path):
        row = f"{ADA},NG-1,GBP,1000,,,2025-11-03,,"
        load(db, read(csv_file(HEADER, row)).request, now=NOW - timedelta(days=20), actor="import")
        place(db, read(csv_file(HEADER, row + "2026-04-14")))
        with db.read() as session:
            assert session.get_one(Debt, 1).status is DebtStatus.PAID
            balance = session.get_one(DebtBalance, 1)
            assert (balance.owed, balance.overpayment) == (0, 0)
            assert session.scalar(select(func.count()).where(Txn.kind == PostingKind.ACCRUAL)) == 1
        assert sound(db) == []


def test_a_card_number_in_a_file_name_is_not_kept(db: Database, csv_file: Write, read: Read) -> None:
    path = csv_file(*ROWS)
    odd = path.rename(path.with_name("paid by 4242 4242 4242 4242.csv"))
    loaded = place(db, read(odd))
    assert loaded.name == "paid by [card].csv"
    with db.read() as session:
        causes = " ".join(session.scalars(select(Txn.cause)))
    assert "4242" not in causes
    assert "paid by [card].csv, line 2" in causes
