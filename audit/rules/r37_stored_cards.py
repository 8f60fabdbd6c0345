"""Rule 37: a stored card needs a written authorisation."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit.rule import Found, Rule
from audit.scope import Scope
from audit.values import dictionaries
from payments.models import CheckoutSession, PayLink


def books(session: Session, scope: Scope) -> Iterator[Found]:
    rows = session.execute(
        select(CheckoutSession.id, CheckoutSession.request, CheckoutSession.created_at)
        .join(PayLink, PayLink.id == CheckoutSession.pay_link_id)
        .where(scope.within(CheckoutSession.created_at), scope.of_debtors(PayLink.debtor_id))
        .order_by(CheckoutSession.id).execution_options(yield_per=500))
    for number, request, at in rows:
        if _stores_card(request):
            yield Found("asks the processor to keep the card, and no written authorisation is recorded",
                        subject=f"checkout {number}", at=at)


def _stores_card(request: dict[str, Any]) -> bool:
    return request.get("mode") == "setup" or any(
        part.get("setup_future_usage") or part.get("off_session") for part in dictionaries(request))


RULE = Rule(37, "Stored cards need a written authorisation", "Reg E 1005.10(b), Reg F 1006.22(c); CONC 7.6",
            "requests to the card processor", "Remove the card at the processor; ask for the authorisation first.",
            books=books, not_judged=("authorisations, notices and retries: the desk stores no cards yet",))
