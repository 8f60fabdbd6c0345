"""What was said about a plan adds up over messages, and a new word takes the place of an old one."""

import pytest

from ledger.affordability import Form, IncomeLine
from ledger.budgets import record_form
from ledger.kinds import Income
from ledger.plans import plans_of
from tests.actions.talking import Talk


def shown(talk: Talk) -> tuple[int, int, str, str]:
    """Instalment in pence, every, unit and first day of the plan last shown."""
    values = talk.values
    return values["instalment"]["minor"], values["every"], values["unit"], values["first_on"]["date"]


@pytest.fixture
def gas(talk: Talk) -> Talk:
    """The talk has come to £30 a month on the gas, from 1 April."""
    assert talk.type("action_plan", "can i do 30 a month on the gas from the 1st") == ["plan_confirm"]
    assert shown(talk) == (3000, 1, "month", "2026-04-01")
    return talk


@pytest.mark.parametrize(("text", "wanted"), [
    ("no, 40 not 30", (4000, 1, "month", "2026-04-01")),
    ("make it 26", (2600, 1, "month", "2026-04-01")),
    ("from the 15th", (3000, 1, "month", "2026-03-15")),
    ("15 a fortnight", (1500, 2, "week", "2026-04-01")),
    ("40 from the 20th", (4000, 1, "month", "2026-03-20")),
])
def test_a_correction_changes_what_it_names(gas: Talk, text: str, wanted: tuple[int, int, str, str]) -> None:
    assert gas.type("action_plan_answer", text) == ["plan_confirm"]
    assert shown(gas) == wanted


def test_another_rhythm_without_an_amount_lets_the_amount_go(gas: Talk) -> None:
    assert gas.type("action_plan_answer", "weekly instead") == ["plan_offers"]
    assert {(o["every"], o["unit"]) for o in gas.values["offers"]} == {(1, "week")}


def test_a_no_with_a_figure_is_a_figure(gas: Talk) -> None:
    assert gas.type("action_plan_no", "no, 40 not 30") == ["plan_confirm"]
    assert shown(gas)[0] == 4000


def test_a_typed_yes_binds_nothing(gas: Talk) -> None:
    assert gas.type("action_press_the_button", "yes") == ["press_the_button"]
    assert "yes_set_up" in gas.titles


def test_below_the_floor_once_the_nearest_then_a_colleague(talk: Talk) -> None:
    assert talk.type("action_plan", "12 a month on the gas") == ["plan_below"]
    assert shown(talk)[0] == 2500
    assert talk.type("action_plan_answer", "on the 10th") == ["plan_confirm"]
    assert shown(talk) == (2500, 1, "month", "2026-03-10")
    assert talk.type("action_plan", "12 a month on the gas") == ["plan_below"]
    assert talk.type("action_plan_answer", "no 12 a month is all i have") == ["plan_to_colleague"]
    assert talk.asked is None


def test_a_yes_to_the_nearest_means_it(talk: Talk) -> None:
    talk.type("action_plan", "12 a month on the gas")
    assert talk.type("action_plan_yes", "go on then") == ["plan_confirm"]
    assert shown(talk)[0] == 2500


def test_a_yes_to_three_offers_asks_which(talk: Talk) -> None:
    assert talk.type("action_plan", "spread the gas one") == ["plan_offers"]
    assert talk.type("action_plan_yes", "yes") == ["plan_still_open"]
    assert talk.titles.count("offer") == 3


def test_a_question_in_between_comes_back_to_the_plan_without_its_schedule(gas: Talk) -> None:
    assert gas.type("action_balance", "what do i owe") == ["balance", "plan_confirm_again"]
    assert gas.last[0]["values"]["invite"] is False
    assert gas.last[1]["card"] is None


def test_which_creditor_by_name_place_or_all_together(talk: Talk) -> None:
    for answer, total in (("parcel", 17420), ("the first one", 31200), ("both together", 48620)):
        assert talk.type("action_plan", "50 a month") == ["plan_which"]
        assert talk.type("action_plan_answer", answer) == ["plan_confirm"], answer
        assert talk.values["total"]["minor"] == total
        talk.type("action_cancel", "forget it")


def test_words_nobody_understood_answer_the_open_question_when_they_can(gas: Talk) -> None:
    assert gas.type("action_misunderstood", "hmmm 35 maybe, dunno") == ["plan_confirm"]
    assert shown(gas)[0] == 3500


def test_words_nobody_understood_twice_bring_a_person(talk: Talk) -> None:
    assert talk.type("action_misunderstood", "florp") == ["not_understood"]
    assert talk.type("action_misunderstood", "florp") == ["not_understood_twice"]


@pytest.mark.parametrize(("text", "wanted"), [
    ("maybe £10, every week?", "plan_which"), ("lob you £40 on saturday", "promise_confirm"),
    ("summat about a kettle", "debt_details"),
])
def test_words_nobody_understood_are_read_by_what_is_plain_in_them(talk: Talk, text: str, wanted: str) -> None:
    assert talk.type("action_misunderstood", text) == [wanted]


def test_more_than_they_said_they_can_spare_goes_to_a_colleague(gas: Talk) -> None:
    form = Form(currency="GBP", income=(IncomeLine(kind=Income.WAGES, minor=2_000),))
    with gas.database.write() as session:
        record_form(session, key="form", debtor_id=gas.debtor_id, form=form, actor="staff", now=gas.now,
                    today=gas.now.date())
    assert gas.press("yes_set_up") == ["plan_to_colleague"]
    with gas.database.read() as session:
        assert plans_of(session, gas.debtor_id, today=gas.now.date()) == []
