"""Setting up a payment plan: three offers or the debtor's own, the whole schedule, and only then a plan.

An offer below what the creditor allows is answered once with the nearest that is allowed; after that a person
decides, and collecting rests meanwhile (rule 24; CONC 7.3).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from actions.balance import active_plans
from actions.choosing import creditor_choices, creditors, everything, ids, meant, owed, picked
from actions.context import ACTOR, Context
from actions.debts import open_debts, stale, usable, wall
from actions.offered import CANNOT, CHANGE_PLAN, OWE, PAY, PERSON, PLAN
from actions.registry import action, repeats
from compliance import placing
from conversations.say import Choice, Say
from ledger.balances import DebtLine, by_creditor
from ledger.budgets import spare
from ledger.errors import AboveSurplus, AlreadyInPlan, BalanceStale, NotFound, PlanRefused
from ledger.models import Creditor
from ledger.money import Money
from ledger.offers import Allowed, NeedsPerson, Offer, OtherTerms, TooLow, counter, offers
from ledger.plans import agree_plan
from ledger.policy import Policy, policy_for, strictest
from ledger.schedule import Frequency, place_of
from runtime.errors import OperatorError
from runtime.ids import DebtId

QUESTIONS = ("plan_creditor", "plan_offer", "plan_confirm")
TERMS = ("amounts", "instalment", "dates", "frequency")


@action("action_plan", needs_identity=True)
def plan(ctx: Context) -> Sequence[Say]:
    """Propose a plan for one creditor's debts, or all together, by what the message says or by three offers."""
    lines = open_debts(ctx)
    if blocked := wall(ctx, lines):
        return blocked
    planned = _in_plan(ctx)
    free = [d for d in usable(lines) if d.debt_id not in planned]
    if not free:
        ctx.close()
        return [Say("plan_exists", {}, (PLAN, CHANGE_PLAN, PERSON))]
    if old := _too_long_ago(ctx, free):
        return _stale(ctx, old)
    free = [d for d in free if not d.stale]
    debts = _scope(ctx, free)
    if debts is None:
        return _ask_which(ctx, free)
    if ctx.choice.get("offer"):
        return _confirm(ctx, debts, Offer.from_json(ctx.choice["offer"]))
    if ctx.choice.get("colleague"):
        return _to_colleague(ctx, debts)
    return _propose(ctx, debts)


def _too_long_ago(ctx: Context, free: list[DebtLine]) -> list[DebtLine]:
    """The debts that are meant and whose figure is too old to agree on; empty when one of the others will do."""
    old = [d for d in free if d.stale]
    chosen = set(ctx.choice.get("debts") or ())
    named = [d for d in old if d.debt_id in chosen] if chosen else meant(free, ctx.words)
    return old if len(old) == len(free) else [d for d in named if d.stale]


def _stale(ctx: Context, lines: Sequence[DebtLine]) -> Sequence[Say]:
    """No plan on a figure that may have changed; some can be paid, and a person gets the new figure."""
    ctx.close()
    return [Say("plan_stale", {"stale": stale(ctx, lines)}, (PAY, PERSON))]


def _in_plan(ctx: Context) -> set[int]:
    return {int(debt_id) for p in active_plans(ctx) for debt_id, _ref in p.debts}


def _scope(ctx: Context, free: list[DebtLine]) -> list[DebtLine] | None:
    """The debts the plan is for; None when that has to be asked."""
    groups = list(by_creditor(free).values())
    if len(groups) == 1:
        return free
    if chosen := set(ctx.choice.get("debts") or ()):
        return [d for d in free if d.debt_id in chosen] or None
    words = () if ctx.choice else (picked if ctx.question == "plan_creditor" else meant)(free, ctx.words)
    named = [same for same in groups if set(same) & set(words)]
    if len(named) == 1:
        return named[0]
    if everything(ctx.words) and _together(ctx, free):
        return free
    kept = set(ctx.question_data.get("debts") or ()) if ctx.question in ("plan_offer", "plan_confirm") else set()
    return [d for d in free if d.debt_id in kept] or None


def _together(ctx: Context, free: Sequence[DebtLine]) -> bool:
    """Whether one plan can cover them all."""
    if len({d.balance.currency for d in free}) > 1:
        return False
    try:
        _policy(ctx, free)
    except OperatorError:
        return False
    return True


def _ask_which(ctx: Context, free: list[DebtLine]) -> Sequence[Say]:
    ctx.ask("plan_creditor", turn=ctx.turn.id, terms=_merged_terms(ctx))
    together = (Choice("together", "request_payment_plan", {"debts": ids(free)}, {"total": owed(free).json()}),)
    return [Say("plan_which", {"count": len(by_creditor(free))}, (
        *creditor_choices(free, "request_payment_plan"), *(together if _together(ctx, free) else ())))]


def _merged_terms(ctx: Context) -> dict[str, Any]:
    """What was said so far about this plan, with this message's words on top.

    A new amount takes the place of the old one. A new rhythm without an amount ("weekly instead") lets an amount go
    that was said for another rhythm.
    """
    said = dict(ctx.question_data.get("terms") or {}) if ctx.question in QUESTIONS else {}
    mine = ctx.turn.terms or {}
    if mine.get("amounts") or (mine.get("frequency") and said.get("frequency") not in (None, mine["frequency"])):
        said.pop("instalment", None)
        said.pop("amounts", None)
    return said | {name: mine[name] for name in TERMS if mine.get(name)}


def _terms_of(offer: Offer) -> dict[str, Any]:
    return {"instalment": offer.instalment.json(), "frequency": offer.frequency.json()}


def _policy(ctx: Context, debts: Sequence[DebtLine]) -> Policy:
    return strictest([policy_for(ctx.session.get_one(Creditor, i)) for i in sorted({d.creditor_id for d in debts})])


def _place(ctx: Context) -> str:
    """Whose holidays count."""
    return place_of(ctx.debtor.country, ctx.debtor.region)


def _spare(ctx: Context, policy: Policy) -> Money | None:
    """What the debtor told us they have left over in a month; None when they told us nothing, or long ago."""
    return spare(ctx.session, ctx.verified, policy, today=ctx.today)


def _propose(ctx: Context, debts: list[DebtLine]) -> Sequence[Say]:
    total, said = owed(debts), _merged_terms(ctx)
    named = said.get("instalment") or next(iter(said.get("amounts") or ()), None)
    amount = Money(int(named["minor"]), total.currency) if named else None
    frequency = Frequency.from_json(said["frequency"]) if said.get("frequency") else None
    if amount is None or amount.is_zero:
        return _three(ctx, debts, frequency)
    if amount >= total:
        ctx.close()
        return [Say("plan_is_all", {"total": total.json()}, (
            Choice("all_of_it", "pay_now", {"amount": total.minor, "debts": ids(debts)}, {"total": total.json()}),
            Choice("spread_it", "request_payment_plan", {"debts": ids(debts)}), PERSON))]
    policy = _policy(ctx, debts)
    answer = counter(policy, total, amount=amount, frequency=frequency, first_on=_first(said, ctx.today),
                     today=ctx.today, place=_place(ctx), surplus=_spare(ctx, policy))
    if isinstance(answer, NeedsPerson):
        return _to_colleague(ctx, debts)
    if isinstance(answer, TooLow):
        if ctx.question == "plan_offer" and ctx.question_data.get("nearest"):
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
    dues = offer.dues
    first_differs, last_differs = (len(dues) > 1 and due.amount != offer.instalment for due in (dues[0], dues[-1]))
    return {"instalment": offer.instalment.json(), **rhythm_values(offer.frequency),
            "first_on": {"date": dues[0].on.isoformat()}, "last_on": {"date": dues[-1].on.isoformat()},
            "count": len(dues), "last": dues[-1].amount.json(),
            "last_differs": last_differs, "total": offer.total.json(), "first": dues[0].amount.json(),
            "first_differs": first_differs, "regular": len(dues) - first_differs - last_differs}


def rhythm_values(frequency: Frequency) -> dict[str, Any]:
    """A rhythm as texts want it."""
    return {"every": frequency.every, "unit": frequency.unit, "rule": frequency.rule}


def _offer_choice(offer: Offer, debts: Sequence[DebtLine], title: str = "offer") -> Choice:
    return Choice(title, "request_payment_plan", {"debts": ids(debts), "offer": offer.json()}, _values(offer))


def _three(ctx: Context, debts: list[DebtLine], frequency: Frequency | None) -> Sequence[Say]:
    said = {k: v for k, v in _merged_terms(ctx).items() if k in ("frequency", "dates")}
    ctx.ask("plan_offer", debts=ids(debts), terms=said)
    found, buttons = _three_buttons(ctx, debts, frequency)
    if not found:
        return _to_colleague(ctx, debts)
    return [Say("plan_offers", {"total": owed(debts).json(), "creditor": creditors(debts), "offers": found}, buttons)]


def _three_buttons(ctx: Context, debts: list[DebtLine],
                   frequency: Frequency | None) -> tuple[list[dict[str, Any]], list[Choice]]:
    """The offers and their buttons; no offer where the debtor's budget carries none."""
    policy = _policy(ctx, debts)
    found = offers(policy, owed(debts), today=ctx.today, frequency=frequency, place=_place(ctx),
                   surplus=_spare(ctx, policy))
    if isinstance(found, NeedsPerson):
        return [], [CANNOT, PERSON]
    titles = [(o.instalment, o.frequency) for o in found]
    buttons = [_offer_choice(o, debts, "offer" if titles.count((o.instalment, o.frequency)) == 1 else "offer_from")
               for o in found]
    return [_values(o) for o in found], [*buttons, Choice("less_than_that", "cannot_pay"), PERSON]


def _nearest(ctx: Context, debts: list[DebtLine], asked: Money, nearest: Offer) -> Sequence[Say]:
    ctx.ask("plan_offer", debts=ids(debts), asked=asked.minor, nearest=nearest.json(), terms=_terms_of(nearest))
    return [Say("plan_below", {"asked": asked.json(), **_values(nearest)}, _nearest_buttons(debts, nearest))]


def _nearest_buttons(debts: list[DebtLine], nearest: Offer) -> tuple[Choice, ...]:
    return (_offer_choice(nearest, debts, "nearest_ok"),
            Choice("ask_colleague", "request_payment_plan", {"debts": ids(debts), "colleague": True}), CANNOT)


def _to_colleague(ctx: Context, debts: list[DebtLine]) -> Sequence[Say]:
    """A person decides; nobody chases meanwhile."""
    asked = ctx.question_data.get("asked") if ctx.question in QUESTIONS else None
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
    if offer.total != owed(debts):  # a button from before a payment
        return [Say("offer_changed", {}), *_three(ctx, debts, offer.frequency)]
    said = _merged_terms(ctx)
    said = _terms_of(offer) | {k: v for k, v in said.items() if k == "dates"}
    ctx.ask("plan_confirm", debts=ids(debts), offer=offer.json(), terms=said)
    return [Say("plan_confirm", {"creditor": creditors(debts), **_values(offer)}, _confirm_buttons(debts, offer),
                _schedule_card(offer))]


def _confirm_buttons(debts: list[DebtLine], offer: Offer) -> tuple[Choice, ...]:
    return (Choice("yes_set_up", "confirm_plan", {"offer": offer.json(), "debts": ids(debts)}, binding=True),
            Choice("change_it", "request_payment_plan", {"debts": ids(debts)}), PERSON)


def _schedule_card(offer: Offer) -> dict[str, Any]:
    rows = [{"label": {"title": "instalment_on", "values": {"on": due.on.isoformat()}},
             "value": {"title": "amount", "values": {"amount": due.amount.json()}}}
            for due in offer.dues]
    rows.append({"label": {"title": "in_all"}, "value": {"title": "amount", "values": {"amount": offer.total.json()}}})
    return {"kind": "plan", "title": "card_plan", "rows": rows}


@action("action_confirm_plan", needs_identity=True)
def confirm_plan(ctx: Context) -> Sequence[Say]:
    """The button was pressed: make the plan as it was shown, or show a new offer when things have changed."""
    bound = ctx.choice
    if not bound.get("debts") or not bound.get("offer"):
        return _changed(ctx)
    offer, wanted = Offer.from_json(bound["offer"]), [DebtId(int(d)) for d in bound["debts"]]
    try:
        made = agree_plan(ctx.session, key=ctx.key, debtor_id=ctx.verified, debt_ids=wanted, offer=offer,
                          actor=ACTOR, now=ctx.now)
    except AlreadyInPlan:
        ctx.close()
        return [Say("plan_exists", {}, (PLAN, CHANGE_PLAN, PERSON))]
    except AboveSurplus:  # what they told us of their money says it is too much: a person decides
        return _to_colleague(ctx, [d for d in ctx.balance.lines if d.debt_id in wanted])
    except BalanceStale:
        return _stale(ctx, [d for d in ctx.balance.lines if d.debt_id in wanted])
    except (NotFound, PlanRefused):  # NotFound: somebody else is verified now
        return _changed(ctx)
    ctx.close()
    covered = [d for d in ctx.balance.lines if d.debt_id in wanted]
    pay_first = {"amount": offer.dues[0].amount.minor, "debts": ids(covered)}
    return [Say("plan_made", {"creditor": creditors(covered), "number": f"P-{1000 + made.id}", **_values(offer)},
                (Choice("pay_first_now", "pay_now", pay_first), PLAN))]


def _changed(ctx: Context) -> Sequence[Say]:
    """Things are no longer as they were shown: say so, and offer anew for the same debts."""
    ctx.close()
    wanted, planned = set(ctx.choice.get("debts") or ()), _in_plan(ctx)
    free = [d for d in usable(ctx.balance.lines) if d.debt_id in wanted and d.debt_id not in planned]
    if not free:
        return [Say("offer_changed", {}, (OWE, PERSON))]
    return [Say("offer_changed", {}), *_three(ctx, free, None)]


def _talked_about(ctx: Context) -> list[DebtLine]:
    """The debts the open question is about, as far as they can still be spread."""
    kept, planned = set(ctx.question_data.get("debts") or ()), _in_plan(ctx)
    return [d for d in usable(ctx.balance.lines) if d.debt_id in kept and d.debt_id not in planned]


@action("action_press_the_button", needs_identity=True)
def press_the_button(ctx: Context) -> Sequence[Say]:
    """A typed yes to a schedule: binding needs the button, so that nothing is agreed by accident."""
    return _waiting(ctx, "press_the_button")


@repeats("plan_confirm")
def repeat_confirm(ctx: Context) -> Sequence[Say]:
    """The plan that waits for its button, in a sentence; its schedule was shown."""
    return _waiting(ctx, "plan_confirm_again")


def _waiting(ctx: Context, name: str) -> Sequence[Say]:
    debts, offer = _talked_about(ctx), ctx.question_data.get("offer")
    if not debts or not offer:
        return plan(ctx)
    shown = Offer.from_json(offer)
    if shown.total != owed(debts):
        return _confirm(ctx, debts, shown)
    return [Say(name, {"creditor": creditors(debts), **_values(shown)}, _confirm_buttons(debts, shown))]


@repeats("plan_offer")
def repeat_offer(ctx: Context) -> Sequence[Say]:
    """The offers once more, in a line."""
    debts, nearest = _talked_about(ctx), ctx.question_data.get("nearest")
    if not debts:
        return plan(ctx)
    if nearest:
        return [Say("plan_still_open", {}, _nearest_buttons(debts, Offer.from_json(nearest)))]
    said = (ctx.question_data.get("terms") or {}).get("frequency")
    return [Say("plan_still_open", {}, _three_buttons(ctx, debts, Frequency.from_json(said) if said else None)[1])]


@repeats("plan_creditor")
def repeat_which(ctx: Context) -> Sequence[Say]:
    """Which one to spread, once more."""
    planned = _in_plan(ctx)
    return _ask_which(ctx, [d for d in usable(ctx.balance.lines) if d.debt_id not in planned])


@action("action_plan_answer", needs_identity=True)
def plan_answer(ctx: Context) -> Sequence[Say]:
    """A bare answer while a plan is talked about: an amount, a date, a rhythm, or the name of a creditor."""
    return plan(ctx)


def _said_terms(ctx: Context) -> bool:
    return any((ctx.turn.terms or {}).get(name) for name in TERMS)


@action("action_plan_yes", needs_identity=True)
def plan_yes(ctx: Context) -> Sequence[Say]:
    """Yes, while offers are on the table; "25 ok, on the 1st" brings terms of its own.

    A yes to the one nearest offer means that offer; to three offers it means: which?
    """
    nearest, debts = ctx.question_data.get("nearest"), _talked_about(ctx)
    if _said_terms(ctx) or not debts:
        return plan(ctx)
    return _confirm(ctx, debts, Offer.from_json(nearest)) if nearest else repeat_offer(ctx)


@action("action_plan_no", needs_identity=True)
def plan_no(ctx: Context) -> Sequence[Say]:
    """No to what was offered: an own figure ("no, 40 not 14"), a colleague, or what would suit."""
    if _said_terms(ctx):
        return plan(ctx)
    debts = _talked_about(ctx)
    if ctx.question_data.get("nearest") and debts:
        return _to_colleague(ctx, debts)
    ctx.ask("plan_offer", debts=ctx.question_data.get("debts") or [], terms={})
    return [Say("plan_what_suits", {}, (CANNOT, PERSON))]
