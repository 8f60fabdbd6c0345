"""A promise to pay: an amount and a day, echoed back, recorded on a yes."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from actions.balance import nothing, totals
from actions.context import ACTOR, Context
from actions.offered import CANNOT, PERSON, SPREAD
from actions.registry import action, repeats
from conversations.say import Choice, Say
from ledger.errors import PromiseRefused
from ledger.money import Money
from ledger.promises import make_promise


@action("action_promise", needs_identity=True)
def promise(ctx: Context) -> Sequence[Say]:
    """Gather amount and day; both known, ask for a yes."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    if not lines:
        return [nothing(ctx)]
    payable = [d for d in lines if d.payable]
    if not payable:
        return [Say("nothing_to_ask", {"totals": totals(ctx.balance.totals)}, (PERSON,))]
    said = ctx.question_data if ctx.question in ("promise_details", "promise_confirm") else {}
    currency = str(said.get("currency") or payable[0].balance.currency)
    amounts = ctx.amounts(currency)
    amount = ctx.choice.get("amount") or (amounts[0].minor if amounts else said.get("amount"))
    day = next((d for d in ctx.dates if d >= ctx.today), None) or (
        date.fromisoformat(said["on"]) if said.get("on") else None)
    if amount is None or day is None:
        return _ask(ctx, currency, amount, day)
    wanted = Money(int(amount), currency)
    owed = ctx.balance.payable.get(currency)
    if owed is None or wanted > owed:
        ctx.ask("promise_details", currency=currency, on=day.isoformat())
        return [Say("promise_too_much", {"amount": wanted.json(), "total": (owed or wanted).json()},
                    (_all(owed or wanted),))]
    ctx.ask("promise_confirm", currency=currency, amount=wanted.minor, on=day.isoformat())
    return [_confirm(wanted, day)]


def _all(owed: Money) -> Choice:
    return Choice("all_of_it", "promise_to_pay", {"amount": owed.minor}, {"total": owed.json()})


def _confirm(amount: Money, day: date) -> Say:
    return Say("promise_confirm", {"amount": amount.json(), "on": {"date": day.isoformat()}},
               (Choice("yes_right", "affirm", {"promise": True}), Choice("no", "deny"), SPREAD))


def _ask(ctx: Context, currency: str, amount: Any, day: date | None) -> Sequence[Say]:
    kept: dict[str, object] = {"currency": currency}
    if amount is not None:
        kept["amount"] = int(amount)
    if day is not None:
        kept["on"] = day.isoformat()
    ctx.ask("promise_details", **kept)
    owed = ctx.balance.payable.get(currency)
    if amount is None and day is None:
        return [Say("promise_what", {}, (CANNOT, PERSON))]
    if amount is None:
        return [Say("promise_how_much", {"on": {"date": day.isoformat()} if day else None},
                    (_all(owed),) if owed else ())]
    return [Say("promise_when", {"amount": Money(int(amount), currency).json()}, (CANNOT,))]


@action("action_promise_yes", needs_identity=True)
def promise_yes(ctx: Context) -> Sequence[Say]:
    """Yes: record it. A newer promise takes the place of an older one."""
    data = ctx.question_data
    if not data.get("amount") or not data.get("on"):
        return promise(ctx)
    amount, day = Money(int(data["amount"]), str(data["currency"])), date.fromisoformat(data["on"])
    ctx.close()
    try:
        make_promise(ctx.session, key=ctx.key, debtor_id=ctx.verified, amount=amount, due_on=day, actor=ACTOR,
                     now=ctx.now, today=ctx.today)
    except PromiseRefused as error:
        ctx.ask("promise_details", currency=amount.currency, amount=amount.minor)
        return [Say("promise_refused", {"latest": {"date": error.latest.isoformat()} if error.latest else None},
                    (SPREAD, PERSON))]
    return [Say("promise_made", {"amount": amount.json(), "on": {"date": day.isoformat()}},
                (Choice("pay", "pay_now", {"amount": amount.minor}), PERSON))]


@action("action_promise_no", needs_identity=True)
def promise_no(ctx: Context) -> Sequence[Say]:
    """No: nothing was recorded."""
    ctx.ask("promise_details")
    return [Say("promise_not_made", {}, (SPREAD, CANNOT, PERSON))]


@repeats("promise_confirm")
def again(ctx: Context) -> Sequence[Say]:
    """The promise once more, to be confirmed."""
    data = ctx.question_data
    return [_confirm(Money(int(data["amount"]), str(data["currency"])), date.fromisoformat(data["on"]))]

