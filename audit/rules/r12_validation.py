"""Rule 12: validation information is sent in time, and on request."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit.effects import overdue
from audit.rule import US, Found, Rule
from audit.scope import Scope


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from overdue(session, scope, "validation", lambda rules: rules.validation_days, "a request for proof", US)


RULE = Rule(12, "Validation information in time", "Reg F 1006.34",
            "tickets of requests for proof, and when they closed",
            "Send the papers today.", countries=US, collectors_only=True, books=books,
            not_judged=("the notice within five days of the first communication: notices leave by post, and no table "
                        "records that they were sent",))
