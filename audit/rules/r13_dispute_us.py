"""Rule 13: a dispute typed in chat is a written one, and collection of that debt stops until it is answered."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit.rule import US, Found, Rule
from audit.rules import disputes
from audit.scope import Scope


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from disputes.agreed(session, scope, US, collectors_only=True)


RULE = Rule(13, "A typed dispute stops collection", "Reg F 1006.38",
            "what debtors typed; holds and tickets; what was asked, sent and agreed while a dispute stood",
            "Place the hold now, answer the dispute, and give back what was taken.", countries=US, collectors_only=True,
            conversation=disputes.check, outgoing=disputes.outgoing, books=books)
