"""Rule 31: a person is always one step away, no loop is longer than two misunderstandings, nobody goes unanswered."""

from collections.abc import Iterator

from audit.case import Case
from audit.effects import AT_ONCE, SAME_MATTER
from audit.rule import Found, Rule

MISSED = frozenset({"not_understood", "out_of_scope"})
MOST = 2


def check(case: Case) -> Iterator[Found]:
    missed = 0
    for turn in case.turns.values():
        answers = case.answers(turn)
        names = {said.name for said in answers}
        missed = missed + 1 if names & MISSED else (missed if not answers else 0)
        if missed > MOST:
            yield Found(f"not understood {missed} times in a row, and no person was brought", answers[-1])
        if turn.state == "failed" and not answers:
            yield Found("a turn failed and nothing was said", at=turn.received_at)
        if "action_human" in turn.actions and not case.ticket(
                "human", since=turn.received_at - SAME_MATTER, until=turn.received_at + AT_ONCE):
            yield Found("a person was asked for, and there is no ticket", answers[0] if answers else None,
                        at=turn.received_at)


RULE = Rule(31, "A person is one step away", "CFPB chatbots spotlight 2023",
            "misunderstandings in a row, turns that failed, requests for a person and their tickets",
            "Have a person write to the debtor now.", conversation=check)
