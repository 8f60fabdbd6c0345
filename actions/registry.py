"""The actions by name. An action is a function from its context to what to say.

``needs_identity`` asks who it is first and comes back to the action once that is known, with the terms of the
message that started it. ``fresh`` asks a verified debtor once more where that was proved some time ago. ``aside``
repeats the question that was open after answering something in between.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from actions.context import Context
from conversations.say import Say

Answer = Sequence[Say]
Function = Callable[[Context], Answer]


@dataclass(frozen=True)
class Registered:
    """An action as it was declared."""

    name: str
    function: Function
    needs_identity: bool
    aside: bool
    fresh: bool = False


ACTIONS: dict[str, Registered] = {}
REPEATS: dict[str, Function] = {}


def action(name: str, *, needs_identity: bool = False, aside: bool = False,
           fresh: bool = False) -> Callable[[Function], Function]:
    """Declare a function to be the action ``name``."""

    def declare(function: Function) -> Function:
        if name in ACTIONS:
            raise ValueError(f"two actions are called {name}")
        ACTIONS[name] = Registered(name, function, needs_identity, aside, fresh)
        return function

    return declare


def repeats(question: str) -> Callable[[Function], Function]:
    """Declare how the open question ``question`` is put again."""

    def declare(function: Function) -> Function:
        REPEATS[question] = function
        return function

    return declare
