"""One conversation as rules look at it: what was said, what the debtor did, who it was, what the books held then."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from audit.estate import Estate
from audit.lexicon import anything_forbidden, forbids, groups, tokens
from audit.values import amounts, dictionaries, words
from compliance.models import Level
from compliance.operator import operator
from compliance.profile import Profile, profile
from conversations.models import Author
from ledger.money import Money
from runtime.ids import DebtorId

Read = Callable[[Any], Any]

AMOUNT = re.compile(r"[£$€]\s?\d[\d,.]*|\b\d[\d,.]*\s?(?:€|(?:gbp|usd|eur|pounds?|dollars?|quid|euros?)\b)|"
                    r"\b(?:gbp|usd|eur)\s?\d[\d,.]*")
"""An amount of money in words of any language we write."""
INVITING = frozenset({"pay_now", "request_payment_plan", "promise_to_pay", "confirm_plan"})
"""Intents of buttons that invite to pay."""
SERVICE = frozenset({
    "greeting", "greeting_verified", "greeting_identified", "greeting_dead_link", "payment_received",
    "payment_received_unsure", "payment_received_private", "payment_with_staff", "payment_returned", "trouble",
    "session_over", "stopped", "stopped_here", "no_host_identity", "too_many_messages", "message_too_long",
    "unknown_button", "attachment", "host_identity_refused", "session_renew", "session_keyless", "not_this_client",
    "earlier_hidden",
})
"""Texts said without a turn that the debtor's own act caused all the same: service messages, not proactive ones."""


ANSWERED_WITHIN = timedelta(days=7)
"""For so long after the debtor's last words what staff write is an answer."""


class Said:
    """One message."""

    __slots__ = ("__dict__", "_card", "_values", "at", "author", "buttons", "event_id", "id", "name", "text", "turn_id")

    def __init__(self, *, id: int, event_id: int, author: Author, at: datetime, name: str | None, turn_id: int | None,
                 buttons: Sequence[Mapping[str, str]], text: str | None, values: str | None, card: str | None) -> None:
        self.id, self.event_id, self.author, self.at = id, event_id, author, at
        self.name, self.turn_id, self.buttons = name, turn_id, buttons
        self.text = text or ""
        """The words; empty where they were erased."""
        self._values, self._card = values, card

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The typed values the text was filled with."""
        return dict(json.loads(self._values) or {}) if self._values else {}

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """The card under it."""
        return dict(json.loads(self._card) or {}) if self._card else {}

    @cached_property
    def shown(self) -> str:
        """Everything that was to be read: words, card and buttons, in lower case and with single blanks."""
        card = [text for name, part in self.card.items() if name != "link" for text in words(part)]
        if link := self.card.get("link"):
            card.append(str(link.get("title", "")))
        return " ".join(" ".join([self.text, *card, *(b["title"] for b in self.buttons)]).casefold().split())

    @cached_property
    def tokens(self) -> frozenset[str]:
        """The words that were shown."""
        return tokens(self.shown)

    @cached_property
    def _suspicious(self) -> dict[str, bool]:
        return {}

    def suspicious(self, language: str) -> bool:
        """Whether any word of it could be of one that may not be said."""
        if language not in self._suspicious:
            self._suspicious[language] = anything_forbidden(language).possible(self.tokens)
        return self._suspicious[language]

    @property
    def ours(self) -> bool:
        """Whether we said it: the bot or staff."""
        return self.author in (Author.BOT, Author.STAFF)

    @property
    def bot(self) -> bool:
        """Whether the bot said it."""
        return self.author == Author.BOT

    @cached_property
    def money(self) -> list[tuple[str, Money]]:
        """The amounts among its values, with where each stands."""
        return list(amounts(self.values))

    @property
    def names_amount(self) -> bool:
        """Whether an amount can be read in it."""
        return bool(self.money) or AMOUNT.search(self.shown) is not None


@dataclass
class Did:
    """One turn of the debtor's: how it was read and what was done."""

    id: int
    received_at: datetime
    done_at: datetime | None
    state: str
    intent: str | None
    confidence: float | None
    forced: str | None
    button_id: str | None
    actions: Sequence[str]
    error: str | None
    words: str
    """What was typed; empty where it was erased."""
    sealed: tuple[Any, Any]
    """Terms and choice as they are stored."""
    read: Read

    @cached_property
    def terms(self) -> Mapping[str, Any]:
        """The amounts, dates and rhythm of the message."""
        return dict(self.read(self.sealed[0]) or {})

    @cached_property
    def choice(self) -> Mapping[str, Any]:
        """What the pressed button stands for."""
        return dict(self.read(self.sealed[1]) or {}) if self.sealed[1] is not None else {}

    @cached_property
    def minors(self) -> frozenset[int]:
        """Amounts that were typed or pressed, in minor units of whatever currency was meant."""
        pressed = {value for part in dictionaries(self.choice) for name, value in part.items()
                   if name in ("amount", "minor") and isinstance(value, int)}
        return frozenset({money.minor for _, money in amounts(self.terms)} | pressed)


@dataclass(frozen=True, slots=True)
class Stood:
    """A verification: who was taken to write, how, and from when till when."""

    debtor_id: DebtorId
    level: Level
    method: str
    linked: bool
    since: datetime
    last_used_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A ticket."""

    id: int
    kind: str
    urgent: bool
    opened_at: datetime
    closed_at: datetime | None
    debtor_id: DebtorId | None
    conversation_id: str | None


@dataclass
class Case:
    """One conversation and everything around it."""

    id: str
    channel: str
    locale: str
    language: str
    created_at: datetime
    last_activity_at: datetime
    next_event: int
    stopped_at: datetime | None
    safeguarded_at: datetime | None
    now: datetime
    messages: list[Said] = field(default_factory=list)
    turns: dict[int, Did] = field(default_factory=dict)
    stood: list[Stood] = field(default_factory=list)
    tickets: list[Opened] = field(default_factory=list)
    estates: dict[DebtorId, Estate] = field(default_factory=dict)
    intents: dict[int, list[str]] = field(default_factory=dict)
    """Intents of a message's buttons, by its id."""
    creditors: re.Pattern[str] | None = None
    """The names of all creditors."""

    # What was said --------------------------------------------------------------------------------------------------

    @cached_property
    def ours(self) -> list[Said]:
        """What we said, in order."""
        return [said for said in self.messages if said.ours]

    @cached_property
    def _answers(self) -> dict[int, list[Said]]:
        found: dict[int, list[Said]] = {}
        for said in self.ours:
            if said.turn_id is not None:
                found.setdefault(said.turn_id, []).append(said)
        return found

    def answers(self, turn: Did) -> list[Said]:
        """What was said to a turn."""
        return self._answers.get(turn.id, [])

    def heard(self) -> Iterator[tuple[Said, Did]]:
        """What the debtor typed, with its turn."""
        for said in self.messages:
            if said.author == Author.DEBTOR and said.turn_id in self.turns:
                turn = self.turns[said.turn_id]
                if turn.button_id is None:
                    yield said, turn

    def proactive(self) -> Iterator[Said]:
        """What we said that no act of the debtor's caused; staff's answers to the debtor's words are not of it."""
        last: datetime | None = None
        for said in self.messages:
            if said.author == Author.DEBTOR:
                last = said.at
            elif said.bot:
                if said.turn_id is None and said.name not in SERVICE:
                    yield said
            elif said.author == Author.STAFF and (last is None or said.at - last > ANSWERED_WITHIN):
                yield said

    def found(self, group: str, said: Said) -> str | None:
        """The first words of a group in what was shown; what is configured and named there by name does not count."""
        if forbids(group, self.language) and not said.suspicious(self.language):
            return None
        for one in groups(group, self.language):
            if one.possible(said.tokens) and (hit := one.first(said.shown, lambda: self._configured(said))):
                return hit
        return None

    def heard_words(self, group: str, said: Said) -> bool:
        """Whether the debtor's words have words of a group that sets a rule going."""
        return any(one.possible(said.tokens) and one.first(said.shown) for one in groups(group, self.language))

    def _configured(self, said: Said) -> list[str]:
        named = [text.casefold() for part in ("advice", "crisis", "legal_name", "operator", "words", "law", "ombudsman",
                                              "register", "report_to", "sender", "ways")
                 for text in words(said.values.get(part)) if len(text) > 3]
        named += [" ".join(text.split()) for text in list(named)]
        return sorted({*named, *allowed_words(self.profile_for(said))}, key=len, reverse=True)

    def _without_configured(self, said: Said) -> str:
        shown = said.shown
        for text in self._configured(said):
            shown = shown.replace(text, " ~ ")
        return shown

    def speaks_of_debt(self, said: Said) -> str | None:
        """What in a message speaks of a debt: an amount, a creditor's name, a word of the table; None: nothing does."""
        if said.money:
            return "an amount"
        if AMOUNT.search(said.shown) and AMOUNT.search(self._without_configured(said)):
            return "an amount"
        if self.creditors is not None and self.creditors.search(said.shown) and self.creditors.search(
                self._without_configured(said)):
            return "a creditor's name"
        hit_words = self.found("debt", said)
        return f"“{hit_words}”" if hit_words else None

    def invites(self, said: Said) -> str | None:
        """How a message invites to pay: by a link, a button, a question; None: it does not."""
        if said.card.get("kind") == "payment" and said.card.get("link"):
            return "a payment link"
        if offered := INVITING.intersection(self.intents.get(said.id, ())):
            return f"a button ({sorted(offered)[0]})"
        return "an invitation" if said.values.get("invite") is True else None

    # Who it was -----------------------------------------------------------------------------------------------------

    @cached_property
    def spans(self) -> list[tuple[Stood, datetime, datetime]]:
        """Each verification with the time through which it verified: until it ended, grew old or lay idle."""
        limits = profile(self.locale[-2:]).identity
        idle, longest = timedelta(minutes=limits.idle_minutes), timedelta(hours=limits.verified_hours)
        touched = sorted(turn.received_at for turn in self.turns.values())
        sure = {(row.debtor_id, row.since) for row in self.stood if row.level == Level.VERIFIED}
        found = []
        for row in self.stood:
            if row.level != Level.VERIFIED and (row.method != "link" or (row.debtor_id, row.since) in sure):
                continue
            last = max(row.since, row.last_used_at)
            if row.level != Level.VERIFIED:  # a link that only identifies now: it verified until the first long silence
                last = row.since
                for at in touched:
                    if at > last:
                        if at - last >= idle:
                            break
                        last = at
            end = min(row.since + longest, last + idle)
            found.append((row, row.since, min(end, row.ended_at) if row.ended_at else end))
        return found

    def verified(self, at: datetime) -> DebtorId | None:
        """Who was verified at a moment."""
        return next((row.debtor_id for row, since, end in reversed(self.spans) if since <= at < end), None)

    def method(self, at: datetime) -> str | None:
        """How they were verified."""
        return next((row.method for row, since, end in reversed(self.spans) if since <= at < end), None)

    def identified(self, at: datetime) -> DebtorId | None:
        """Whom a link names, at a moment."""
        return next((row.debtor_id for row in reversed(self.stood)
                     if row.linked and row.since <= at and (row.ended_at is None or at < row.ended_at)), None)

    def whose(self, at: datetime) -> Estate | None:
        """The books of whoever is verified or identified at a moment."""
        debtor_id = self.verified(at) or self.identified(at)
        return self.estates.get(debtor_id) if debtor_id is not None else None

    def anyone(self) -> Estate | None:
        """The books of whoever was last taken to write here, at any time."""
        return self.estates.get(self.stood[-1].debtor_id) if self.stood else None

    # Which law ------------------------------------------------------------------------------------------------------

    @property
    def country(self) -> str | None:
        """The country whose law is in force: the debtor's, else that of the conversation's locale."""
        somebody = self.anyone()
        return somebody.country if somebody else self.locale[-2:].upper()

    @property
    def collector(self) -> bool:
        """Whether we collect for another here; unknown counts as yes."""
        somebody = self.anyone()
        return somebody is None or somebody.collector

    def profile_for(self, said: Said) -> Profile:
        """The rules in force towards whoever it was said to."""
        somebody = self.whose(said.at) or self.anyone()
        return somebody.profile if somebody else profile(self.locale[-2:])

    def ticket(self, *kinds: str, since: datetime, until: datetime) -> bool:
        """Whether a ticket of one of these kinds was open within a time, for this conversation or its debtor."""
        return any(t.kind in kinds and t.opened_at <= until and (t.closed_at is None or t.closed_at >= since)
                   for t in self.tickets)


_ALLOWED: dict[str, tuple[str, ...]] = {}


def allowed_words(rules: Profile) -> tuple[str, ...]:
    """The texts and names that operator file and profile configure, in lower case: what they say may be said."""
    key = f"{rules.name}:{rules.title}"
    if key not in _ALLOWED:
        office = operator()
        texts = [c.text for c in office.consequences]
        texts += [text.format(operator=office.legal_name)
                  for disclosure in rules.disclosures.values() for text in disclosure.text.values()]
        names = [c.name for c in (*rules.crisis, *rules.free_advice)]
        names += [office.legal_name, office.trading_name, rules.fraud_report, office.website, office.email or ""]
        names += [licence.name for licence in office.licences]
        _ALLOWED[key] = tuple({" ".join(text.casefold().split()) for text in (*texts, *names) if text})
    return _ALLOWED[key]
