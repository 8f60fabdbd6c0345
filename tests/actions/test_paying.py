"""How much is to be paid, and on what."""

import pytest

from compliance import placing
from ledger.holds import HoldReason, place_hold
from ledger.kinds import PlanStatus
from ledger.models import Debt
from ledger.plans import plans_of
from ledger.promises import promises_of
from runtime.ids import ConversationId, DebtId
from tests.actions.talking import Talk


def rows(talk: Talk) -> dict[str, int]:
    """Part by name on the card of the last answer, in pence."""
    return {row["label"]["values"]["text"]: row["value"]["values"]["amount"]["minor"]
            for row in talk.last[-1]["card"]["rows"]}


@pytest.fixture(autouse=True)
def cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cards are taken."""
    monkeypatch.setattr("actions.pay.card_mode", lambda: "standin")
    monkeypatch.setattr("payments.links.check_amount", lambda amount: None)


@pytest.mark.parametrize(("text", "wanted"), [
    ("pay it all off", {"Northern Gas": 31200, "Parcel & Co T-1-1": 12870, "Parcel & Co T-1-2": 4550}),
    ("pay the parcel one in full", {"Parcel & Co T-1-1": 12870, "Parcel & Co T-1-2": 4550}),
    ("pay half of the gas now", {"Northern Gas": 15600}),
    ("20 off the kettle", {"Parcel & Co": 2000}),
    ("130 to parcel please", {"Parcel & Co T-1-1": 12870, "Parcel & Co T-1-2": 130}),
])
def test_amount_and_debts_are_read_from_one_message(talk: Talk, text: str, wanted: dict[str, int]) -> None:
    assert talk.type("action_pay", text) == ["pay_link"]
    assert rows(talk) == wanted


def test_a_part_of_several_is_asked_and_split_as_the_debtor_says(talk: Talk) -> None:
    assert talk.type("action_pay", "can i pay 50 now") == ["pay_which_part"]
    assert talk.asked == "pay_debt"
    assert talk.type("action_pay_debt", "both of them") == ["pay_link"]
    assert sum(rows(talk).values()) == 5000
    assert talk.asked is None


def test_an_amount_above_what_is_owed_is_said_to_be(talk: Talk) -> None:
    assert talk.type("action_pay", "pay 900 today") == ["pay_too_much"]
    assert talk.values["total"] == {"minor": 48620, "currency": "GBP"}


def test_a_wish_to_pay_with_a_rhythm_is_a_plan_and_with_a_later_day_a_promise(talk: Talk) -> None:
    assert talk.type("action_pay", "pay 30 a month on the gas") == ["plan_confirm"]
    assert talk.type("action_cancel", "forget it") == ["cancelled"]
    assert talk.type("action_pay", "pay 30 next friday") == ["promise_confirm"]


def test_a_disputed_debt_is_never_paid_and_never_hidden(talk: Talk) -> None:
    with talk.database.write() as session:
        debt = session.query(Debt).filter_by(ref="T-1-0").one()
        place_hold(session, key="h", debtor_id=talk.debtor_id, debt_id=DebtId(debt.id), reason=HoldReason.DISPUTE,
                   now=talk.now, until=None, actor="test", cause="test")
    assert talk.type("action_pay", "pay the gas") == ["pay_not_that"]
    assert talk.type("action_pay", "pay all of it") == ["pay_link"]
    assert talk.values["left_out"] == [{"minor": 31200, "currency": "GBP"}]
    assert "Northern Gas" not in rows(talk)


def test_on_a_debt_that_is_too_old_nothing_is_invited(talk: Talk) -> None:
    with talk.database.write() as session:
        for debt in session.query(Debt):
            debt.time_barred = True
    for action, text in (("action_pay", "pay 50 now"), ("action_plan", "30 a month"),
                         ("action_promise", "50 on friday"), ("action_settlement", "would you take 100")):
        assert talk.type(action, text) == ["too_old"]
    for action in ("action_balance", "action_debt_details", "action_next_payment", "action_plan_status", "action_help",
                   "action_missed_payment"):
        talk.type(action, "hello")
        assert not {"pay", "spread_it", "cannot_pay", "all_of_it"} & set(talk.titles), action


@pytest.mark.parametrize("reason", list(HoldReason))
def test_no_hold_is_talked_over(talk: Talk, reason: HoldReason) -> None:
    with talk.database.write() as session:
        place_hold(session, key="h", debtor_id=talk.debtor_id, debt_id=None, reason=reason, now=talk.now, until=None,
                   actor="test", cause="test")
    for action in ("action_balance", "action_debt_details", "action_next_payment", "action_plan_status", "action_help",
                   "action_greet", "action_missed_payment", "action_no"):
        talk.type(action, "hello")
        assert not {"pay", "spread_it", "cannot_pay"} & set(talk.titles), action


def test_a_hold_by_a_colleague_ends_the_invitation_at_once(talk: Talk) -> None:
    assert talk.type("action_balance", "what do i owe") == ["balance"]
    with talk.database.write() as session:
        placing.already_paid(session, key="k", conversation_id=ConversationId(talk.conversation_id),
                             debtor_id=talk.debtor_id, now=talk.now, today=talk.now.date())
    assert talk.type("action_balance", "what do i owe") == ["balance_on_hold"]


def test_a_promise_is_made_on_what_was_named_and_only_with_a_yes(talk: Talk) -> None:
    assert talk.type("action_promise", "i'll pay 40 off the gas on friday") == ["promise_confirm"]
    with talk.database.read() as session:
        assert promises_of(session, talk.debtor_id) == []
    assert talk.type("action_promise_no", "no, 30 not 40") == ["promise_confirm"]
    assert talk.values["amount"] == {"minor": 3000, "currency": "GBP"}
    assert talk.type("action_promise_yes", "yes") == ["promise_made"]
    with talk.database.read() as session:
        (made,) = promises_of(session, talk.debtor_id)
        assert made.amount.minor == 3000
        assert [session.get_one(Debt, i).ref for i in made.debt_ids] == ["T-1-0"]


def test_what_was_paid_is_no_promise(talk: Talk) -> None:
    assert talk.type("action_promise", "i paid you 30 on tuesday") == ["already_paid"]


def test_a_plan_over_all_creditors(talk: Talk) -> None:
    assert talk.type("action_plan", "50 a month") == ["plan_which"]
    assert talk.press("together") == ["plan_confirm"]
    assert talk.press("yes_set_up") == ["plan_made"]
    with talk.database.read() as session:
        (plan,) = plans_of(session, talk.debtor_id, today=talk.now.date())
    assert (plan.status, plan.total.minor, plan.instalment.minor, plan.count) == (PlanStatus.ACTIVE, 48620, 5000, 10)
