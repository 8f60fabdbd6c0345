"""Delta files: the other system's books where they count, a problem where ours do."""

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from ledger.check import check
from ledger.importing import delta as deltas
from ledger.importing import known
from ledger.importing import load as loading
from ledger.importing.checking import Request
from ledger.importing.delta import Delta
from ledger.importing.load import Loaded, load
from ledger.kinds import DebtStatus, PlanStatus, PostingKind
from ledger.models import Debt, DebtBalance, Debtor, Plan, Txn
from ledger.money import Money
from ledger.offers import Offer
from ledger.plans import agree_plan
from ledger.receipts import receive
from ledger.schedule import MONTHLY
from runtime.database import Database
from runtime.errors import OperatorError
from tests.ledger.bearing_policy import policies_in, write_policy

Write = Callable[..., Path]
NOW = datetime(2026, 4, 15, 9, 0, tzinfo=timezone.utc)
HEADER = ("creditor_ref,debtor_ref,first_name,date_of_birth,country,postcode,debt_ref,currency,principal,interest,"
          "opened_on,change")
ADA = "NG,DD-1,Ada,1981-05-17,GB,SW1A 1AA"
FIRST = tuple(f"{ADA},NG-{n},GBP,{n}0,1,2025-11-0{n}," for n in range(1, 6))


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another system is the master of every creditor."""
    for module in (deltas, known, loading):
        monkeypatch.setattr(module, "outside_is_master", lambda policy: policy is not None)


@pytest.fixture
def opened(db: Database, csv_file: Write) -> Database:
    """Five debts of Ada's."""
    assert apply(db, csv_file(HEADER, *FIRST), day=0, delta=False).new_debts == 5
    return db


def apply(
    db: Database, path: Path, *, day: int = 1, delta: bool = True, missing: Any = "ignore", **more: Any
) -> Loaded:
    at = NOW + timedelta(days=day)
    request, given = Request(path, at.date()), Delta(at, missing) if delta else None
    return load(db, request, now=at, actor="import", delta=given, **more)


def owed(db: Database) -> dict[str, tuple[str, int]]:
    with db.read() as session:
        assert [str(finding) for finding in check(session)] == []
        rows = session.execute(
            select(Debt.ref, Debt.status, DebtBalance.principal + DebtBalance.interest).join(DebtBalance)
            .order_by(Debt.ref)
        )
        return {ref: (status.value, minor) for ref, status, minor in rows}


def postings(db: Database) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(Txn)) or 0


@pytest.mark.usefixtures("theirs")
def test_a_whole_delta_and_the_same_again(opened: Database, csv_file: Write) -> None:
    with opened.write() as session:
        ids = {debt.ref: debt.id for debt in session.scalars(select(Debt))}
        debtor = session.scalars(select(Debtor.id)).one()
        offer = Offer(Money(9_200, "GBP"), Money(2_500, "GBP"), MONTHLY, date(2026, 5, 1))
        agree_plan(session, key="p", debtor_id=debtor, debt_ids=[ids["NG-4"], ids["NG-5"]], offer=offer, actor="t",
                   now=NOW)
    path = csv_file(
        HEADER, FIRST[0].replace(",10,1,", ",7.50,2,") + "changed", FIRST[1] + "closed",
        FIRST[2] + "written_off", FIRST[3] + "recalled", f"{ADA},NG-6,GBP,60,,2026-01-01,new",
        ADA.replace("SW1A 1AA", "M1 1AE") + ",NG-5,GBP,50,1,2025-11-06,",
    )  # fmt: skip
    found = apply(opened, path)
    assert found.problems[:1] and "another postcode on line 2" in found.problems[0].reason  # noqa: PT018
    path = csv_file(*path.read_text().replace("SW1A 1AA", "M1 1AE").splitlines())
    found = apply(opened, path)
    changes = found.changes
    assert changes is not None
    assert (found.problems, found.new_debts) == ([], 1)
    assert (changes.adjusted, changes.closed, changes.written_off, changes.recalled) == (1, 1, 1, 1)
    stood = "line 2: debt NG-1 stood at principal 10.00 (the file: 7.50), interest 1.00 (the file: 2.00)"
    assert stood in changes.before
    assert any("postcode was SW1A 1AA" in line for line in changes.before)
    assert "line 7: debt NG-5: opened_on was 2025-11-05" in changes.before
    after = {
        "NG-1": ("open", 950), "NG-2": ("paid", 0), "NG-3": ("closed", 0), "NG-4": ("recalled", 0),
        "NG-5": ("open", 5100), "NG-6": ("open", 6000),
    }  # fmt: skip
    assert owed(opened) == after
    with opened.read() as session:
        assert session.scalars(select(Debtor.postcode)).one() == "M1 1AE"
        assert session.scalars(select(Plan.status)).one() is PlanStatus.CANCELLED
        causes = session.scalars(select(Txn.cause).where(Txn.kind == PostingKind.ADJUSTMENT)).all()
        assert "delta debts.csv, line 2" in causes
    before = postings(opened)
    again = apply(opened, path)
    assert again.changes is not None
    assert (again.changes.adjusted, again.changes.closed, again.changes.before, again.new_debts) == (0, 0, [], 0)
    assert (owed(opened), postings(opened)) == (after, before)


def test_where_our_books_count_a_difference_is_a_problem(opened: Database, csv_file: Write) -> None:
    same = csv_file(HEADER, *FIRST)
    assert apply(opened, same).problems == []
    found = apply(opened, csv_file(HEADER, FIRST[0].replace(",10,", ",7.50,"), FIRST[1] + "recalled"))
    assert found.refused
    assert "debt NG-1 stands at principal 10.00 (the file: 7.50). Our books count here" in found.problems[0].reason
    assert owed(opened)["NG-2"] == ("open", 2100)


@pytest.mark.usefixtures("theirs")
def test_what_the_file_cannot_know_is_left(opened: Database, csv_file: Write) -> None:
    with opened.write() as session:
        debt = session.scalars(select(Debt.id).where(Debt.ref == "NG-1")).one()
        receive(session, key="pay", split={debt: Money(500, "GBP")}, effective_on=NOW.date(), actor="t", cause="t",
                posted_at=NOW + timedelta(days=2))
    found = apply(opened, csv_file(HEADER, *FIRST))
    assert found.changes is not None
    assert "which the file cannot know of" in found.changes.before[0]
    assert owed(opened)["NG-1"] == ("open", 600)
    assert apply(opened, csv_file(HEADER, FIRST[0].replace(",10,", ",4,")), day=3).changes.adjusted == 1  # type: ignore[union-attr]
    assert owed(opened)["NG-1"] == ("open", 500)


@pytest.mark.usefixtures("theirs")
def test_an_older_delta_is_refused(opened: Database, csv_file: Write) -> None:
    newer = csv_file(HEADER, FIRST[0].replace(",10,", ",7,"))
    apply(opened, newer, day=3)
    with pytest.raises(OperatorError, match="of creditor NG a delta of 2026-04-18 09:00 UTC was imported already"):
        apply(opened, csv_file(HEADER, *FIRST), day=2)
    assert owed(opened)["NG-1"] == ("open", 800)


def test_missing_debts_are_recalled_when_asked(opened: Database, csv_file: Write) -> None:
    path = csv_file(HEADER, *FIRST[:3], f"{ADA},NG-6,GBP,60,,2026-01-01,new")
    assert apply(opened, path).changes.recalled == 0  # type: ignore[union-attr]
    with pytest.raises(OperatorError, match="which debts are missing"):
        apply(opened, csv_file(HEADER, *FIRST[:3], FIRST[3].replace("40", "x")), missing="recalled", skip_bad=True)
    assert apply(opened, csv_file(HEADER, *FIRST[:3], f"{ADA},NG-6,GBP,60,,2026-01-01,new"),
                 missing="recalled").changes.recalled == 2  # type: ignore[union-attr]
    assert [ref for ref, (status, _) in owed(opened).items() if status == DebtStatus.RECALLED] == ["NG-4", "NG-5"]
    assert owed(opened)["NG-6"] == ("open", 6000)


def test_a_change_of_what_is_not_there_is_a_problem(opened: Database, csv_file: Write) -> None:
    found = apply(opened, csv_file(HEADER, FIRST[0].replace("NG-1", "NG-7") + "closed", FIRST[1] + "gone",
                                   FIRST[2].replace("NG,", "PC,")))
    assert [str(problem) for problem in found.problems] == [
        "line 2: debt NG-7 is not in the ledger, so it cannot be closed",
        "line 3: change: 'gone' is none of new, changed, closed, written_off and recalled",
    ]
    found = apply(opened, csv_file(HEADER, FIRST[2].replace("NG,", "PC,")))
    assert "debt NG-3 is in the ledger already, with creditor NG (the file: PC)" in found.problems[0].reason


@pytest.mark.usefixtures("theirs")
def test_a_dry_run_of_a_delta_writes_nothing(opened: Database, csv_file: Write) -> None:
    found = apply(opened, csv_file(HEADER, FIRST[0].replace(",10,", ",7,")), dry_run=True)
    assert found.changes is not None
    assert found.changes.adjusted == 1
    assert owed(opened)["NG-1"] == ("open", 1100)


@pytest.mark.usefixtures("theirs")
def test_a_closed_debt_is_paid_with_the_interest_of_the_days_before(
    db: Database, csv_file: Write, tmp_path: Path
) -> None:
    write_policy(tmp_path, 'method: simple, annual_percent: "36.5", since: 2026-01-01')
    with policies_in(tmp_path):
        apply(db, csv_file(HEADER, f"{ADA},NG-1,GBP,1000,,2025-11-01,"), day=0, delta=False)
        closed = csv_file(HEADER, f"{ADA},NG-1,GBP,1000,,2025-11-01,closed")
        assert apply(db, closed, day=10).problems == []
        assert owed(db) == {"NG-1": ("paid", 0)}
        count = postings(db)
        apply(db, closed, day=10)
        assert postings(db) == count
        with db.read() as session:
            assert session.get_one(DebtBalance, 1).overpayment == 0


@pytest.mark.usefixtures("theirs")
def test_a_debt_s_own_rate_of_interest(db: Database, csv_file: Write) -> None:
    header = HEADER + ",interest_rate"
    rows = [f"{ADA},NG-{n},GBP,10,,2025-11-01,,{rate}" for n, rate in enumerate(("8", "7.50", "4.25%", "", "0"), 1)]
    assert apply(db, csv_file(header, *rows), day=0, delta=False).problems == []

    def rates() -> list[str | None]:
        with db.read() as session:
            return [None if rate is None else str(rate)
                    for rate in session.scalars(select(Debt.interest_rate).order_by(Debt.ref))]
    assert rates() == ["8", "7.5", "4.25", None, "0"]
    found = apply(db, csv_file(header, rows[0][:-1] + "9.1", rows[1][:-4], f"{ADA},NG-6,GBP,10,,2025-11-01,,x"))
    assert [problem.reason for problem in found.problems] == ["interest_rate: 'x' is not an amount like 1234.56"]
    found = apply(db, csv_file(header, rows[0][:-1] + "9.1", rows[1][:-4]))
    assert found.changes is not None
    assert "line 2: debt NG-1: interest_rate was 8" in found.changes.before
    assert rates()[:2] == ["9.1", "7.5"]


@pytest.mark.usefixtures("theirs")
def test_the_stage_of_a_debt_moves_on(db: Database, csv_file: Write) -> None:
    header = HEADER + ",stage"
    rows = [f"{ADA},NG-{n},GBP,10,,2025-11-01,,{stage}" for n, stage in enumerate(("early", "", "Pre legal"), 1)]
    assert apply(db, csv_file(header, *rows), day=0, delta=False).problems == []

    def stages() -> list[str | None]:
        with db.read() as session:
            return list(session.scalars(select(Debt.stage).order_by(Debt.ref)))
    assert stages() == ["early", None, "pre_legal"]
    found = apply(db, csv_file(header, rows[0].replace("early", "judgment"), rows[1], rows[2].replace("Pre legal", "")))
    assert found.changes is not None
    assert found.changes.before == ["line 2: debt NG-1: stage was early"]
    assert stages() == ["judgment", None, "pre_legal"]  # an empty cell says nothing
    found = apply(db, csv_file(header, rows[0].replace("early", "99")))
    assert [problem.reason for problem in found.problems] == ["stage: '99' is no plain word such as energy or card"]
