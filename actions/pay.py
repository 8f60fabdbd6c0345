"""Paying now: all, a part, one of several debts. The link is ours; the money moves at Stripe."""

import re
from collections.abc import Mapping, Sequence

from actions.balance import active_plans
from actions.choosing import (
    creditor_choices,
    debt_choices,
    everything,
    ids,
    meant,
    owed,
    picked,
    split_evenly,
    split_over,
)
from actions.context import Context
from actions.debts import by_name, inviting, open_debts, stale, sums, too_old, usable, wall
from actions.menu import allowed
from actions.offered import CANNOT, OWE, PERSON, SPREAD
from actions.registry import ACTIONS, action, repeats
from conversations.say import Choice, Say
from ledger.allocation import rules_for
from ledger.balances import DebtLine, by_creditor
from ledger.errors import BalanceStale
from ledger.money import Money
from payments.links import make_pay_link
from payments.mode import card_mode

_IN_FULL = re.compile(
    r"\b(?:in full|full (?:amount|balance|thing|lot)|all of (?:it|them|what)|the (?:lot|rest|remainder|balance|whole)"
    r"|whole (?:lot|thing|amount|balance)|everything|pay(?:ing)? (?:it |them )?(?:all )?off|clear (?:it|the|my|this)"
    r"|(?:pay|clear|settle|finish) (?:it|them|that|this|everything|all)(?: all)?(?: off)?$)\b")
_HALF = re.compile(r"\bhalf\b")
_MISSED = re.compile(r"\b(?:missed|overdue|arrears|behind|late one)\b")
_INSTALMENT = re.compile(
    r"\b(?:instal+ments?|this (?:month|week|fortnight)'?s|next (?:one|payment)|what'?s due|the one (?:that'?s )?due)\b")
_NOW = re.compile(r"\b(?:now|today|link|straight ?away|right away|this minute|card)\b")


@action("action_pay", needs_identity=True)
def pay(ctx: Context) -> Sequence[Say]:
    """A link for what the debtor wants to pay, once amount and debts are clear."""
    lines = open_debts(ctx)
    if blocked := wall(ctx, lines):
        return blocked
    if card_mode() == "off":
        return [Say("no_card_payments", {"ways": ctx.operator.ways_to_pay_texts(ctx.debtor.country)}, (PERSON,))]
    if not ctx.choice and (other := _rather(ctx)):
        return ACTIONS[other].function(ctx)
    wanted = _wanted(ctx, lines)
    if isinstance(wanted, Say):
        return [wanted]
    if due := _due(ctx):
        wanted, amount = due
        return link(ctx, wanted, amount, agreed=True)
    said = _amount(ctx, wanted)
    if said is None:
        return _how_much(ctx, wanted)
    if ctx.choice.get("evenly") and said <= owed(wanted):
        return _page(ctx, split_evenly(wanted, said), said)
    return link(ctx, wanted, said)


def _rather(ctx: Context) -> str | None:
    """What a wish to pay comes to when it names a rhythm, or a day to come and no "now"."""
    if ctx.question == "pay_debt" or _NOW.search(ctx.words):
        return None
    if ctx.frequency:
        return "action_plan"
    figure = ctx.turn.terms.get("amounts") or ctx.question == "pay_amount"
    return "action_promise" if figure and any(day > ctx.today for day in ctx.dates) else None


def _wanted(ctx: Context, lines: list[DebtLine]) -> list[DebtLine] | Say:
    """The debts to be paid on: those pressed, asked about, or named; else all that can be. Never a disputed one."""
    can = usable(lines)
    asked = ctx.question_data if ctx.question == "pay_amount" else {}
    kept = ctx.choice.get("debts") or ctx.choice.get("debt") or asked.get("debts")
    named = [] if ctx.choice else meant(lines, ctx.words)
    if named and not usable(named):
        return Say("pay_not_that", {"debts": by_name(named), "disputed": any(d.disputed for d in named),
                                    "old": any(too_old(d) for d in named)}, (*creditor_choices(can, "pay_now"), PERSON))
    if named:
        return usable(named)
    if kept:
        chosen = set(kept) if isinstance(kept, list) else {kept}
        return [d for d in can if d.debt_id in chosen] or can
    return can


def _due(ctx: Context) -> tuple[list[DebtLine], Money] | None:
    """The instalment that was missed, or the next one, when the debtor asks to pay that."""
    if ctx.choice or ctx.turn.terms.get("amounts"):
        return None
    missed, next_one = _MISSED.search(ctx.words), _INSTALMENT.search(ctx.words)
    for plan in active_plans(ctx) if missed or next_one else ():
        covered = [d for d in usable(ctx.balance.lines) if d.debt_id in {i for i, _ in plan.debts}]
        amount = plan.overdue if not plan.overdue.is_zero else plan.next_due.amount if plan.next_due else None
        if covered and amount is not None and amount <= owed(covered):
            return covered, amount
    return None


def _amount(ctx: Context, wanted: list[DebtLine]) -> Money | None:
    currency = wanted[0].balance.currency
    if minor := ctx.choice.get("amount"):
        return Money(int(minor), currency)
    if len({d.balance.currency for d in wanted}) > 1:
        return None
    found = ctx.amounts(currency)
    if found and (not ctx.frequency or _NOW.search(ctx.words)):
        return found[0]
    if found or ctx.choice:
        return None
    everything_owed = owed(wanted)
    if _HALF.search(ctx.words):
        return Money((everything_owed.minor + 1) // 2, currency)
    if _IN_FULL.search(ctx.words.rstrip(" .!")) or (ctx.question == "pay_amount" and everything(ctx.words)):
        return everything_owed
    return None


def _all_of_it(wanted: list[DebtLine]) -> Choice:
    return Choice("all_of_it", "pay_now", {"amount": owed(wanted).minor, "debts": ids(wanted)},
                  {"total": owed(wanted).json()})


def _how_much(ctx: Context, wanted: list[DebtLine]) -> Sequence[Say]:
    if len({d.balance.currency for d in wanted}) > 1:
        ctx.ask("pay_debt")
        return [Say("pay_which", {"debts": by_name(wanted)}, creditor_choices(wanted, "pay_now"))]
    if ctx.choice.get("other") or ctx.question == "pay_amount":
        ctx.ask("pay_amount", debts=ids(wanted))
        return [Say("pay_how_much", {"total": owed(wanted).json()}, (_all_of_it(wanted), PERSON))]
    ctx.ask("pay_amount", debts=ids(wanted))
    buttons = [_all_of_it(wanted)]
    groups = list(by_creditor(wanted).values())
    if len(groups) > 1:
        buttons += [Choice("creditor_choice", "pay_now", {"debts": ids(same), "amount": owed(same).minor},
                           {"creditor": same[0].creditor, "balance": owed(same).json()}) for same in groups[:6]]
    buttons.append(Choice("another_amount", "pay_now", {"other": True, "debts": ids(wanted)}))
    disputed = [d for d in open_debts(ctx) if d.disputed] if len(wanted) == len(usable(ctx.balance.lines)) else []
    return [Say("pay_what", {"total": owed(wanted).json(), "disputed": sums(disputed), "held": not inviting(wanted)},
                (*buttons, *allowed(wanted, SPREAD, CANNOT), PERSON))]


def link(ctx: Context, wanted: list[DebtLine], amount: Money, *, agreed: bool = False) -> Sequence[Say]:
    """A payment page for ``amount`` on ``wanted``, once it is clear which of several creditors gets it.

    ``agreed``: it is an instalment, so that its amount is right however old the balance is.
    """
    if amount.minor <= 0:
        return _how_much(ctx, wanted)
    if amount > owed(wanted):
        ctx.ask("pay_amount", debts=ids(wanted))
        return [Say("pay_too_much", {"amount": amount.json(), "total": owed(wanted).json()},
                    (_all_of_it(wanted), PERSON))]
    if len(by_creditor(wanted)) > 1 and amount != owed(wanted):
        return _which(ctx, wanted, amount)
    return _page(ctx, split_over(wanted, amount, rules_for(ctx.session, wanted)), amount, agreed=agreed)


def _which(ctx: Context, wanted: list[DebtLine], amount: Money) -> Sequence[Say]:
    """A part of what is owed to several creditors: the debtor decides (rule 17)."""
    ctx.ask("pay_debt", amount=amount.minor, debts=ids(wanted))
    fitting = [d for same in by_creditor(wanted).values() if owed(same) >= amount for d in same]
    if not fitting:
        return [Say("pay_split_how", {"amount": amount.json(), "debts": by_name(wanted)},
                    (Choice("evenly", "pay_now", {"amount": amount.minor, "debts": ids(wanted), "evenly": True}),
                     *creditor_choices(wanted, "pay_now"), PERSON))]
    return [Say("pay_which_part", {"amount": amount.json()}, (
        *creditor_choices(fitting, "pay_now", amount=amount.minor),
        Choice("evenly", "pay_now", {"amount": amount.minor, "debts": ids(wanted), "evenly": True})))]


def _page(ctx: Context, split: Mapping[DebtLine, Money], amount: Money, *, agreed: bool = False) -> Sequence[Say]:
    ctx.close()
    clears = [d for d, part in split.items() if part == d.balance]
    own_figure = agreed or amount in ctx.amounts(amount.currency)
    try:
        link = make_pay_link(ctx.session, key=ctx.key, debtor_id=ctx.verified, conversation_id=ctx.conversation_id,
                             amount=amount, split={d.debt_id: part for d, part in split.items()}, now=ctx.now,
                             in_full=bool(clears) and not own_figure)
    except BalanceStale:  # "all of it" is not known; any figure the debtor names is as good as ever
        ctx.ask("pay_amount", debts=ids(list(split)))
        return [Say("pay_in_full_stale", {"total": amount.json(), "stale": stale(ctx, list(split))}, (PERSON,))]
    names = [d.creditor for d in split]
    rows = [{"label": {"title": "plain", "values": {
                "text": d.creditor if names.count(d.creditor) == 1 else f"{d.creditor} {d.ref}"}},
             "value": {"title": "amount", "values": {"amount": part.json()}}} for d, part in split.items()]
    card = {"kind": "payment", "title": "card_pay", "rows": rows,
            "link": {"url": link.url, "title": "open_payment", "values": {"amount": amount.json()}}}
    can = usable(ctx.balance.lines)
    left_out = [d for d in open_debts(ctx) if d.disputed] if len(split) == len(can) and amount == owed(can) else []
    return [Say("pay_link", {"amount": amount.json(), "held": not inviting(list(split)), "left_out": sums(left_out),
                             "stale": stale(ctx, clears)},
                (), card)]


@action("action_pay_debt", needs_identity=True)
def pay_debt(ctx: Context) -> Sequence[Say]:
    """A typed answer to "towards which one?": a creditor, a debt, or some of each."""
    lines = _asked_about(ctx)
    minor = ctx.choice.get("amount") or ctx.question_data.get("amount")
    found = picked(lines, ctx.words)
    if not found and not everything(ctx.words):
        return repeat_which(ctx)
    found = found or lines
    if minor is None:
        return _how_much(ctx, found)
    amount = Money(int(minor), lines[0].balance.currency)
    if len(by_creditor(found)) > 1:
        return _page(ctx, split_evenly(found, amount), amount)
    return link(ctx, found, amount)


def _asked_about(ctx: Context) -> list[DebtLine]:
    kept = set(ctx.question_data.get("debts") or ())
    lines = usable(ctx.balance.lines)
    return [d for d in lines if d.debt_id in kept] or lines


@repeats("pay_debt")
def repeat_which(ctx: Context) -> Sequence[Say]:
    """Which debt, once more."""
    lines, amount = _asked_about(ctx), ctx.question_data.get("amount")
    if blocked := wall(ctx, lines):
        return blocked
    if len(by_creditor(lines)) == 1:
        return [Say("pay_which", {"debts": by_name(lines)}, debt_choices(lines, "pay_now", amount=amount))]
    return [Say("pay_which", {"debts": by_name(lines)}, creditor_choices(lines, "pay_now", amount=amount))]


@repeats("pay_amount")
def repeat_how_much(ctx: Context) -> Sequence[Say]:
    """How much, once more."""
    lines = _asked_about(ctx)
    return wall(ctx, lines) or [Say("pay_how_much", {"total": owed(lines).json()}, (_all_of_it(lines), PERSON))]


@action("action_payment_methods", aside=True)
def methods(ctx: Context) -> Sequence[Say]:
    """How one can pay: by card here where that is set up, and the operator's other ways."""
    found = ctx.operator.ways_to_pay_texts(ctx.profile.country)
    rows = [{"label": {"title": "plain", "values": {"text": way["name"]}},
             "value": {"title": "plain", "values": {"text": way["text"]}}} for way in found]
    card = {"kind": "ways", "title": "card_ways", "rows": rows} if rows else None
    return [Say("payment_methods", {"card": card_mode() != "off", "others": bool(rows)},
                (OWE, PERSON) if ctx.standing.verified else (PERSON,), card)]


