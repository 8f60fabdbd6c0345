"""Rule 30: the bot says that it is one at the start, and whenever it is asked."""

from collections.abc import Iterator

from audit.case import Case, Said
from audit.rule import Found, Rule


def check(case: Case) -> Iterator[Found]:
    first: list[Said] = []
    for said in case.messages:
        if said.bot and (not first or said.turn_id == first[0].turn_id):
            first.append(said)
        elif first:
            break
    if first and not any(case.found("a_bot", said) for said in first):
        yield Found("the bot's first words do not say that it is a bot", first[0])
    for said, turn in case.heard():
        if not case.heard_words("asks_if_bot", said):
            continue
        answers = [answer for answer in case.answers(turn) if answer.bot]
        if answers and not any(case.found("a_bot", answer) for answer in answers):
            yield Found("asked whether it is a bot, it did not say so", answers[0])


RULE = Rule(30, "The bot says that it is a bot", "EU AI Act art. 50",
            "the first words of each conversation, and answers to the question",
            "Greet before answering on that channel; add the question to the training data.", conversation=check)
