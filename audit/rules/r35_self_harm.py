"""Rule 35: a risk of self-harm: crisis numbers, staff, and nothing about money until a person speaks of it."""

import re
from collections.abc import Iterator

from audit.case import Case, Said
from audit.effects import AT_ONCE
from audit.resting import resting
from audit.rule import Found, Rule
from compliance.safety_net import self_harm
from ledger.kinds import HoldReason

HELD = (HoldReason.SELF_HARM,)
WORTH_READING = re.compile(
    r"kill|kil |suic|su[ie]?cid|suisid|sucid|kms|kys|\bdie\b|dying|dead|death|unalive|hang|drown|overdos|harm|hurt my|"
    r"cut my|end(?:ing)? (?:my|me|it|this|every)|take my|my life|own life|jump|bridge|pills|gun\b|rope|any ?more|alive|"
    r"better off|goodbye|be here|wake|no point|want to (?:be|live|go)|go on|carry on|matar|morir|vivir|vida")


def check(case: Case) -> Iterator[Found]:
    for said, turn in case.heard():
        sure = turn.forced == "self_harm_risk" or (WORTH_READING.search(said.shown) and self_harm(said.text))
        if sure:
            yield from _answered(case, said, [a for a in case.answers(turn) if a.bot])
    for said in case.ours:
        if said.bot and (since := _safeguarded(case, said)) and (said.names_amount or case.invites(said)):
            yield Found(f"the bot speaks of money after a sign of self-harm ({since})", said)


def _safeguarded(case: Case, said: Said) -> str | None:
    estate = case.whose(said.at)
    if estate is not None:
        hold = resting(estate, said.at, HELD)
        return f"on hold since {hold.placed_at:%Y-%m-%d}" if hold else None
    if case.safeguarded_at is not None and case.safeguarded_at < said.at:
        return f"on {case.safeguarded_at:%Y-%m-%d}, and it is not known who writes"
    return None


def _answered(case: Case, said: Said, answers: list[Said]) -> Iterator[Found]:
    if not case.ticket("self_harm", "self_harm_doubt", since=said.at, until=said.at + AT_ONCE):
        yield Found("a sign of self-harm, and staff were not alerted", said)
    if answers and not any(answer.values.get("crisis") for answer in answers):
        yield Found("a sign of self-harm was answered without crisis numbers", answers[0])
    for answer in answers:
        if answer.names_amount or case.invites(answer):
            yield Found("money is named in the answer to a sign of self-harm", answer)


RULE = Rule(35, "Danger comes before everything", "safeguarding practice",
            "what debtors typed, as the safety net reads it; answers, alerts, holds, and all that the bot said since",
            "Have somebody trained for it speak with the debtor now.", conversation=check)
