"""The debts a conversation can be about, and what is said when there is nothing the desk may take or agree.

Two walls stand before every figure that could be read as a request: a hold that forbids asking, and the age of a
debt (rule 15: no payment, promise or acknowledgement is invited on one that is too old).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions.advice import advice
from actions.context import Context
from actions.offered import ADVICE, PERSON
from compliance.asking import put_to_staff, role_of
from conversations.say import Say
from ledger.balances import DebtLine, by_creditor
from ledger.money import Money, total
from ledger.money import totals as sum_up


def open_debts(ctx: Context) -> list[DebtLine]:
    """Every debt with something owed on it; none is asked for where the debtor stopped contact (rule 10).

    Staff hear of those whose age only they can decide, and of a place where we have no licence (rules 15, 40).
    """
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    put_to_staff(ctx.session, debtor_id=ctx.verified, conversation_id=ctx.conversation_id, now=ctx.now, lines=lines)
    return [replace(d, askable=False) for d in lines] if lines and ctx.contact_stopped else lines


def too_old(debt: DebtLine) -> bool:
    """Whether nothing may be invited on it because of its age."""
    return debt.time_barred is True


def usable(lines: Sequence[DebtLine]) -> list[DebtLine]:
    """Those the debtor may pay or spread of their own accord."""
    return [d for d in lines if d.payable and not too_old(d)]


def inviting(lines: Sequence[DebtLine]) -> list[DebtLine]:
    """Those we may ask for: no hold forbids it, and none is too old."""
    return [d for d in usable(lines) if d.askable]


def stale(ctx: Context, lines: Sequence[DebtLine]) -> list[dict[str, Any]]:
    """The creditors whose own books are the master and have not confirmed the figure of late, with its day."""
    zone = ZoneInfo(ctx.debtor.timezone) if ctx.debtor.timezone else ctx.operator.zone
    found: dict[str, datetime | None] = {}
    for debt in lines:
        if debt.stale:
            found[debt.creditor] = min(filter(None, (debt.as_of, found.get(debt.creditor, debt.as_of))), default=None)
    return [{"creditor": creditor, "as_of": {"date": at.astimezone(zone).date().isoformat()} if at else None}
            for creditor, at in found.items()]


def totals(amounts: dict[str, Money]) -> list[dict[str, Any]]:
    """One figure per currency, without the zeros."""
    return [amount.json() for amount in amounts.values() if not amount.is_zero]


def sums(lines: Sequence[DebtLine]) -> list[dict[str, Any]]:
    """What is owed on ``lines``: one figure per currency."""
    return totals(sum_up(d.balance for d in lines))


def by_name(lines: Sequence[DebtLine]) -> list[dict[str, Any]]:
    """What is owed to each creditor on ``lines``."""
    return [{"creditor": same[0].creditor, "balance": total((d.balance for d in same), currency).json()}
            for (_, currency), same in by_creditor(lines).items()]


def nothing(ctx: Context) -> Say:
    """A real "nothing today", with what we hold for the debtor beside it."""
    return Say("balance_nothing", {"name": ctx.debtor.first_name, "overpaid": totals(ctx.balance.overpaid)}, (PERSON,))


def wall(ctx: Context, lines: Sequence[DebtLine]) -> Sequence[Say]:
    """What to say instead when nothing of ``lines`` can be paid, spread or promised here; empty when something can."""
    if not lines:
        return [nothing(ctx)]
    if usable(lines):
        return []
    if all(too_old(d) for d in lines):
        return [Say("too_old", age(ctx, lines), (ADVICE, PERSON))]
    return [Say("nothing_to_ask", {"totals": sums(lines), "disputed": all(d.disputed for d in lines)}, (PERSON,))]


def age(ctx: Context, lines: Sequence[DebtLine]) -> dict[str, Any]:
    """The values of the text on debts that are too old, with what the law there wants said of them (rule 15)."""
    old = [d for d in lines if too_old(d)]
    said = [ctx.profile.old_debt_words(role, ctx.conversation.language) for role in dict.fromkeys(map(role_of, old))]
    return {"debts": by_name(old), "law": " ".join(filter(None, said)), "advice": advice(ctx)}
