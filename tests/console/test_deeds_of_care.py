"""Holds, notices of a moratorium, a debt's age, extra support: shown first, done once, and only with the right."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from compliance.asking import balance_of
from compliance.evidence.models import Evidence
from compliance.hold_log import Deed, HoldAct
from compliance.operator import Consequence, operator
from console.models import StaffAct, What
from ledger.holds import HoldReason, active_holds
from ledger.kinds import Authority
from ledger.models import Debt, Debtor, Hold
from runtime.database import Database
from tests.console.conftest import Browser, Debtors, Hands
from tests.console.test_deeds import Account, hidden


@pytest.fixture
def account(db: Database, debtors: Debtors, hands: Hands) -> Account:
    made = Account(db, debtors.debtor(), hands)
    live(made, region="England", country="GB", timezone="Europe/London")
    return made


def live(account: Account, **where: str) -> None:
    with account.db.write() as session:
        session.execute(update(Debtor).where(Debtor.id == account.debtor.id).values(**where))


def holds(account: Account) -> list[tuple[str, date | None]]:
    with account.db.read() as session:
        return [(str(hold.reason), hold.until)
                for hold in active_holds(session, debtor_id=account.debtor.id, now=account.hands.now)]


def hold_acts(account: Account) -> list[HoldAct]:
    with account.db.read() as session:
        return list(session.scalars(select(HoldAct).order_by(HoldAct.id)))


# Holds -----------------------------------------------------------------------------------------------------------


def test_a_hold_is_placed_on_a_debt_or_on_everything(account: Account, ana: Browser) -> None:
    for target, why in ((account.debt.id, "says the meter was read wrongly"), (0, "letter of 3 March")):
        checked = account.check(ana, "place-hold", target, reason="dispute", why=why)
        assert "Hold: Dispute" in checked.text
        assert account.do(ana, "place-hold", target, checked).status_code == 303
        assert account.do(ana, "place-hold", target, checked).status_code == 303  # a double click
    assert holds(account) == [("dispute", None), ("dispute", None)]
    with account.db.read() as session:
        assert [hold.debt_id for hold in session.scalars(select(Hold).order_by(Hold.id))] == [account.debt.id, None]
    assert [(act.what, act.why) for act in hold_acts(account)] == [
        (Deed.PLACED, "says the meter was read wrongly"), (Deed.PLACED, "letter of 3 March")]
    assert "everything" in ana.get(account.path).text


def test_a_hold_is_no_shorter_than_the_law_has_it(account: Account, ana: Browser) -> None:
    tomorrow = (account.hands.now.date() + timedelta(days=1)).isoformat()
    early = account.check(ana, "place-hold", 0, reason="hardship", until=tomorrow, why="x")
    assert "A hold for hardship lasts until" in early.text
    open_ended = account.check(ana, "place-hold", 0, reason="dispute", until=tomorrow, why="x")
    assert "until it is lifted: leave the day empty" in open_ended.text
    assert "Breathing space" not in ana.get(f"{account.path}/place-hold/0").text  # that starts with a notice
    assert account.check(ana, "place-hold", 0, reason="breathing_space", why="x").status_code == 409
    assert account.check(ana, "place-hold", 0, reason="hardship", why=" ").status_code == 409
    checked = account.check(ana, "place-hold", 0, reason="advice", why="is with StepChange")
    account.do(ana, "place-hold", 0, checked)
    [(reason, until)] = holds(account)
    assert (reason, until is not None) == ("advice", True)


def test_a_hold_longer_than_the_policy_allows_is_a_managers(account: Account, ana: Browser, mia: Browser) -> None:
    far = (account.hands.now.date() + timedelta(days=300)).isoformat()
    checked = account.check(ana, "place-hold", 0, reason="hardship", until=far, why="long illness at home")
    assert "needs the approval of a manager" in checked.text
    assert account.do(ana, "place-hold", 0, checked).status_code == 409
    account.do(ana, "place-hold", 0, checked, "ask")
    assert holds(account) == []
    assert mia.post(account.approval(), step="yes").status_code == 303
    assert [reason for reason, _ in holds(account)] == ["hardship"]


# A moratorium ----------------------------------------------------------------------------------------------------


def test_a_notice_starts_a_moratorium_for_as_long_as_the_law_has_it(account: Account, ana: Browser) -> None:
    started = account.hands.now.date() - timedelta(days=3)
    checked = account.check(ana, "moratorium", 0, scheme="standard", notice="BS-2026-771",
                            started_on=started.isoformat())
    assert "Hold: Breathing space" in checked.text
    assert account.do(ana, "moratorium", 0, checked).status_code == 303
    assert account.do(ana, "moratorium", 0, checked).status_code == 303
    assert holds(account) == [("breathing_space", started + timedelta(days=60))]
    with account.db.read() as session:
        assert session.scalars(select(Hold)).one().cause == "notice BS-2026-771"
    again = ana.get(f"{account.path}/moratorium/0")
    assert (again.status_code, "in force already" in again.text) == (409, True)
    other = hidden(checked.text) | {"once": "another", "notice": "BS-2"}
    assert ana.post(f"{account.path}/moratorium/0", step="do", **other).status_code == 409
    assert len(holds(account)) == 1
    assert "Notice of its end" in ana.get(account.path).text


@pytest.mark.parametrize(("values", "words"), [
    ({"notice": " "}, "reference of the notice is missing"), ({"started_on": ""}, "missing, or still to come"),
    ({"started_on": "2099-01-01"}, "missing, or still to come"), ({"scheme": "other"}, "Choose one"),
    ({"started_on": "2020-01-01"}, "over already"),
])
def test_what_the_form_of_a_moratorium_refuses(account: Account, ana: Browser, values: dict[str, str],
                                               words: str) -> None:
    sent = {"scheme": "standard", "notice": "N", "started_on": account.hands.now.date().isoformat()} | values
    refused = account.check(ana, "moratorium", 0, **sent)
    assert (refused.status_code, words in refused.text) == (409, True)
    assert holds(account) == []


def test_where_there_is_no_scheme_there_is_no_form(account: Account, ana: Browser) -> None:
    live(account, country="US", region="Texas")
    page = ana.get(f"{account.path}/moratorium/0")
    assert (page.status_code, "There is no such scheme in Texas" in page.text) == (409, True)


def test_a_crisis_goes_on_after_the_notice_of_its_end(account: Account, ana: Browser, mia: Browser) -> None:
    today = account.hands.now.date()
    checked = account.check(ana, "moratorium", 0, scheme="crisis", notice="MH-1", started_on=today.isoformat())
    account.do(ana, "moratorium", 0, checked)
    assert holds(account) == [("breathing_space", None)]
    with account.db.read() as session:
        hold = session.scalars(select(Hold)).one().id
    early = account.check(ana, "end-moratorium", hold, notice="MH-1-END", ended_on="2020-01-01")
    assert "before its beginning" in early.text
    asked = account.check(ana, "end-moratorium", hold, notice="MH-1-END", ended_on=today.isoformat())
    assert "needs the approval of a manager" in asked.text
    done = account.check(mia, "end-moratorium", hold, notice="MH-1-END", ended_on=today.isoformat())
    assert account.do(mia, "end-moratorium", hold, done).status_code == 303
    assert holds(account) == [("breathing_space", today + timedelta(days=30))]
    other = account.check(mia, "place-hold", 0, reason="dispute", why="x")
    account.do(mia, "place-hold", 0, other)
    with account.db.read() as session:
        dispute = session.scalars(select(Hold.id).where(Hold.reason == HoldReason.DISPUTE)).one()
    assert mia.get(f"{account.path}/end-moratorium/{dispute}").status_code == 409


# A debt's age ------------------------------------------------------------------------------------------------------


def old(account: Account, **dates: date | bool | None) -> None:
    with account.db.write() as session:
        session.execute(update(Debt).where(Debt.id == account.debt.id).values(
            {"opened_on": date(2012, 1, 1), "due_on": None, "last_acknowledged_on": None, "time_barred": None} | dates))


def barred(account: Account) -> bool | None:
    with account.db.read() as session:
        return balance_of(session, account.debtor.id, now=account.hands.now).lines[0].time_barred


def test_any_staff_say_that_a_debt_is_too_old(account: Account, ana: Browser) -> None:
    old(account)
    assert barred(account) is None
    checked = account.check(ana, "age", account.debt.id, age="too_old", why="last paid in 2013, says the file")
    assert "Not known" in checked.text
    assert "Too old" in checked.text
    account.do(ana, "age", account.debt.id, checked)
    assert barred(account) is True
    (act,) = hold_acts(account)
    assert (act.what, act.authority, act.too_old, act.why) == (
        Deed.DECIDED_AGE, Authority.STAFF, True, "last paid in 2013, says the file")


def test_that_it_is_not_too_old_is_a_managers(account: Account, ana: Browser, mia: Browser) -> None:
    old(account)
    checked = account.check(ana, "age", account.debt.id, age="in_time", why="judgment of 2024")
    assert "needs the approval of a manager" in checked.text
    assert account.do(ana, "age", account.debt.id, checked).status_code == 409
    assert barred(account) is None
    account.do(ana, "age", account.debt.id, checked, "ask")
    assert "It is not too old" in mia.get(account.approval()).text
    assert mia.post(account.approval(), step="yes").status_code == 303
    assert barred(account) is False


@pytest.mark.parametrize(("since", "field"), [("due", "due_on"), ("acknowledged", "last_acknowledged_on")])
def test_a_date_that_is_put_right_goes_on_counting(account: Account, mia: Browser, since: str, field: str) -> None:
    old(account, time_barred=True)
    today = account.hands.now.date()
    on = today.replace(year=today.year - 6) + timedelta(days=40)
    checked = account.check(mia, "age", account.debt.id, age=since, on=on.isoformat(), why="bank statement")
    assert "Not too old" in checked.text
    account.do(mia, "age", account.debt.id, checked)
    with account.db.read() as session:
        assert getattr(session.get_one(Debt, account.debt.id), field) == on
    assert barred(account) is False
    account.hands.on(days=60)
    assert barred(account) is True  # it grows too old by itself
    (act,) = hold_acts(account)
    assert (act.too_old, act.why) == (None, f"{since} {on}: bank statement")


def test_a_date_that_makes_it_older_is_anybodys_and_one_that_makes_it_younger_a_managers(
    account: Account, ana: Browser, mia: Browser
) -> None:
    old(account)
    checked = account.check(ana, "age", account.debt.id, age="acknowledged", on="2013-05-01", why="file")
    assert account.do(ana, "age", account.debt.id, checked).status_code == 303
    assert barred(account) is True
    lately = (account.hands.now.date() - timedelta(days=100)).isoformat()
    checked = account.check(ana, "age", account.debt.id, age="acknowledged", on=lately, why="letter")
    assert "needs the approval of a manager" in checked.text
    account.do(ana, "age", account.debt.id, checked, "ask")
    assert barred(account) is True
    assert mia.post(account.approval(), step="yes").status_code == 303
    assert barred(account) is False


@pytest.mark.parametrize(("values", "words"), [
    ({"age": "due", "on": ""}, "Give the day"), ({"age": "too_old", "on": "2013-01-01"}, "belongs only to an age"),
    ({"age": "due", "on": "2099-01-01"}, "still to come"), ({"age": "due", "on": "2001-01-01"}, "The debt began on"),
    ({"age": "due", "on": "soon"}, "is no date"), ({"why": ""}, "Say why"), ({"age": "older"}, "Choose one"),
])
def test_what_the_form_of_an_age_refuses(account: Account, mia: Browser, values: dict[str, str], words: str) -> None:
    old(account)
    refused = account.check(mia, "age", account.debt.id, **({"age": "too_old", "on": "", "why": "file"} | values))
    assert (refused.status_code, words in refused.text) == (409, True)
    assert barred(account) is None
    with account.db.read() as session:
        assert session.scalars(select(StaffAct.what).order_by(StaffAct.id.desc())).first() is What.REFUSED


def test_where_the_law_leaves_it_open_the_date_alone_does_not_do(account: Account, mia: Browser) -> None:
    old(account)
    live(account, region="Isle of Nowhere")
    on = (account.hands.now.date() - timedelta(days=2000)).isoformat()  # five years in Scotland, six elsewhere
    refused = account.check(mia, "age", account.debt.id, age="due", on=on, why="file")
    assert "leaves its age open" in refused.text
    with account.db.read() as session:
        assert session.get_one(Debt, account.debt.id).due_on is None


# How far it has come -----------------------------------------------------------------------------------------------


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """An operator with a text for two stages of energy debts, and one for another kind."""
    office = operator().model_copy(update={"consequences": tuple(
        Consequence(kind=kind, stage=stage, text="x")
        for kind, stage in (("energy", "early"), ("energy", "judgment"), ("card", "late")))})
    monkeypatch.setattr("console.deeds.debts.operator", lambda: office)


@pytest.mark.usefixtures("stages")
def test_staff_say_how_far_a_debt_has_come(account: Account, ana: Browser) -> None:
    form = ana.get(f"{account.path}/stage/{account.debt.id}").text
    assert re.findall(r'<option value="(\w+)"', form) == ["default", "early", "judgment"]
    for stage, shown in (("judgment", "Judgment"), ("default", "Not said")):
        checked = account.check(ana, "stage", account.debt.id, stage=stage, why="court letter of 2 March")
        assert shown in checked.text
        assert account.do(ana, "stage", account.debt.id, checked).status_code == 303
        assert account.do(ana, "stage", account.debt.id, checked).status_code == 303
        with account.db.read() as session:
            assert session.get_one(Debt, account.debt.id).stage == (None if stage == "default" else stage)
    with account.db.read() as session:
        kept = session.scalars(select(Evidence).where(Evidence.kind == "debt.stage").order_by(Evidence.id)).all()
        assert [(row.facts["before"], row.facts["stage"]) for row in kept] == [(None, "judgment"), ("judgment", None)]
        assert all("court letter" not in str(row.facts) for row in kept)
    assert "stage: Not said → Judgment" in account.log()[0][1]
    refused = account.check(ana, "stage", account.debt.id, stage="late", why="x")
    assert (refused.status_code, "Choose one" in refused.text) == (409, True)
    assert account.check(ana, "stage", account.debt.id, stage="early", why="").status_code == 409


# Extra support -----------------------------------------------------------------------------------------------------


def test_extra_support_is_noted_with_their_yes_and_read_by_staff_alone(account: Account, ana: Browser) -> None:
    said = "by e-mail only, 4242 4242 4242 4242"
    checked = account.check(ana, "support", 0, way="note", note=said)
    assert "Extra support" in checked.text
    account.do(ana, "support", 0, checked)
    page = ana.get(account.path).text
    assert "by e-mail only, [card]" in page
    assert "Needs extra support" in page
    with account.db.read() as session:
        debtor = session.get_one(Debtor, account.debtor.id)
        assert (debtor.vulnerable, debtor.vulnerability_note) == (True, "by e-mail only, [card]")
        evidence = session.scalars(select(Evidence).where(Evidence.kind == "consent.support_noted")).one()
        assert evidence.actor.startswith("staff:")
    assert "by e-mail only" not in " ".join(detail for _, detail in account.log())  # the note is not in the log
    again = ana.get(f"{account.path}/support/0").text
    assert "by e-mail only, [card]" in again
    checked = account.check(ana, "support", 0, way="forget", note="")
    account.do(ana, "support", 0, checked)
    with account.db.read() as session:
        debtor = session.get_one(Debtor, account.debtor.id)
        assert (debtor.vulnerable, debtor.vulnerability_note) == (False, None)
        assert session.scalars(select(Evidence.kind).where(Evidence.kind.startswith("consent."))
                               .order_by(Evidence.id)).all() == ["consent.support_noted", "consent.support_ended"]
    assert "None is noted." in ana.get(account.path).text


def test_a_note_of_support_has_an_end(account: Account, ana: Browser) -> None:
    assert "180 at most" in account.check(ana, "support", 0, way="note", note="a" * 181).text
    assert "Choose one" in account.check(ana, "support", 0, way="other", note="a").text


@pytest.mark.parametrize("deed", ["place-hold", "age"])
def test_somebody_elses_debt_is_not_reached(account: Account, debtors: Debtors, ana: Browser, deed: str) -> None:
    stranger = Account(account.db, debtors.debtor("NG-9"), account.hands)
    assert ana.get(f"{account.path}/{deed}/{stranger.debt.id}").status_code == 409
    sent = {"reason": "dispute", "until": "", "why": "x", "age": "too_old", "on": ""}
    assert ana.post(f"{account.path}/{deed}/{stranger.debt.id}", step="do", once="k", **sent).status_code == 409
    assert (holds(stranger), hold_acts(account)) == ([], [])
