"""The statement and the letter: what they say is the ledger's, they read well, and nothing is asked that may not be."""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from sqlalchemy import select, update

from compliance import operator as operator_room
from conversations.texts import FOLDER, texts
from exchange import statement
from exchange.account import account_of
from exchange.paper import Paper, Table, Words
from exchange.statement import Form, statement_file
from ledger.balances import balance_of
from ledger.errors import BalanceStale
from ledger.holds import lift_hold, place_hold
from ledger.kinds import HoldReason
from ledger.models import Creditor, Debt, Debtor
from ledger.money import Money
from ledger.offers import Allowed, counter
from ledger.opening import recall_debt
from ledger.plans import agree_plan
from ledger.policy import policy_for
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.settings import ROOT
from tests.exchange.moves import Move, happen, moves
from tests.exchange.test_exports import fresh
from tests.ledger.portfolio import Portfolio

__all__ = ["fresh"]


class Shown:
    """What one statement says, caught on its way to HTML."""

    def __init__(self, portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch, **more: Any) -> None:
        self.papers: list[Paper] = []
        monkeypatch.setattr(statement, "as_html", lambda paper: self.papers.append(paper) or b"")
        with portfolio.db.read() as session:
            self.file = statement_file(session, portfolio.debtor_id, now=more.pop("now", portfolio.now), form="html",
                                       **more)
        (self.paper,) = self.papers

    @property
    def words(self) -> str:
        return "\n".join(block.text for block in self.paper.blocks if not isinstance(block, Table))

    @property
    def marked(self) -> list[str]:
        return [block.text for block in self.paper.blocks if isinstance(block, Words) and block.marked]

    @property
    def tables(self) -> list[Table]:
        return [block for block in self.paper.blocks if isinstance(block, Table)]

    @property
    def everything(self) -> str:
        cells = [cell for table in self.tables for row in (*table.rows,) for cell in row.cells]
        return "\n".join([self.paper.title, self.words, *cells])


def amounts(text: str) -> set[int]:
    """Every amount in pounds in a text, in pence."""
    found = re.findall(r"-?£[\d,]+\.\d\d", text)
    return {int(Decimal(one.replace(",", "").replace("£", "")) * 100) for one in found}


def as_file(portfolio: Portfolio, form: Form, **more: Any) -> bytes:
    with portfolio.db.read() as session:
        return statement_file(session, portfolio.debtor_id, now=portfolio.now, form=form, **more).content


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=moves)
def test_every_figure_is_the_ledgers(
    fresh: Callable[[], Portfolio], monkeypatch: pytest.MonkeyPatch, found: list[Move]
) -> None:
    portfolio = fresh()
    happen(portfolio, found, "S")
    now = portfolio.now + timedelta(days=40)
    shown = Shown(portfolio, monkeypatch, now=now)
    with portfolio.db.read() as session:
        balance = balance_of(session, portfolio.debtor_id, now=now)
        accounts = account_of(session, portfolio.debtor_id, first=None, now=now)
    known = {0} | {abs(money.minor) for money in (*balance.totals.values(), *balance.overpaid.values())}
    for account in accounts:
        running = 0
        known |= {account.owed.minor, account.overpaid.minor, account.start.minor, abs(account.paid.minor)}
        if account.line:
            line = account.line
            known |= {m.minor for m in (line.principal, line.interest, line.fees, line.costs)}
        for move in account.movements:
            running += move.owed.minor - move.surplus.minor
            known |= {abs(running), abs(move.owed.minor - move.surplus.minor), move.surplus.minor}
    known |= {sum(a.start.minor for a in accounts), abs(sum(a.paid.minor for a in accounts)),
              sum(a.overpaid.minor for a in accounts), sum(a.owed.minor for a in accounts)}
    assert {abs(minor) for minor in amounts(shown.everything)} <= known
    if balance.totals:
        assert shown.tables[0].rows[-1].cells[-1] == f"£{balance.totals['GBP'].decimal:,}"
    for account in accounts:
        if account.movements and shown.file.name.startswith("statement"):
            table = next(t for t, head in _after_headings(shown.paper) if head == f"{account.creditor}, {account.ref}")
            assert table.rows[-1].cells[-1] == f"£{account.owed.decimal:,}"
    portfolio.db.close()


def _after_headings(paper: Paper) -> list[tuple[Table, str]]:
    found, head = [], ""
    for block in paper.blocks:
        if isinstance(block, Table):
            found.append((block, head))
        elif not isinstance(block, Words):
            head = block.text
    return found


def test_a_period_begins_with_what_was_owed_then(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    debt = portfolio.debt("A", 10_000)
    with portfolio.db.write() as session:
        session.execute(update(Debt).values(opened_on=date(2025, 6, 1)))
    portfolio.pay("early", {debt: 1_000}, date(2026, 3, 3))
    portfolio.pay("late", {debt: 500}, date(2026, 3, 20))
    shown = Shown(portfolio, monkeypatch, first=date(2026, 3, 10))
    assert shown.tables[0].rows[0].cells == ("Northern Gas\nA", "£90.00", "£0.00", "£5.00", "£85.00")
    assert [row.cells[-1] for row in shown.tables[1].rows] == ["£90.00", "£85.00", "£85.00"]


def test_a_disputed_part_is_said_as_disputed_and_nothing_else_is_asked(
    portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = portfolio.debt("A", 10_000)
    with portfolio.db.write() as session:
        hold = place_hold(session, key="h", debtor_id=portfolio.debtor_id, debt_id=one, reason=HoldReason.DISPUTE,
                          now=portfolio.now, until=None, actor="t", cause="t")
    shown = Shown(portfolio, monkeypatch)
    assert "£100.00 of it is in dispute" in shown.marked[0]
    assert any("£100.00 is in dispute. We don't ask you to pay it" in text for text in shown.marked[1:])
    assert "How to pay" not in shown.words
    assert "StepChange" in shown.everything
    portfolio.debt("B", 2_000)
    shown = Shown(portfolio, monkeypatch)
    assert "You owe £120.00 today. £100.00 of it is in dispute" in shown.marked[0]
    assert "How to pay" in shown.words
    with portfolio.db.write() as session:
        lift_hold(session, hold_id=hold.id, now=portfolio.now, actor="t")
    assert "dispute" not in Shown(portfolio, monkeypatch).words


def test_what_is_too_old_is_not_asked_for(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    portfolio.debt("A", 10_000)
    with portfolio.db.write() as session:
        session.execute(update(Debt).values(time_barred=True))
    shown = Shown(portfolio, monkeypatch)
    assert "too old for us to ask for" in shown.words
    assert "How to pay" not in shown.words


def test_a_plan_stands_with_its_schedule(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    debt = portfolio.debt("A", 10_000)
    with portfolio.db.write() as session:
        policy = policy_for(session.get_one(Creditor, portfolio.gas))
        answer = counter(policy, Money(10_000, "GBP"), amount=Money(4_000, "GBP"), frequency=None, first_on=None,
                         today=portfolio.now.date())
        assert isinstance(answer, Allowed)
        agree_plan(session, key="p", debtor_id=portfolio.debtor_id, debt_ids=[debt], offer=answer.offer, actor="t",
                   now=portfolio.now)
    portfolio.pay("x", {debt: 4_000})
    shown = Shown(portfolio, monkeypatch)
    table = next(t for t, head in _after_headings(shown.paper) if head == "Your plan with Northern Gas")
    assert [row.cells[2:] for row in table.rows] == [
        ("£40.00", "£40.00", "Paid"), ("£40.00", "£0.00", "To come"), ("£20.00", "£0.00", "To come"),
        ("£100.00", "£40.00", "")]


def test_nothing_owed_is_a_letter(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    debt, back = portfolio.debt("A", 10_000), portfolio.debt("B", 500)
    portfolio.pay("x", {debt: 10_700})
    assert Shown(portfolio, monkeypatch).file.name == "statement-2026-03-03.html"
    with portfolio.db.write() as session:
        recall_debt(session, key="b", debt_id=back, effective_on=portfolio.now.date(), now=portfolio.now, actor="t")
    shown = Shown(portfolio, monkeypatch)
    assert shown.file.name == "letter-2026-03-03.html"
    assert "you owe nothing on it" in shown.marked[0]
    assert [row.cells for row in shown.tables[0].rows] == [("Northern Gas", "A", "3 March 2026", "£0.00")]
    assert "£7.00 too much" in shown.words


def test_no_letter_on_books_that_may_have_moved(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    debt = portfolio.debt("A", 100)
    portfolio.pay("x", {debt: 100})
    from ledger.policy.master import MasterRules

    monkeypatch.setattr(MasterRules, "stale", lambda *_: True)
    with portfolio.db.read() as session, pytest.raises(BalanceStale):
        statement_file(session, portfolio.debtor_id, now=portfolio.now)
    portfolio.debt("B", 100)
    assert any("as of 3 March 2026; it may have changed since" in text for text in Shown(portfolio, monkeypatch).marked)


def test_in_america_it_is_written_as_there_and_says_who_writes(
    portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch
) -> None:
    portfolio.debt("A", 124_420, currency="USD")
    with portfolio.db.write() as session:
        session.execute(update(Debtor).values(country="US", timezone="America/Chicago"))
        session.execute(update(Creditor).values(policy="us-standard"))
    shown = Shown(portfolio, monkeypatch)
    assert "You owe $1,244.20 today." in shown.words
    assert "from a debt collector" in shown.words
    assert "Ombudsman" not in shown.words
    assert (shown.paper.language, shown.paper.letter_size) == ("en-US", "Letter")
    assert ("Made on", "March 3, 2026") in shown.paper.facts


@pytest.mark.parametrize("language", [None, "en", "es", "../x", "xx"])
def test_words_dates_and_amounts_are_of_one_language(portfolio: Portfolio, language: str | None) -> None:
    portfolio.debt("A", 123_450)
    page = as_file(portfolio, "html", language=language).decode()
    assert "£1,234.50" in page
    assert "3 March 2026" in page


def test_the_pdf_is_real_text_with_title_and_language(portfolio: Portfolio) -> None:
    with portfolio.db.write() as session:
        session.execute(update(Debtor).values(first_name="Zoë", last_name="Ñandú-Šimůnek"))
        session.get_one(Creditor, portfolio.gas).name = "Énergie €"
    for number in range(25):
        portfolio.debt(f"A{number}", 10_000 + number, interest=5)
    pdf = as_file(portfolio, "pdf")
    assert pdf == as_file(portfolio, "pdf"), "the same at the same instant"
    for wanted in (rb"/Lang \(en-GB\)", rb"/DisplayDocTitle true", rb"/ToUnicode", rb"/Outlines", rb"OpenSans"):
        assert re.search(wanted, pdf), wanted
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 3
    assert len(pdf) < 400_000


def test_html_stands_alone_and_escapes(portfolio: Portfolio) -> None:
    with portfolio.db.write() as session:
        session.get_one(Creditor, portfolio.gas).name = "<img src=x onerror=alert(1)>"
    portfolio.debt("A", 10_000)
    page = as_file(portfolio, "html").decode()
    assert "<img src=x" not in page
    assert 'lang="en-GB"' in page
    assert "<title>Your statement</title>" in page
    assert 'alt="Harbour &amp; Vale"' in page
    assert set(re.findall(r'(?:src|href)="([^"]{5})', page)) == {"data:"}


def test_nothing_neutral_is_given_away_by_name_or_title(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    portfolio.debt("A", 10_000)
    shown = Shown(portfolio, monkeypatch)
    assert not re.search("debt|collect|owe", f"{shown.file.name} {shown.paper.title}".lower())


def test_every_paper_text_is_used_and_renders() -> None:
    source = Path(statement.__file__).read_text("utf-8")
    names = {name.removeprefix("paper_") for name in yaml.safe_load((FOLDER / "en.yml").read_text("utf-8"))["texts"]
             if name.startswith("paper_")}
    said = set(re.findall(r"['\"]([a-z_]+)['\"]", source))
    said |= {f"move_{name}" for name in (*statement._NAMED.values(), "other")}
    assert names <= said, sorted(names - said)
    used = set(re.findall(r'desk\.say\(\s*"([a-z_]+)"', source)) | {f"move_{n}" for n in statement._NAMED.values()}
    assert used <= names, sorted(used - names)
    assert "paper_in_short" in texts("en", "en-GB").names


def test_a_logo_that_is_none_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = (ROOT / "operator.yml").read_text("utf-8")
    path = tmp_path / "operator.yml"
    path.write_text(words, "utf-8")
    monkeypatch.setattr(operator_room, "settings", lambda: type("Settings", (), {"operator_file": path})())
    with pytest.raises(OperatorError, match=r"logo: demo/logo.png cannot be read"):
        operator_room.operator.__wrapped__()
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "logo.png").write_text("<svg/>")
    with pytest.raises(OperatorError, match="neither a PNG nor a JPEG"):
        operator_room.operator.__wrapped__()
    path.write_text(words.replace("logo: demo/logo.png\n", ""), "utf-8")
    assert operator_room.operator.__wrapped__().logo_file is None


def test_without_a_logo_the_name_stands_there(portfolio: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = operator_room.operator().model_copy(update={"logo": None})
    monkeypatch.setattr(statement, "operator", lambda: plain)
    portfolio.debt("A", 10_000)
    assert "<strong>Harbour &amp; Vale</strong>" in as_file(portfolio, "html").decode()
    assert as_file(portfolio, "pdf").startswith(b"%PDF-")


def test_everybody_of_the_demo_gets_one(make_sqlite: Callable[[], Database], now: datetime) -> None:
    from cli.demo import load

    db = make_sqlite()
    load(db, today=now.date())
    with db.read() as session:
        people = session.scalars(select(Debtor.id)).all()
        made = [statement_file(session, one, now=now, form="html").content for one in people]
    assert len(made) == len(people)
    assert all(b"<h1>" in page for page in made)
    db.close()
