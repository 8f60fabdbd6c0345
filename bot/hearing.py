"""What the gateway makes of a message before anybody else sees it (architecture, "One turn", step 2)."""

import re
import unicodedata
from datetime import date

from compliance.factors import Found, find_factors, mask_cards
from compliance.safety_net import urgent_intent
from conversations.models import Conversation
from conversations.terms import Terms, find_terms
from conversations.terms.bare import is_bare, is_which
from conversations.turns import Heard
from runtime.errors import DebtorError

MAX_TEXT = 4000
"""Characters of one message; Telegram's own limit is 4096."""

ASKS_WHICH = frozenset({"pay_debt", "plan_creditor", "dispute_which"})
ANSWERED_BY_TERMS = frozenset({"pay_amount", "plan_creditor", "plan_offer", "plan_confirm", "promise_details",
                               "promise_confirm"})
"""Open questions to which a bare amount, day or rhythm is the answer, whatever else it may look like."""

ANSWERED_BY_CONTACT = frozenset({"adviser_contact", "new_details", "callback_time", "more_for_ticket"})
"""Open questions to which a message with a telephone number, an e-mail address or a postcode is the answer."""
_CONTACT = re.compile(r"\[(?:phone|email|postcode)\]")

_SAYING_WHO = re.compile(r"""
    my|reference|ref|number|no|num|is|date|of|birth|dob|born|postcode|post|code|zip|surname|name|names|last|
    first|full|family|and|the|a|its|it's|i|was|on|in|hi|hello|hey|here|am|im|i'm|account|called|this|that's|
    thats|it|me|yes|ok|okay|so|please|thank|thanks|cheers|ta|you|very|much|there|go|these|those|details|bye|
    goodbye
""", re.VERBOSE)
"""Words with which people say who they are."""

CURRENCY = {"GB": "GBP", "US": "USD", "IE": "EUR", "ES": "EUR"}


def clean(text: str) -> str:
    """``text`` without control characters, in composed form, and without what Rasa would take for a command.

    Rasa gives ``/intent{…}`` from anybody confidence 1.0, and strips any Unicode white space before it looks for
    the slash; so leading white space, invisible format characters and slashes go, until none is left.
    """
    kept = "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs"))
    kept = unicodedata.normalize("NFC", kept)  # last: what stood between a letter and its accent is gone
    return _no_command(kept).rstrip()


def _no_command(words: str) -> str:
    start = 0
    while start < len(words) and (words[start].isspace() or words[start] in "/\ufeff"
                                  or unicodedata.category(words[start]) in ("Cf", "Zs", "Zl", "Zp")):
        start += 1
    return words[start:]


def hear(text: str, conversation: Conversation, *, today: date) -> Heard:
    """Read one typed message. Raises DebtorError when it is too long to be one."""
    if len(text) > MAX_TEXT:
        raise DebtorError("message_too_long", limit=MAX_TEXT)
    shown = mask_cards(clean(text))
    question = (conversation.open_question or {}).get("name")
    found = find_factors(shown, locale=conversation.locale, identity_open=question == "identity")
    given = any(found.factors.values())
    beside = _beside(found, asked=question == "identity") if given else None
    if question != "identity":
        words = beside or found.masked
    else:  # figures stay here; only everyday words travel on
        words = find_factors(shown, locale=conversation.locale, identity_open=False).masked if beside else ""
    terms = find_terms(words, locale=conversation.locale,
                       currency=CURRENCY.get(conversation.locale[-2:].upper(), "GBP"), today=today)
    forced: str | None = urgent_intent(shown)
    if forced is None and question == "identity" and given and beside is None:
        forced = "inform"
    if forced is None and question in ANSWERED_BY_TERMS and is_bare(words, terms):
        forced = "inform"
    if forced is None and question in ASKS_WHICH and is_which(words):
        forced = "inform"
    if forced is None and question in ANSWERED_BY_CONTACT and _CONTACT.search(found.masked):
        forced = "inform"
    if forced is None and not any(c.isalnum() for c in found.masked):
        forced = "out_of_scope"
    masked = _no_command(beside or found.masked)  # again: what stood before a slash may have been taken out
    return Heard(raw=shown, shown=shown or "…", masked=masked or "…", terms=_kept(terms),
                 factors=found.factors, forced_intent=forced)


def _beside(found: Found, *, asked: bool) -> str | None:
    """What was wanted in a message that also says who writes it: "can i pay 50, DD-1042, 3/4/71" ends without the rest.

    None when the message only says who it is. One mask alone outside the identity question belongs to the sentence
    ("what does [reference] relate to").
    """
    words = found.rest if asked else found.masked
    if not asked and len(_MASK.findall(words)) < 2:
        return None
    plain = " ".join(_MASK.sub(" ", words).split())
    told = [word for word in _WORD.findall(plain.casefold()) if not _SAYING_WHO.fullmatch(word)]
    return plain if len(told) > 1 else None


_MASK = re.compile(r"\[[a-z_]+\]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def _kept(terms: Terms) -> dict[str, object]:
    """The terms as a turn keeps them: the contract's JSON, and the amount that stands beside the rhythm."""
    return terms.json() | ({"instalment": terms.instalment.json()} if terms.instalment else {})
