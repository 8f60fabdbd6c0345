"""The bounds of a policy: what is past them is refused, can be asked for, and is approved by whoever has the right."""

from datetime import date

import pytest
from sqlalchemy import func, select

from ledger.approvals import NotApprover, approvers, ask, decide, waiting
from ledger.corrections import adjust, write_off
from ledger.errors import KeyReused, NeedsApproval, NeedsAuthority
from ledger.kinds import ApprovalStatus, Authority, Bucket, CreditorAccount, WriteOffReason
from ledger.models import Approval, Plan, Txn
from ledger.money import Money
from ledger.offers import Offer, offers
from ledger.plans import agree_plan, change_plan
from ledger.policy import load_policy
from ledger.policy.plans import FREQUENCIES
from ledger.posting import reverse
from ledger.schedule import MONTHLY
from ledger.settlements import offer_settlement
from runtime.ids import DebtId
from tests.ledger.portfolio import Portfolio

BOT, STAFF, LEAD = Authority.BOT, Authority.STAFF, Authority.LEAD


def give_up(portfolio: Portfolio, debt: DebtId, authority: Authority, key: str = "w") -> Txn:
    with portfolio.db.write() as session:
        return write_off(session, key=key, debt_id=debt, reason=WriteOffReason.HARDSHIP, authority=authority,
                         effective_on=portfolio.now.date(), posted_at=portfolio.now, actor="staff:1")


def waive(portfolio: Portfolio, key: str, debt: DebtId, pence: int, authority: Authority,
          against: CreditorAccount = CreditorAccount.WRITE_OFF) -> Txn:
    with portfolio.db.write() as session:
        return adjust(session, key=key, debt_id=debt, bucket=Bucket.PRINCIPAL, amount=Money(-pence, "GBP"), reason="r",
                      effective_on=portfolio.now.date(), posted_at=portfolio.now, actor="staff:1", against=against,
                      authority=authority)


def asked(portfolio: Portfolio, error: NeedsApproval | NeedsAuthority) -> int:
    assert error.asked is not None
    with portfolio.db.write() as session:
        return ask(session, error.asked, actor="staff:1", now=portfolio.now, form={"why": "hardship"}).id


def say(portfolio: Portfolio, approval: int, *, yes: bool = True, authority: Authority = LEAD) -> Approval:
    with portfolio.db.write() as session:
        return decide(session, approval_id=approval, yes=yes, actor="staff:9", authority=authority, now=portfolio.now)


def count(portfolio: Portfolio, table: type[Txn] | type[Plan] | type[Approval]) -> int:
    with portfolio.db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_write_off_is_asked_for_and_approved(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 15_000)
    with pytest.raises(NeedsApproval, match="needs the approval of lead"):
        give_up(portfolio, debt, BOT)
    with pytest.raises(NeedsApproval) as refused:
        give_up(portfolio, debt, STAFF)
    assert (portfolio.balance(debt).owed, count(portfolio, Txn), count(portfolio, Approval)) == (15_000, 1, 0)
    approval = asked(portfolio, refused.value)
    assert asked(portfolio, refused.value) == approval
    with portfolio.db.read() as session:
        assert [(row.needed, row.asked_by, row.form) for row in waiting(session, debtor_id=portfolio.debtor_id)] == [
            (LEAD, "staff:1", {"why": "hardship"})]
    with pytest.raises(NeedsApproval):  # asking is not having
        give_up(portfolio, debt, STAFF)
    with pytest.raises(NotApprover):
        say(portfolio, approval, authority=STAFF)
    assert say(portfolio, approval).status is ApprovalStatus.APPROVED
    assert say(portfolio, approval, yes=False).status is ApprovalStatus.APPROVED
    txn = give_up(portfolio, debt, STAFF)
    assert give_up(portfolio, debt, STAFF).id == txn.id
    assert portfolio.balance(debt).owed == 0
    with portfolio.db.read() as session:
        assert waiting(session) == []
        assert approvers(session, ["w", "open:A1"]) == {"w": "staff:9"}
        assert session.scalars(select(Approval.done_at)).one() == portfolio.now


def test_what_was_declined_stays_refused(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 15_000)
    with pytest.raises(NeedsApproval) as refused:
        give_up(portfolio, debt, STAFF)
    assert say(portfolio, asked(portfolio, refused.value), yes=False).status is ApprovalStatus.DECLINED
    with pytest.raises(NeedsApproval):
        give_up(portfolio, debt, STAFF)


def test_an_approval_is_for_so_much_and_for_just_that(portfolio: Portfolio) -> None:
    debt, other = portfolio.debt("A1", 15_000), portfolio.debt("A2", 15_000)
    with pytest.raises(NeedsApproval) as refused:
        give_up(portfolio, debt, STAFF)
    say(portfolio, asked(portfolio, refused.value))
    with pytest.raises(NeedsApproval):  # the key of another debt's approval
        give_up(portfolio, other, STAFF)
    with portfolio.db.write() as session:
        adjust(session, key="more", debt_id=debt, bucket=Bucket.FEES, amount=Money(1, "GBP"), reason="r",
               effective_on=portfolio.now.date(), posted_at=portfolio.now, actor="staff:1")
    with pytest.raises(NeedsApproval) as larger:
        give_up(portfolio, debt, STAFF)
    with pytest.raises(KeyReused):
        asked(portfolio, larger.value)
    portfolio.pay("p", {debt: 5_000})
    assert give_up(portfolio, debt, STAFF).idem_key == "w"  # less than was approved


def test_who_has_the_right_is_the_approver(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 15_000)
    give_up(portfolio, debt, LEAD)
    with portfolio.db.read() as session:
        row = session.scalars(select(Approval)).one()
    assert (row.status, row.decided_by, row.authority, row.needed) == (ApprovalStatus.APPROVED, "staff:1", LEAD, LEAD)


def test_small_parts_are_no_way_round(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 50_000)
    with pytest.raises(NeedsApproval, match="approval of staff"):
        waive(portfolio, "w0", debt, 1, BOT)
    first = waive(portfolio, "w1", debt, 6_000, STAFF)
    with pytest.raises(NeedsApproval, match="approval of lead"):
        waive(portfolio, "w2", debt, 4_001, STAFF)
    waive(portfolio, "w3", debt, 4_000, STAFF)
    waive(portfolio, "w4", debt, 9_000, BOT, CreditorAccount.PLACED)  # what was placed was wrong: nothing is given up
    with portfolio.db.write() as session:
        reverse(session, key="u", txn_id=first.id, effective_on=portfolio.now.date(), posted_at=portfolio.now,
                actor="staff:1", cause="mistake")
    waive(portfolio, "w5", debt, 6_000, STAFF)


@pytest.mark.parametrize(("pence", "needed"), [(2_490, BOT), (2_400, STAFF), (500, STAFF), (499, LEAD)])
def test_a_small_plan(portfolio: Portfolio, pence: int, needed: Authority) -> None:
    debt, low = portfolio.debt("A1", 29_880), {BOT: BOT, STAFF: BOT, LEAD: STAFF}[needed]

    def agree(authority: Authority) -> Plan:
        offer = Offer(Money(29_880, "GBP"), Money(pence, "GBP"), MONTHLY, date(2026, 4, 1))
        with portfolio.db.write() as session:
            return agree_plan(session, key="k", debtor_id=portfolio.debtor_id, debt_ids=[debt], offer=offer,
                              actor="staff:1", now=portfolio.now, by_staff=True, authority=authority)
    if needed is not BOT:
        with pytest.raises(NeedsApproval) as refused:
            agree(low)
        assert (refused.value.needed, count(portfolio, Plan)) == (needed, 0)
        say(portfolio, asked(portfolio, refused.value))
    assert agree(low).instalment == pence
    assert count(portfolio, Plan) == 1
    assert count(portfolio, Approval) == (needed is not BOT)


def test_a_long_plan_and_its_change(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 610_000)

    def terms(instalment: int) -> Offer:
        return Offer(Money(610_000, "GBP"), Money(instalment, "GBP"), MONTHLY, date(2026, 4, 1))
    with portfolio.db.write() as session:
        plan = agree_plan(session, key="k", debtor_id=portfolio.debtor_id, debt_ids=[debt], offer=terms(11_000),
                          actor="debtor", now=portfolio.now).id

    def change(instalment: int, authority: Authority | None = None) -> int:
        with portfolio.db.write() as session:
            return change_plan(session, key=f"c{instalment}", plan_id=plan, expected=1, offer=terms(instalment),
                               actor="staff:1", now=portfolio.now, by_staff=True, authority=authority).version
    with pytest.raises(NeedsApproval, match="plan change needs the approval of lead"):
        change(5_000)  # 122 months
    with pytest.raises(NeedsApproval, match="approval of staff"):
        change(10_000, BOT)  # 61 months
    assert change(10_000) == 2
    with portfolio.db.read() as session:
        assert approvers(session, ["c10000"]) == {"c10000": "staff:1"}


def test_a_settlement_below_the_bound(portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)

    def offer(authority: Authority) -> Authority:
        with portfolio.db.write() as session:
            return offer_settlement(session, key="s", debt_id=debt, amount=Money(4_000, "GBP"), actor="staff:1",
                                    now=portfolio.now, today=portfolio.now.date(), authority=authority).authority
    with pytest.raises(NeedsAuthority) as refused:
        offer(STAFF)
    say(portfolio, asked(portfolio, refused.value))
    assert offer(STAFF) is LEAD


@pytest.mark.parametrize("name", ["uk-standard", "us-standard"])
def test_the_assistant_offers_nothing_that_needs_approval(name: str) -> None:
    policy = load_policy(name)
    from ledger.plans.allowed import approver_of
    for rhythm in policy.plans.frequencies:
        for minor in (500, 2_600, 64_000, 150_001, 1_000_000):
            for offer in offers(policy, Money(minor, policy.currency), today=date(2026, 3, 3),
                                frequency=FREQUENCIES[rhythm]):
                assert approver_of(offer, policy) is BOT, offer
