"""Deeds on plans and settlements."""

from collections.abc import Sequence
from datetime import timedelta

from console.deeds.deed import WHY, Deed, Doing, Given
from console.words import heading
from ledger.kinds import PlanStatus
from ledger.models import DebtBalance, Plan
from ledger.money import Money
from ledger.offers import Offer, offer_of
from ledger.plans import cancel_plan, catch_up, change_plan, pause_plan, resume_plan
from ledger.plans.allowed import debtor_place, policy_of
from ledger.plans.versions import frequency_of
from ledger.policy.plans import FREQUENCIES, name_of
from ledger.settlements import offer_settlement
from runtime.errors import StaffError

_RHYTHMS = [(name, heading(name)) for name in FREQUENCIES]


def _seen(plan: Plan) -> Given:
    """The version the form was made with: what changed meanwhile is shown first."""
    return Given("seen", "", "number", str(plan.version))


def _active(doing: Doing) -> Plan:
    plan = doing.plan()
    if plan.status is not PlanStatus.ACTIVE:
        raise StaffError(f"This plan is {plan.status.value}.")
    return plan


def _change_form(doing: Doing) -> Sequence[Given]:
    plan = _active(doing)
    due = next((i.due_on for i in plan.instalments if i.paid < i.amount and i.due_on >= doing.today), doing.today)
    amount = str(Money(plan.instalment, plan.currency).decimal)
    return [_seen(plan), Given("amount", f"Instalment ({plan.currency})", "amount", amount),
            Given("rhythm", "How often", "choice", name_of(frequency_of(plan)) or "monthly", choices=_RHYTHMS),
            Given("first_on", "First one on", "date", due.isoformat()), WHY]


def _change(doing: Doing) -> None:
    plan, name = doing.plan(), doing.choice("rhythm", _RHYTHMS)
    frequency = frequency_of(plan) if name_of(frequency_of(plan)) == name else FREQUENCIES[name]  # type: ignore[index]
    first_on = doing.day("first_on")
    if first_on is None or not doing.today <= first_on <= doing.today + timedelta(days=366):
        raise StaffError("The first instalment has to be within a year from today.")
    change_plan(doing.session, key=doing.key, plan_id=plan.id, expected=doing.number("seen", 10**9),
                offer=_rest(doing, plan, frequency, first_on), actor=doing.actor, now=doing.now, by_staff=True,
                why=doing.why(), authority=doing.authority)


def _rest(doing: Doing, plan: Plan, frequency: object, first_on: object) -> Offer:
    debt_ids = [share.debt_id for share in plan.debts]
    owed = sum(doing.session.get_one(DebtBalance, debt_id).owed for debt_id in debt_ids)
    if not owed:
        raise StaffError("Nothing is owed on the debts of this plan.")
    policy = policy_of(doing.session, debt_ids).for_the_rest()
    return offer_of(policy, Money(owed, plan.currency), doing.amount("amount", plan.currency), frequency,  # type: ignore[arg-type]
                    first_on, debtor_place(doing.session, doing.debtor.id))  # type: ignore[arg-type]


def _pause_form(doing: Doing) -> Sequence[Given]:
    until = doing.today + timedelta(days=30)
    return [_seen(_active(doing)), Given("until", "Nothing falls due until", "date", until.isoformat()), WHY]


def _pause(doing: Doing) -> None:
    until = doing.day("until")
    if until is None or until > doing.today + timedelta(days=366):
        raise StaffError("A pause has to end within a year.")
    pause_plan(doing.session, key=doing.key, plan_id=doing.plan().id, expected=doing.number("seen", 10**9), until=until,
               actor=doing.actor, now=doing.now, today=doing.today, by_staff=True, why=doing.why())


def _plain_form(doing: Doing) -> Sequence[Given]:
    return [_seen(_active(doing)), WHY]


def _resume(doing: Doing) -> None:
    resume_plan(doing.session, key=doing.key, plan_id=doing.plan().id, expected=doing.number("seen", 10**9),
                actor=doing.actor, now=doing.now, today=doing.today, by_staff=True, why=doing.why())


def _catch_up(doing: Doing) -> None:
    catch_up(doing.session, key=doing.key, plan_id=doing.plan().id, expected=doing.number("seen", 10**9),
             actor=doing.actor, now=doing.now, today=doing.today, by_staff=True, why=doing.why())


def _cancel(doing: Doing) -> None:
    doing.why()
    cancel_plan(doing.session, key=doing.key, plan_id=doing.plan().id, expected=doing.number("seen", 10**9),
                actor=doing.actor, now=doing.now)


def _settle_form(doing: Doing) -> Sequence[Given]:
    debt = doing.debt()
    owed = Money(doing.session.get_one(DebtBalance, debt.id).owed, debt.currency)
    return [Given("amount", f"Amount that closes it ({debt.currency})", "amount", hint=f"{owed.decimal} is owed."),
            Given("payments", "In how many payments", "number", "1"),
            Given("accept_by", "To be accepted by", "date", required=False, hint="Empty: as the policy says."),
            Given("pay_by", "Last payment by", "date", required=False, hint="Empty: as the policy says.")]


def _settle(doing: Doing) -> None:
    debt = doing.debt()
    offer_settlement(doing.session, key=doing.key, debt_id=debt.id, amount=doing.amount("amount", debt.currency),
                     actor=doing.actor, now=doing.now, today=doing.today, payments=doing.number("payments", 60),
                     authority=doing.authority, accept_by=doing.day("accept_by"), pay_by=doing.day("pay_by"))


PLANS = (
    Deed("change-plan", "Change a plan", _change_form, _change,
         "New terms for what is not paid yet. Agree them with the debtor first."),
    Deed("pause-plan", "Pause a plan", _pause_form, _pause, "Nothing falls due meanwhile; the plan ends later."),
    Deed("resume-plan", "End a pause", _plain_form, _resume, "Instalments go back to the rhythm's next days."),
    Deed("catch-up", "Catch a plan up", _plain_form, _catch_up,
         "What was missed is added to the next instalments. Agree it with the debtor first."),
    Deed("cancel-plan", "Cancel a plan", _plain_form, _cancel, "The plan ends; what was paid stays paid."),
    Deed("settle", "Offer a settlement", _settle_form, _settle,
         "Less than all, to close the debt. Never press anybody to take it."),
)
