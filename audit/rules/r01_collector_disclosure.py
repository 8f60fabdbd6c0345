"""Rule 1: a debt collector says that it is one before it speaks of a debt, and again in later communications."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from audit.case import Case
from audit.rule import US, Found, Rule

SLACK = timedelta(minutes=10)
"""The disclosure is decided when an action begins, and stored with the answer."""
NAMES = ("disclosure_first", "disclosure_later")


def check(case: Case) -> Iterator[Found]:
    last: datetime | None = None
    reported = False
    for said in case.ours:
        if said.name in NAMES:
            if last is None and said.name != NAMES[0]:
                yield Found("the first disclosure of the conversation is the short one for later communications", said)
            last, reported = said.at, False
            continue
        estate = case.estates.get(debtor_id) if (debtor_id := case.verified(said.at)) is not None else None
        if estate is None or not estate.collector or not estate.profile.collector_disclosure or reported:
            continue
        again = estate.profile.disclosed_again_after + SLACK
        if (last is None or said.at - last > again) and (what := case.speaks_of_debt(said)):
            reported = True
            when = f"{(said.at - last).days} day(s) after the last disclosure" if last else "before any disclosure"
            yield Found(f"speaks of a debt ({what}) {when}", said)


RULE = Rule(1, "A collector says that it is one", "Reg F 1006.18(e)",
            "what was said to verified debtors, in order, and the disclosures among it",
            "Say the disclosure before anything about a debt; look at why it was left out.",
            countries=US, collectors_only=True, conversation=check)
