"""What the sections on approval, holds and settlement decide, alone and together."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ledger.holds import HoldReason, authority_for, place_hold
from ledger.kinds import Authority
from ledger.policy.approval import ApprovalRules
from ledger.policy.holds import HoldRules
from ledger.policy.promises import PromiseRules
from ledger.policy.settlement import SettlementRules, SettlementTier
from runtime.database import Database
from tests.ledger.portfolio import Portfolio

RULES = ApprovalRules.model_validate({
    "plan_longer_than_months": {"staff": 36, "lead": 60}, "instalment_below": {"staff": "25.00", "lead": "5.00"},
    "write_off_above": {"lead": "100"}, "hold_longer_than_days": {"staff": 60},
})


@pytest.mark.parametrize(("months", "a_month", "needed"), [
    (36, "25.00", Authority.BOT), (37, "25.00", Authority.STAFF), (61, "25.00", Authority.LEAD),
    (36, "24.99", Authority.STAFF), (36, "4.99", Authority.LEAD), (37, "4.99", Authority.LEAD),
])
def test_who_approves_a_plan(months: int, a_month: str, needed: Authority) -> None:
    assert RULES.for_plan(months, Decimal(a_month)) is needed


def test_a_limit_that_is_left_out_is_none() -> None:
    assert RULES.write_off_above.above(Decimal(100)) is Authority.BOT
    assert RULES.write_off_above.above(Decimal("100.01")) is Authority.LEAD
    assert RULES.hold_longer_than_days.above(10_000) is Authority.STAFF
    assert ApprovalRules().settlement_below_percent.below(Decimal(1)) is Authority.BOT


def test_several_policies_take_the_limit_that_is_reached_first() -> None:
    other = ApprovalRules.model_validate({
        "plan_longer_than_months": {"lead": 24}, "instalment_below": {"staff": "30.00", "lead": "2.00"}})
    both = ApprovalRules.strictest([RULES, other])
    assert (both.plan_longer_than_months.staff, both.plan_longer_than_months.lead) == (24, 24)
    assert (both.instalment_below.staff, both.instalment_below.lead) == (30, 5)
    assert both.write_off_above == RULES.write_off_above
    assert ApprovalRules.strictest([other, RULES]) == both


def test_authority_covers_what_is_below_it() -> None:
    assert [Authority.STAFF.covers(needed) for needed in Authority] == [True, True, False]


def test_the_best_tier_for_the_debtor_comes_first() -> None:
    rules = SettlementRules(tiers=(
        SettlementTier(pay_percent=Decimal(80)), SettlementTier(pay_percent=Decimal(70), payments=1),
        SettlementTier(pay_percent=Decimal(70), payments=3), SettlementTier(pay_percent=Decimal(50),
                                                                         authority=Authority.LEAD),
        SettlementTier(pay_percent=Decimal(60), balance_below=Decimal(100)),
    ))
    assert [(t.pay_percent, t.payments) for t in rules.fitting(Decimal(100), 0, Authority.STAFF)] == [
        (70, 3), (70, 1), (80, 1)]
    assert next(rules.fitting(Decimal("99.99"), 0, Authority.BOT)).pay_percent == 60
    assert next(rules.fitting(Decimal(100), 0, Authority.LEAD)).pay_percent == 50


@pytest.mark.parametrize(("length", "before", "needed"), [
    (30, 0, Authority.BOT), (60, 2, Authority.BOT), (61, 0, Authority.STAFF), (None, 2, Authority.BOT),
    (30, 3, Authority.STAFF), (None, 3, Authority.STAFF),
])
def test_which_hold_needs_a_colleague(length: int | None, before: int, needed: Authority) -> None:
    rules = HoldRules(days={HoldReason.HARDSHIP: 30}, longest_days={HoldReason.HARDSHIP: 60},
                      times_a_year={HoldReason.HARDSHIP: 3})
    assert rules.authority(HoldReason.HARDSHIP, length, before=before) is needed
    assert rules.authority(HoldReason.DISPUTE, length, before=before) is Authority.BOT


def test_holds_of_several_policies() -> None:
    one = HoldRules(days={HoldReason.HARDSHIP: 30}, longest_days={HoldReason.HARDSHIP: 40},
                    times_a_year={HoldReason.HARDSHIP: 3})
    two = HoldRules(days={HoldReason.HARDSHIP: 45, HoldReason.ADVICE: None}, times_a_year={HoldReason.HARDSHIP: 2})
    both = HoldRules.longest([one, two])
    assert (both.days[HoldReason.HARDSHIP], both.longest_days[HoldReason.HARDSHIP]) == (45, 45)
    assert both.times_a_year == {HoldReason.HARDSHIP: 2}
    assert both.days[HoldReason.ADVICE] is None
    assert PromiseRules.strictest([PromiseRules(), PromiseRules(working_days=True)]).working_days


def test_holds_of_the_last_year_are_counted(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)

    def needed(now: datetime, days: int = 30) -> Authority:
        with db.read() as session:
            return authority_for(session, debtor_id=portfolio.debtor_id, reason=HoldReason.HARDSHIP, now=now,
                                 until=now.date() + timedelta(days=days), today=now.date())

    now = portfolio.now
    assert (needed(now), needed(now, 61), needed(now, 181)) == (Authority.BOT, Authority.STAFF, Authority.LEAD)
    for number, ago in enumerate((400, 300, 200, 100)):
        with db.write() as session:
            place_hold(session, key=f"h{number}", debtor_id=portfolio.debtor_id, debt_id=debt if number % 2 else None,
                       reason=HoldReason.HARDSHIP, now=now - timedelta(days=ago), actor="test", cause="test",
                       until=(now - timedelta(days=ago - 30)).date())
        assert needed(now) is (Authority.STAFF if number == 3 else Authority.BOT)
    assert needed(now + timedelta(days=70)) is Authority.BOT  # the one of 300 days ago is past
