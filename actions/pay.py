"""Paying now: all, a part, one of several debts. The link is ours; the money moves at Stripe."""

from collections.abc import Mapping, Sequence

from actions.balance import nothing, totals
from actions.choosing import debt_choices, meant
from actions.context import Context
from actions.offered import CANNOT, OWE, PERSON, SPREAD
from actions.registry import action, repeats
from conversations.say import Choice, Say
from ledger.balances import DebtLine
from ledger.money import Money, total
from payments.links import make_pay_link
from payments.mode import card_mode
from runtime.ids import DebtId


@action("action_pay", needs_identity=True)
def pay(ctx: Context) -> Sequence[Say]:
    """A link for what the debtor wants to pay, once amount and debts are clear."""
    if card_mode() == "off":
        return [Say("no_card_payments", {"ways": ctx.operator.ways_to_pay_texts()}, (PERSON,))]
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    if not lines:
        return [nothing(ctx)]
    payable = [d for d in lines if d.payable]
    if not payable:
        return [Say("nothing_to_ask", {"totals": totals(ctx.balance.totals)}, (PERSON,))]
    wanted = _wanted(ctx, payable)
    currency = wanted[0].balance.currency
    amount = _amount(ctx, currency)
    if amount is None:
        return _how_much(ctx, wanted)
    return _link(ctx, wanted, amount)


def _wanted(ctx: Context, payable: list[DebtLine]) -> list[DebtLine]:
    asked = ctx.question_data.get("debt") if ctx.question == "pay_amount" else None
    chosen = ctx.choice.get("debt") or asked
    if chosen:
        return [d for d in payable if d.debt_id == chosen] or payable
    return meant(payable, ctx.words) or payable


def _amount(ctx: Context, currency: str) -> Money | None:
    if minor := ctx.choice.get("amount"):
        return Money(int(minor), currency)
    found = ctx.amounts(currency)
    return found[0] if found and not ctx.frequency else None


def _how_much(ctx: Context, wanted: list[DebtLine]) -> Sequence[Say]:
    if len({d.balance.currency for d in wanted}) > 1:
        ctx.ask("pay_debt")
        return [Say("pay_which", {"debts": [{"creditor": d.creditor, "balance": d.balance.json()} for d in wanted]},
                    debt_choices(wanted, "pay_now"))]
    everything = _owed(wanted)
    if ctx.choice.get("other") or ctx.question == "pay_amount":
        ctx.ask("pay_amount", **({"debt": int(wanted[0].debt_id)} if len(wanted) == 1 else {}))
        return [Say("pay_how_much", {"total": everything.json()}, (Choice("all_of_it", "pay_now", {"amount": everything.minor},
                                                                     {"total": everything.json()}),))]
    ctx.ask("pay_amount", **({"debt": int(wanted[0].debt_id)} if len(wanted) == 1 else {}))
    buttons = [Choice("all_of_it", "pay_now", {"amount": everything.minor}, {"total": everything.json()})]
    if len(wanted) > 1:
        buttons += [Choice("debt_choice", "pay_now", {"debt": int(d.debt_id), "amount": d.balance.minor},
                           {"creditor": d.creditor, "balance": d.balance.json(), "ref": d.ref,
                            "twice": sum(o.creditor == d.creditor for o in wanted) > 1}) for d in wanted[:6]]
    else:
        buttons[0] = Choice("all_of_it", "pay_now", {"amount": everything.minor, "debt": int(wanted[0].debt_id)},
                            {"total": everything.json()})
    buttons += [Choice("another_amount", "pay_now", {"other": True}), SPREAD, CANNOT]
    return [Say("pay_what", {"total": everything.json()}, buttons)]


def _owed(lines: Sequence[DebtLine]) -> Money:
    return total((d.balance for d in lines), lines[0].balance.currency)


def _link(ctx: Context, wanted: list[DebtLine], amount: Money) -> Sequence[Say]:
    everything = _owed(wanted)
    if amount.minor <= 0:
        return _how_much(ctx, wanted)
    if amount > everything:
        ctx.ask("pay_amount")
        return [Say("pay_too_much", {"amount": amount.json(), "total": everything.json()},
                    (Choice("all_of_it", "pay_now", {"amount": everything.minor}, {"total": everything.json()}), PERSON))]
    if len(wanted) > 1 and amount != everything:
        ctx.ask("pay_debt", amount=amount.minor)
        fitting = [d for d in wanted if d.balance >= amount]
        if fitting:
            return [Say("pay_which_part", {"amount": amount.json()},
                        debt_choices(fitting, "pay_now", amount=amount.minor))]
        return [Say("pay_which", {"debts": [{"creditor": d.creditor, "balance": d.balance.json()} for d in wanted]},
                    debt_choices(wanted, "pay_now"))]
    split: Mapping[DebtId, Money] = (
        {d.debt_id: d.balance for d in wanted} if amount == everything else {wanted[0].debt_id: amount}
    )
    ctx.close()
    link = make_pay_link(ctx.session, key=ctx.key, debtor_id=ctx.verified, conversation_id=ctx.conversation_id,
                         amount=amount, split=split, now=ctx.now)
    card = {"kind": "payment", "title": "card_pay", "rows": [
        {"label": {"title": "plain", "values": {"text": d.creditor}},
         "value": {"title": "amount", "values": {"amount": split[d.debt_id].json()}}} for d in wanted
    ], "link": {"url": link.url, "title": "open_payment", "values": {"amount": amount.json()}}}
    return [Say("pay_link", {"amount": amount.json(), "part": amount != everything or len(wanted) < len(
        [d for d in ctx.balance.lines if not d.balance.is_zero])}, (), card)]


@action("action_pay_debt", needs_identity=True)
def pay_debt(ctx: Context) -> Sequence[Say]:
    """A typed answer to "towards which one?"."""
    lines = [d for d in ctx.balance.lines if d.payable and not d.balance.is_zero]
    found = meant(lines, ctx.words)
    amount = ctx.question_data.get("amount")
    if not found:
        return repeat_which(ctx)
    if amount is None:
        ctx.ask("pay_amount", debt=int(found[0].debt_id))
        return _how_much(ctx, found[:1])
    return _link(ctx, found[:1], Money(int(amount), found[0].balance.currency))


@repeats("pay_debt")
def repeat_which(ctx: Context) -> Sequence[Say]:
    """Which debt, once more."""
    lines = [d for d in ctx.balance.lines if d.payable and not d.balance.is_zero]
    amount = ctx.question_data.get("amount")
    return [Say("pay_which", {"debts": [{"creditor": d.creditor, "balance": d.balance.json()} for d in lines]},
                debt_choices(lines, "pay_now", **({"amount": amount} if amount else {})))]


@action("action_payment_methods", aside=True)
def methods(ctx: Context) -> Sequence[Say]:
    """How one can pay: by card here where that is set up, and the operator's other ways."""
    return [Say("payment_methods", {"card": card_mode() != "off",
                                    "ways": ctx.operator.ways_to_pay_texts()}, (OWE, PERSON))]
