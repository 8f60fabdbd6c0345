"""A promise to pay: an amount and a day, echoed back, recorded on a yes."""

import re
from collections.abc import Sequence
from datetime import date

from actions.choosing import ids, meant, owed
from actions.context import ACTOR, Context
from actions.debts import open_debts, stale, usable, wall
from actions.menu import allowed
from actions.offered import CANNOT, NO, PAY, PERSON, SPREAD
from actions.pay import link
from actions.registry import ACTIONS, action, repeats
from conversations.say import Choice, Say
from ledger.balances import DebtLine
from ledger.errors import BalanceStale, PromiseRefused
from ledger.money import Money
from ledger.promises import make_promise
from runtime.ids import DebtId

QUESTIONS = ("promise_details", "promise_confirm")
_PAID = re.compile(r"(?:^|\b(?:i|i've|ive|we|already|just|have)) (?:paid|sent|transferred)\b")
"""What was paid is no promise: "i paid you 30 on tuesday"."""


@action("action_promise", needs_identity=True)
def promise(ctx: Context) -> Sequence[Say]:
    """Gather amount and day; both known, ask for a yes. Today is no promise but a payment."""
    lines = open_debts(ctx)
    if _PAID.search(ctx.words) and ctx.question not in QUESTIONS:
        return ACTIONS["action_already_paid"].function(ctx)
    if blocked := wall(ctx, lines):
        return blocked
    said = ctx.question_data if ctx.question in QUESTIONS else {}
    debts = _debts(ctx, usable(lines), said.get("debts"))
    if any(d.stale for d in debts):
        return _stale(ctx, debts)
    currency = debts[0].balance.currency
    found = ctx.amounts(currency)
    minor = ctx.choice.get("amount") or (found[0].minor if found else said.get("amount"))
    amount = Money(int(minor), currency) if minor else None
    day = next((d for d in ctx.dates if d >= ctx.today), None) or (
        date.fromisoformat(said["on"]) if said.get("on") else None)
    if amount is None or day is None:
        return _ask(ctx, debts, amount, day)
    if amount > owed(debts):
        ctx.ask("promise_details", debts=ids(debts), on=day.isoformat())
        return [Say("promise_too_much", {"amount": amount.json(), "total": owed(debts).json()}, (_all(debts), PERSON))]
    if day == ctx.today and not ctx.choice:
        return link(ctx, debts, amount)
    ctx.ask("promise_confirm", debts=ids(debts), amount=amount.minor, on=day.isoformat())
    return [_confirm(amount, day)]


def _debts(ctx: Context, can: list[DebtLine], kept: Sequence[int] | None) -> list[DebtLine]:
    """The debts that are promised on: those named, those talked about, else all of one currency."""
    chosen = usable(meant(can, ctx.words)) if not ctx.choice else []
    chosen = chosen or [d for d in can if d.debt_id in set(kept or ())] or can
    return [d for d in chosen if d.balance.currency == chosen[0].balance.currency]


def _stale(ctx: Context, debts: list[DebtLine]) -> Sequence[Say]:
    """No word is taken on a figure that may have changed; paying whenever it suits remains."""
    ctx.close()
    return [Say("promise_stale", {"stale": stale(ctx, debts)}, (PAY, PERSON))]


def _all(debts: list[DebtLine]) -> Choice:
    return Choice("all_of_it", "promise_to_pay", {"amount": owed(debts).minor}, {"total": owed(debts).json()})


def _confirm(amount: Money, day: date) -> Say:
    return Say("promise_confirm", {"amount": amount.json(), "on": {"date": day.isoformat()}},
               (Choice("yes_right", "affirm", {"promise": True}), NO, SPREAD))


def _ask(ctx: Context, debts: list[DebtLine], amount: Money | None, day: date | None) -> Sequence[Say]:
    kept: dict[str, object] = {"debts": ids(debts)}
    if amount is not None:
        kept["amount"] = amount.minor
    if day is not None:
        kept["on"] = day.isoformat()
    ctx.ask("promise_details", **kept)
    if amount is None and day is None:
        return [Say("promise_what", {}, (CANNOT, PERSON))]
    if amount is None:
        return [Say("promise_how_much", {"on": {"date": day.isoformat()} if day else None}, (_all(debts), PERSON))]
    return [Say("promise_when", {"amount": amount.json()}, (CANNOT, PERSON))]


@action("action_promise_yes", needs_identity=True)
def promise_yes(ctx: Context) -> Sequence[Say]:
    """Yes: record it. A newer promise takes the place of an older one."""
    data = ctx.question_data
    if ctx.question != "promise_confirm" or ctx.turn.terms.get("amounts") or ctx.turn.terms.get("dates"):
        return promise(ctx)  # "yes, but on monday"
    lines = open_debts(ctx)
    if blocked := wall(ctx, lines):
        ctx.close()
        return blocked
    debts = _debts(ctx, usable(lines), data.get("debts"))
    amount, day = Money(int(data["amount"]), debts[0].balance.currency), date.fromisoformat(data["on"])
    ctx.close()
    try:
        make_promise(ctx.session, key=ctx.key, debtor_id=ctx.verified, amount=amount, due_on=day, actor=ACTOR,
                     now=ctx.now, today=ctx.today,
                     debt_ids=[DebtId(i) for i in ids(debts)] if len(debts) < len(lines) else None)
    except BalanceStale:
        return _stale(ctx, debts)
    except PromiseRefused as error:
        ctx.ask("promise_details", debts=ids(debts), amount=amount.minor)
        return [Say("promise_refused", {"latest": {"date": error.latest.isoformat()} if error.latest else None},
                    (SPREAD, PERSON))]
    return [Say("promise_made", {"amount": amount.json(), "on": {"date": day.isoformat()}},
                (*allowed(lines, Choice("pay", "pay_now", {"amount": amount.minor, "debts": ids(debts)})), PERSON))]


@action("action_promise_no", needs_identity=True)
def promise_no(ctx: Context) -> Sequence[Say]:
    """No: nothing was recorded; "no, 30" is another amount."""
    if ctx.turn.terms.get("amounts") or ctx.turn.terms.get("dates"):
        return promise(ctx)
    if blocked := wall(ctx, open_debts(ctx)):
        ctx.close()
        return blocked
    ctx.ask("promise_details", debts=ctx.question_data.get("debts") or [])
    return [Say("promise_not_made", {}, (SPREAD, CANNOT, PERSON))]


@repeats("promise_confirm")
def again(ctx: Context) -> Sequence[Say]:
    """The promise once more, to be confirmed."""
    data = ctx.question_data
    lines = usable(open_debts(ctx))
    if not lines:
        return promise(ctx)
    currency = _debts(ctx, lines, data.get("debts"))[0].balance.currency
    return [_confirm(Money(int(data["amount"]), currency), date.fromisoformat(data["on"]))]


@repeats("promise_details")
def details_again(ctx: Context) -> Sequence[Say]:
    """What is missing of the promise, once more."""
    return promise(ctx)
