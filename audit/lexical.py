"""Rules that a table of words decides: ``words/``."""

from collections.abc import Callable, Iterator

from audit.case import Case
from audit.outgoing import Outgoing
from audit.rule import Found


def said(group: str, why: str) -> Callable[[Case], Iterator[Found]]:
    """A check that no message of ours has words of a group, other than those configured."""
    def check(case: Case) -> Iterator[Found]:
        for message in case.ours:
            if hit := case.found(group, message):
                yield Found(f"{why}: “{hit}”", message)
    return check


def sent(group: str, why: str) -> Callable[[Outgoing], Iterator[Found]]:
    """The same for what is sent outside of a conversation."""
    def check(item: Outgoing) -> Iterator[Found]:
        if hit := item.found(group):
            yield Found(f"{why}: “{hit}”")
    return check
