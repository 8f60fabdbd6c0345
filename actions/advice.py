"""Free advisers of the debtor's country and region, as the texts name them."""

from typing import Any

from actions.context import Context

NAMED = 2
"""As many as fit into a sentence."""


def advice(ctx: Context, *, by_phone: bool = True) -> list[dict[str, Any]]:
    """Advisers to name: the first two that can be rung, or all of them."""
    region = ctx.debtor.region if ctx.standing.verified else None
    found = [{"name": a.name, "phone": a.phone, "website": a.website} for a in ctx.profile.advice_for(region)]
    return [a for a in found if a["phone"]][:NAMED] if by_phone else found
