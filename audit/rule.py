"""What a rule is, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from audit.case import Case, Said
    from audit.outgoing import Outgoing
    from audit.scope import Scope


@dataclass(frozen=True, slots=True)
class Found:
    """Something that broke a rule, as the rule sees it. ``subject`` names what it is, where it is no message."""

    reason: str
    said: "Said | None" = None
    subject: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One violation, as the report names it. Ids and our own words only, never a debtor's."""

    rule: int
    title: str
    subject: str
    """``message 12``, ``outbox 7``, ``posting 31`` …"""
    conversation: str | None
    message: int | None
    at: datetime | None
    reason: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the design's table, and how it is judged from what is stored.

    ``conversation`` looks at one conversation, ``outgoing`` at one thing sent outside of one, ``books`` at rows of the
    ledger and other tables by queries of its own. ``not_judged`` says what of the rule no stored fact can show yet.
    """

    number: int
    title: str
    source: str
    reads: str
    to_do: str
    countries: frozenset[str] = frozenset()
    """Where it applies (ISO 3166); empty: everywhere."""
    collectors_only: bool = False
    """Whether it binds those who collect for another only."""
    conversation: "Callable[[Case], Iterator[Found]] | None" = None
    outgoing: "Callable[[Outgoing], Iterator[Found]] | None" = None
    books: "Callable[[Session, Scope], Iterator[Found]] | None" = None
    not_judged: tuple[str, ...] = field(default=())

    def applies(self, country: str | None, *, collector: bool) -> bool:
        """Whether it binds us towards a debtor in ``country``; an unknown country is judged like every one."""
        return (not self.countries or country is None or country in self.countries) and (
            collector or not self.collectors_only)


US, UK = frozenset({"US"}), frozenset({"GB"})
