"""Rule 33: requests about personal data are answered in time."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit.effects import overdue
from audit.rule import Found, Rule
from audit.scope import Scope


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from overdue(session, scope, "privacy", lambda rules: rules.data_request_days,
                       "a request about personal data")


RULE = Rule(33, "Data requests are answered", "GDPR 9, 15, 17, 22", "tickets about personal data, and when they closed",
            "Answer it today, and tell the debtor why it is late.", books=books)
