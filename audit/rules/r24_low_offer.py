"""Rule 24: an offer below the floor is answered with the nearest once, then by a person, on hold; never a flat no."""

from collections.abc import Iterator

from audit import lexical
from audit.case import Case
from audit.effects import AT_ONCE, SAME_MATTER
from audit.rule import Found, Rule
from ledger.kinds import HoldReason

FLAT_NO = lexical.said("flat_no", "a flat no")


def check(case: Case) -> Iterator[Found]:
    yield from FLAT_NO(case)
    before = None
    for said in case.ours:
        if said.name == "plan_below" and before is not None and before.name == "plan_below" and (
                before.turn_id != said.turn_id and before.values.get("total") == said.values.get("total")):
            yield Found("the nearest plan was offered twice in a row instead of a person", said)
        if said.bot:
            before = said
        if said.name == "plan_to_colleague":
            estate = case.whose(said.at)
            if not case.ticket("offer", since=said.at - SAME_MATTER, until=said.at + AT_ONCE):
                yield Found("the debtor was told that a colleague has the offer, and no ticket stands for it", said)
            elif estate is not None and not any(
                    hold.reason is HoldReason.STAFF_REVIEW and hold.placed_at <= said.at + AT_ONCE and
                    (hold.lifted_at is None or hold.lifted_at >= said.at) for hold in estate.holds):
                yield Found("nobody was to chase meanwhile, and there is no hold for it", said)


RULE = Rule(24, "A low offer is never refused flatly", "CONC 7.3.4, 7.3.8",
            "answers to offers below the floor, their tickets and holds, and words of refusal",
            "Write to the debtor with what is possible, token payments too; place the hold.",
            conversation=check, outgoing=lexical.sent("flat_no", "a flat no"))
