"""Rule 27: a possibly valid dispute suspends collection; the firm proves the debt."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from audit.rule import UK, Found, Rule
from audit.rules import disputes
from audit.scope import Scope


def books(session: Session, scope: Scope) -> Iterator[Found]:
    yield from disputes.agreed(session, scope, UK, collectors_only=False)


RULE = Rule(27, "A dispute suspends collection", "CONC 7.14",
            "what debtors typed; holds and tickets; what was asked, sent and agreed while a dispute stood",
            "Place the hold now, ask the creditor for proof, and write to the debtor with the outcome.", countries=UK,
            conversation=disputes.check, outgoing=disputes.outgoing, books=books)
