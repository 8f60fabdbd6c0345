"""What the gateway makes of a message before anybody else sees it (architecture, "One turn", step 2)."""

import unicodedata
from datetime import date

from compliance.factors import find_factors, mask_cards
from compliance.safety_net import urgent_intent
from conversations.models import Conversation
from conversations.terms import Terms, find_terms
from conversations.turns import Heard
from runtime.errors import DebtorError

MAX_TEXT = 4000
"""Characters of one message; Telegram's own limit is 4096."""

CURRENCY = {"GB": "GBP", "US": "USD", "IE": "EUR", "ES": "EUR"}


def clean(text: str) -> str:
    """``text`` without control characters, in composed form, and without what Rasa would take for a command.

    Rasa gives ``/intent{…}`` from anybody confidence 1.0, and strips any Unicode white space before it looks for
    the slash; so leading white space, invisible format characters and slashes go, until none is left.
    """
    kept = "".join(c for c in unicodedata.normalize("NFC", text) if c in "\n\t" or unicodedata.category(c) != "Cc")
    kept = "".join(c for c in kept if unicodedata.category(c) != "Cs")
    start = 0
    while start < len(kept) and (kept[start].isspace() or kept[start] in "/\ufeff"
                                 or unicodedata.category(kept[start]) in ("Cf", "Zs", "Zl", "Zp")):
        start += 1
    return kept[start:].rstrip()


def hear(text: str, conversation: Conversation, *, today: date) -> Heard:
    """Read one typed message. Raises DebtorError when it is too long to be one."""
    if len(text) > MAX_TEXT:
        raise DebtorError("message_too_long", limit=MAX_TEXT)
    shown = mask_cards(clean(text))
    question = (conversation.open_question or {}).get("name")
    found = find_factors(shown, locale=conversation.locale, identity_open=question == "identity")
    terms = find_terms(found.masked if question != "identity" else "", locale=conversation.locale,
                       currency=CURRENCY.get(conversation.locale[-2:].upper(), "GBP"), today=today)
    forced: str | None = urgent_intent(shown)
    if forced is None and question == "identity" and any(found.factors.values()):
        forced = "inform"
    if forced is None and not any(c.isalnum() for c in found.masked):
        forced = "out_of_scope"
    return Heard(raw=shown, shown=shown or "…", masked=found.masked or "…", terms=_kept(terms), factors=found.factors,
                 forced_intent=forced)




def _kept(terms: Terms) -> dict[str, object]:
    """The terms as a turn keeps them: the contract's JSON, and the amount that stands beside the rhythm."""
    return terms.json() | ({"instalment": terms.instalment.json()} if terms.instalment else {})
