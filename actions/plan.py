"""Setting up a payment plan: three offers or the debtor's own, the whole schedule, and only then a plan.

An offer below what the creditor allows is answered once with the nearest that is allowed; after that a person
decides, and collecting rests meanwhile (rule 24; CONC 7.3).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from actions.balance import nothing, totals
from actions.choosing import meant
from actions.context import ACTOR, Context
from actions.offered import CANNOT, OWE, PERSON, PLAN
from actions.registry import action, repeats
from compliance import placing
from conversations.say import Choice, Say
from ledger.balances import DebtLine
from ledger.errors import AlreadyInPlan, PlanRefused
from ledger.kinds import PlanStatus
from ledger.models import Creditor
from ledger.money import Money, total
from ledger.offers import Allowed, Offer, OtherTerms, TooLow, counter, offers
from ledger.plans import agree_plan, plans_of
from ledger.policy import Policy, policy_for
from ledger.schedule import Frequency
from runtime.ids import CreditorId, DebtId


@action("action_plan", needs_identity=True)
def plan(ctx: Context) -> Sequence[Say]:
    """Propose a plan for one creditor's debts, by what the message says or by three offers."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    if not lines:
        return [nothing(ctx)]
    payable = [d for d in lines if d.payable]
    if not payable:
        return [Say("nothing_to_ask", {"totals": totals(ctx.balance.totals)}, (PERSON,))]
    free = [d for d in payable if d.debt_id not in _in_plan(ctx)]
    if not free:
        ctx.close()
        return [Say("plan_exists", {}, (PLAN, Choice("change_plan", "change_payment_plan"), PERSON))]
    debts = _of_one_creditor(ctx, free)
    if debts is None:
        return _ask_creditor(ctx, free)
    if ctx.choice.get("offer"):
        return _confirm(ctx, debts, Offer.from_json(ctx.choice["offer"]))
    if ctx.choice.get("colleague"):
        return _to_colleague(ctx, debts)
    return _propose(ctx, debts)


def _in_plan(ctx: Context) -> set[int]:
    plans = plans_of(ctx.session, ctx.verified, today=ctx.today)
    return {int(debt_id) for p in plans if p.status == PlanStatus.ACTIVE for debt_id, _ref in p.debts}


def _of_one_creditor(ctx: Context, free: list[DebtLine]) -> list[DebtLine] | None:
    creditors = {d.creditor_id for d in free}
    if len(creditors) == 1:
        return free
    chosen = ctx.choice.get("creditor") or (
        ctx.question_data.get("creditor") if ctx.question in ("plan_offer", "plan_confirm", "plan_when") else None)
    named = {d.creditor_id for d in meant(free, ctx.words)}
    if not ctx.choice.get("creditor") and len(named) == 1:
        chosen = int(named.pop())
    return [d for d in free if d.creditor_id == chosen] or None if chosen else None


def _ask_creditor(ctx: Context, free: list[DebtLine]) -> Sequence[Say]:
    ctx.ask("plan_creditor", turn=ctx.turn.id, terms=_merged_terms(ctx))
    grouped: dict[CreditorId, list[DebtLine]] = {}
    for debt in free:
        grouped.setdefault(debt.creditor_id, []).append(debt)
    return [Say("plan_which", {"count": len(grouped)}, [
        Choice("creditor_choice", "request_payment_plan", {"creditor": int(creditor)},
               {"creditor": debts[0].creditor, "balance": _owed(debts).json()}) for creditor, debts in grouped.items()
    ])]


def _owed(debts: Sequence[DebtLine]) -> Money:
    return total((d.balance for d in debts), debts[0].balance.currency)


def _merged_terms(ctx: Context) -> dict[str, Any]:
    """What was said so far about this plan, with this message's words on top."""
    said = dict(ctx.question_data.get("terms") or {})
    mine = ctx.turn.terms or {}
    if mine.get("amounts"):
        said.pop("instalment", None)
    return said | {name: mine[name] for name in ("amounts", "instalment", "dates", "frequency") if mine.get(name)}


def _policy(ctx: Context, debts: Sequence[DebtLine]) -> Policy:
    return policy_for(ctx.session.get_one(Creditor, debts[0].creditor_id))


def _propose(ctx: Context, debts: list[DebtLine]) -> Sequence[Say]:
    owed, said = _owed(debts), _merged_terms(ctx)
    named = said.get("instalment") or next(iter(said.get("amounts") or ()), None)
    amount = Money(int(named["minor"]), owed.currency) if named else None
    frequency = Frequency.from_json(said["frequency"]) if said.get("frequency") else None
    if amount is None or amount.is_zero:
        return _three(ctx, debts, frequency)
    if amount >= owed:
        ctx.close()
        return [Say("plan_is_all", {"total": owed.json()}, (Choice("all_of_it", "pay_now", {"amount": owed.minor},
                                                                    {"total": owed.json()}), PERSON))]
    answer = counter(_policy(ctx, debts), owed, amount=amount, frequency=frequency, first_on=_first(said, ctx.today),
                     today=ctx.today)
    if isinstance(answer, TooLow):
        if ctx.question_data.get("nearest"):
            return _to_colleague(ctx, debts)
        return _nearest(ctx, debts, amount, answer.nearest)
    return _show(ctx, debts, answer)


def _show(ctx: Context, debts: list[DebtLine], answer: Allowed | OtherTerms) -> Sequence[Say]:
    if isinstance(answer, Allowed):
        return _confirm(ctx, debts, answer.offer)
    return [Say("plan_other_terms", {"because": answer.because, **_values(answer.nearest)}),
            *_confirm(ctx, debts, answer.nearest)]


def _first(said: dict[str, Any], today: date) -> date | None:
    dates = [date.fromisoformat(d) for d in said.get("dates") or ()]
    return next((d for d in dates if d >= today), None)


def _values(offer: Offer) -> dict[str, Any]:
    return {"instalment": offer.instalment.json(), "every": offer.frequency.every, "unit": offer.frequency.unit,
            "first_on": {"date": offer.first_on.isoformat()}, "last_on": {"date": offer.last.on.isoformat()},
            "count": offer.count, "last": offer.last.amount.json(),
            "last_differs": offer.last.amount != offer.instalment, "total": offer.total.json()}


def _offer_choice(offer: Offer, creditor: CreditorId, title: str = "offer") -> Choice:
    return Choice(title, "request_payment_plan", {"creditor": int(creditor), "offer": offer.json()}, _values(offer))


def _three(ctx: Context, debts: list[DebtLine], frequency: Frequency | None) -> Sequence[Say]:
    owed, creditor = _owed(debts), debts[0].creditor_id
    found = offers(_policy(ctx, debts), owed, today=ctx.today, frequency=frequency)
    said = {k: v for k, v in _merged_terms(ctx).items() if k in ("frequency", "dates")}
    ctx.ask("plan_offer", creditor=int(creditor), terms=said)
    return [Say("plan_offers", {"total": owed.json(), "creditor": debts[0].creditor,
                                "offers": [_values(o) for o in found]},
                [*(_offer_choice(o, creditor) for o in found), Choice("less_than_that", "cannot_pay"), PERSON])]


def _nearest(ctx: Context, debts: list[DebtLine], asked: Money, nearest: Offer) -> Sequence[Say]:
    creditor = debts[0].creditor_id
    ctx.ask("plan_offer", creditor=int(creditor), asked=asked.minor, nearest=nearest.json())
    return [Say("plan_below", {"asked": asked.json(), **_values(nearest)}, (
        _offer_choice(nearest, creditor, "nearest_ok"),
        Choice("ask_colleague", "request_payment_plan", {"creditor": int(creditor), "colleague": True}), CANNOT,
    ))]


def _to_colleague(ctx: Context, debts: list[DebtLine]) -> Sequence[Say]:
    """A person decides; nobody chases meanwhile."""
    asked = ctx.question_data.get("asked")
    currency = debts[0].balance.currency
    amounts = ctx.amounts(currency)
    said = amounts[0] if amounts else Money(int(asked), currency) if asked else None
    placed = placing.offer_below_floor(
        ctx.session, key=ctx.key, conversation_id=ctx.conversation_id, debtor_id=ctx.verified,
        debt_ids=[d.debt_id for d in debts], asked=said, now=ctx.now, today=ctx.today)
    ctx.close()
    return [Say("plan_to_colleague", {"number": placed.number, "asked": said.json() if said else None,
                                      "until": {"date": placed.until.isoformat()} if placed.until else None},
                (OWE, PERSON))]


def _confirm(ctx: Context, debts: list[DebtLine], offer: Offer) -> Sequence[Say]:
    """The whole schedule, with a button. Nothing exists until it is pressed."""
    creditor = debts[0].creditor_id
    ctx.ask("plan_confirm", creditor=int(creditor), offer=offer.json())
    bound = {"creditor": int(creditor), "offer": offer.json(), "debts": [int(d.debt_id) for d in debts]}
    return [Say("plan_confirm", {"creditor": debts[0].creditor, **_values(offer)}, (
        Choice("yes_set_up", "confirm_plan", bound, binding=True),
        Choice("change_it", "request_payment_plan", {"creditor": int(creditor)}), PERSON,
    ), _schedule_card(offer))]


def _schedule_card(offer: Offer) -> dict[str, Any]:
    rows = [{"label": {"title": "instalment_on", "values": {"number": number, "on": due.on.isoformat()}},
             "value": {"title": "amount", "values": {"amount": due.amount.json()}}}
            for number, due in enumerate(offer.dues, start=1)]
    rows.append({"label": {"title": "in_all"}, "value": {"title": "amount", "values": {"amount": offer.total.json()}}})
    return {"kind": "plan", "title": "card_plan", "rows": rows}


@action("action_confirm_plan", needs_identity=True)
def confirm_plan(ctx: Context) -> Sequence[Say]:
    """The button was pressed: make the plan as it was shown, or show a new offer when things have changed."""
    bound = ctx.choice
    if not bound.get("debts"):
        return _changed(ctx)
    offer, wanted = Offer.from_json(bound["offer"]), [DebtId(int(d)) for d in bound["debts"]]
    creditor = ctx.session.get_one(Creditor, bound["creditor"])
    try:
        made = agree_plan(ctx.session, key=ctx.key, debtor_id=ctx.verified, debt_ids=wanted, offer=offer,
                          actor=ACTOR, now=ctx.now)
    except AlreadyInPlan:
        ctx.close()
        return [Say("plan_exists", {}, (PLAN, PERSON))]
    except PlanRefused:
        return _changed(ctx)
    ctx.close()
    pay_first = {"amount": offer.dues[0].amount.minor, "debt": int(wanted[0])}
    return [Say("plan_made", {"creditor": creditor.name, "number": f"P-{1000 + made.id}", **_values(offer)},
                (Choice("pay_first_now", "pay_now", pay_first), PLAN))]


def _changed(ctx: Context) -> Sequence[Say]:
    """Things are no longer as they were shown: say so, and offer anew for the same creditor."""
    ctx.close()
    creditor, planned = ctx.choice.get("creditor"), _in_plan(ctx)
    free = [d for d in ctx.balance.lines
            if d.payable and int(d.creditor_id) == creditor and int(d.debt_id) not in planned]
    if not free:
        return [Say("offer_changed", {}, (OWE, PERSON))]
    return [Say("offer_changed", {}), *_three(ctx, free, None)]


@action("action_press_the_button", needs_identity=True)
def press_the_button(ctx: Context) -> Sequence[Say]:
    """A typed yes to a schedule: binding needs the button, so that nothing is agreed by accident."""
    return [Say("press_the_button", {}), *repeat_confirm(ctx)]


@repeats("plan_confirm")
def repeat_confirm(ctx: Context) -> Sequence[Say]:
    """The schedule once more."""
    data = ctx.question_data
    debts = [d for d in ctx.balance.lines if d.payable and int(d.creditor_id) == data.get("creditor")]
    return _confirm(ctx, debts, Offer.from_json(data["offer"])) if debts and data.get("offer") else plan(ctx)


@repeats("plan_offer")
def repeat_offer(ctx: Context) -> Sequence[Say]:
    """The offers once more, in a line."""
    return [Say("plan_still_open", {})]


@action("action_plan_answer", needs_identity=True)
def plan_answer(ctx: Context) -> Sequence[Say]:
    """A bare answer while a plan is talked about: an amount, a date, a rhythm, or the name of a creditor."""
    return plan(ctx)


def _yes(ctx: Context) -> Sequence[Say]:
    """A typed yes to the one nearest offer means that offer; to three offers it means: which?"""
    data = ctx.question_data
    if nearest := data.get("nearest"):
        debts = [d for d in ctx.balance.lines if d.payable and int(d.creditor_id) == data.get("creditor")]
        if debts:
            return _confirm(ctx, debts, Offer.from_json(nearest))
    return plan(ctx)


@action("action_plan_yes", needs_identity=True)
def plan_yes(ctx: Context) -> Sequence[Say]:
    """Yes, while offers are on the table; "25 ok, on the 1st" brings terms of its own."""
    terms = ctx.turn.terms or {}
    return plan(ctx) if terms.get("amounts") else _yes(ctx)


@action("action_plan_no", needs_identity=True)
def plan_no(ctx: Context) -> Sequence[Say]:
    """No to what was offered: an own figure, a colleague, or nothing at all."""
    if ctx.question_data.get("nearest"):
        debts = [d for d in ctx.balance.lines if d.payable and int(d.creditor_id) == ctx.question_data.get("creditor")]
        if debts:
            return _to_colleague(ctx, debts)
    ctx.ask("plan_offer", **{k: v for k, v in ctx.question_data.items() if k in ("creditor", "terms")})
    return [Say("plan_what_suits", {}, (CANNOT, PERSON))]

