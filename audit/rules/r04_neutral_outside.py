"""Rule 4: what goes to an unverified channel, to Stripe's page and to a card statement says nothing of a debt."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from audit import lexical
from audit.lexicon import groups, languages
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from audit.scope import Scope
from audit.values import words
from compliance.operator import operator
from compliance.operator_parts import HINTS
from payments.models import CheckoutSession, PayLink

ADDRESSES = ("success_url", "cancel_url", "metadata", "client_reference_id")
"""Parts of a request to Stripe that nobody reads."""


def outgoing(item: Outgoing) -> Iterator[Found]:
    for group, why in (("debt", "a word about debt goes to an unverified channel"), ("ruse", "bait is sent")):
        if hit := item.found(group):
            yield Found(f"{why}: “{hit}”")


def books(session: Session, scope: Scope) -> Iterator[Found]:
    if scope.conversation is None and HINTS.search(operator().neutral_sender):
        yield Found("the sender's name hints at a debt", subject="operator.yml: neutral_sender")
    rows = session.execute(
        select(CheckoutSession.id, CheckoutSession.request, CheckoutSession.created_at)
        .join(PayLink, PayLink.id == CheckoutSession.pay_link_id)
        .where(scope.within(CheckoutSession.created_at), scope.of_debtors(PayLink.debtor_id))
        .order_by(CheckoutSession.id).execution_options(yield_per=500))
    for number, request, at in rows:
        shown = " ".join(words(_read_by_people(request))).casefold()
        for group in (group for language in languages() for group in groups("debt", language)):
            if hit := group.first(shown):
                yield Found(f"the payment page or card statement says “{hit}”", subject=f"checkout {number}", at=at)
                break


def _read_by_people(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _read_by_people(part) for name, part in value.items() if name not in ADDRESSES}
    return [_read_by_people(part) for part in value] if isinstance(value, list) else value


RULE = Rule(4, "Outside a verified conversation nothing hints at a debt", "Reg F 1006.2(j); CONC 7.9.2, 7.9.8",
            "the outbox, the requests to the card processor, the neutral sender, and bait in any message",
            "Change the text or the name, and tell whoever answers for data protection.",
            conversation=lexical.said("ruse", "bait"), outgoing=outgoing, books=books)
