"""Which events a receiver gets: those of its own creditors, or of all that have no receiver of their own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ledger.models import Creditor, Debt, Debtor

_SHARED = frozenset({"total", "instalment", "amount", "received", "left", "owed", "balance"})
"""Figures over debts of several creditors: no creditor learns what is owed to another."""


@dataclass(frozen=True, slots=True)
class Serves:
    """``only`` these creditors' events; without them all but those of creditors who have a receiver of their own."""

    only: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()

    @property
    def everything(self) -> bool:
        """Whether it gets all there is."""
        return not self.only and not self.but

    def part(
        self, event: dict[str, Any], owners: Collection[str], owner_of: Mapping[str, str]
    ) -> dict[str, Any] | None:
        """What of an event goes to this receiver; None for nothing. ``owners`` are the creditors it concerns.

        What concerns creditors of several receivers goes to each of them: a creditor's own is told of its own debts
        alone, and of no figure over all of them.
        """
        mine = [owner for owner in owners if (owner in self.only if self.only else owner not in self.but)]
        if not mine and (self.only or owners):
            return None
        if not self.only or len(mine) == len(owners) or "debts" not in event["facts"]:
            return event
        facts = {name: value for name, value in event["facts"].items() if name not in _SHARED}
        facts["debts"] = [ref for ref in event["facts"]["debts"] if owner_of.get(ref) in self.only]
        return {**event, "facts": facts | {"partial": True}}


EVERYTHING = Serves()


def parts(session: Session, events: Sequence[dict[str, Any]], serves: Serves) -> tuple[dict[str, Any], ...]:
    """What of the events goes to a receiver, in their order."""
    if serves.everything:
        return tuple(events)
    debtors = {event["debtor"] for event in events if event["creditor"] is None}
    owner_of: dict[str, str] = {}
    of_debtor: dict[str, dict[str, None]] = {}
    for debtor, debt, creditor in session.execute(
            select(Debtor.ref, Debt.ref, Creditor.ref).join(Debt, Debt.debtor_id == Debtor.id)
            .join(Creditor, Creditor.id == Debt.creditor_id).where(Debtor.ref.in_(debtors)).order_by(Debt.id)):
        owner_of[debt] = creditor
        of_debtor.setdefault(debtor, {})[creditor] = None
    found = []
    for event in events:
        named = [owner_of[ref] for ref in event["facts"].get("debts", ()) if ref in owner_of]
        owners = [event["creditor"]] if event["creditor"] else list(
            dict.fromkeys(named) or of_debtor.get(event["debtor"], {}))
        if (part := serves.part(event, owners, owner_of)) is not None:
            found.append(part)
    return tuple(found)


def serving(names: Sequence[str], own: Mapping[str, frozenset[str]]) -> dict[str, Serves]:
    """What each of the named receivers serves, when some have creditors of their ``own``."""
    taken = frozenset(ref for refs in own.values() for ref in refs)
    return {name: Serves(only=own[name]) if name in own else Serves(but=taken) for name in names}
