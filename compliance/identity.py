"""Who is talking: proved by factors or a personal link, kept as a database row, over after a while.

Nothing about a debt is said before ``who(...).verified`` names somebody. Needed are a reference, a date of birth (or
a one-time code) and a postcode or last name, over one or several messages; after a link that we sent, one factor.
Answers never say which factor was wrong, and an unknown reference behaves like a known one.
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from compliance.codes import code_matches, send_code
from compliance.links import link_url, live_link, make_link, revoke
from compliance.locks import locked_until, record_attempt
from compliance.models import Level, OfferedFactors, Verification
from compliance.profile import Identity, profile
from conversations.models import Conversation
from conversations.turns import next_engine_session
from ledger.models import Debt, Debtor
from runtime import vault
from runtime.ids import ConversationId, DebtorId

__all__ = [
    "Identified", "Locked", "NeedMore", "NotMatched", "Outcome", "Standing", "Verified", "end_verification", "link_url",
    "make_link", "offer_factors", "revoke", "send_code", "touch", "use_link", "who",
]

KINDS = ("references", "dates_of_birth", "postcodes", "names", "codes")
MOST_REFERENCES = 2
"""More references than this in one answer is a search, not an answer."""
MOST_NAMES = 5


@dataclass(frozen=True)
class Standing:
    """Who is verified and who is only identified (through a link that we sent)."""

    verified: DebtorId | None = None
    identified: DebtorId | None = None


@dataclass(frozen=True)
class Verified:
    """It is this debtor."""

    debtor_id: DebtorId


@dataclass(frozen=True)
class Identified:
    """A link that we sent was opened: one factor is needed yet."""

    debtor_id: DebtorId


@dataclass(frozen=True)
class NeedMore:
    """What has not been given yet, whatever the worth of what was given.

    Of ``reference``, ``date_of_birth``, ``postcode_or_name``; after a sent link ``date_of_birth_or_postcode``, or
    ``date_of_birth`` where a postcode would not tell two people of one household apart.
    """

    missing: frozenset[str]


@dataclass(frozen=True)
class NotMatched:
    """Something did not fit. Nobody learns what."""


@dataclass(frozen=True)
class Locked:
    """Too many wrong answers: nothing is compared until then."""

    until: datetime


Outcome = Verified | Identified | NeedMore | NotMatched | Locked


def _limits(session: Session, conversation_id: ConversationId) -> Identity:
    conversation = session.get(Conversation, conversation_id)
    return profile(conversation.locale[-2:] if conversation else None).identity


# Standing ----------------------------------------------------------------------------------------------------------


def _rows(session: Session, conversation_id: ConversationId) -> Sequence[Verification]:
    return session.scalars(_STANDING, {"conversation_id": conversation_id}).all()


_STANDING = (
    select(Verification)
    .where(Verification.conversation_id == bindparam("conversation_id"), Verification.ended_at.is_(None))
    .order_by(Verification.id)
)


def _valid(row: Verification, limits: Identity, now: datetime) -> bool:
    return (now - row.verified_at < timedelta(hours=limits.verified_hours)
            and now - row.last_used_at < timedelta(minutes=limits.idle_minutes))


def who(session: Session, conversation_id: ConversationId, *, now: datetime) -> Standing:
    """Who is verified and who is identified in a conversation at this moment. Writes nothing; one short query."""
    rows = _rows(session, conversation_id)
    return _standing(rows, _limits(session, conversation_id), now) if rows else Standing()


def _standing(rows: Sequence[Verification], limits: Identity, now: datetime) -> Standing:
    verified: DebtorId | None = None
    identified: DebtorId | None = None
    for row in rows:
        if row.ended_at is not None:
            continue
        if row.level == Level.VERIFIED and _valid(row, limits, now):
            verified = row.debtor_id
        if row.link_id is not None and now - row.verified_at < timedelta(days=limits.sent_link_days):
            identified = row.debtor_id  # also where a verification by link has lapsed
    return Standing(verified, identified)


def touch(session: Session, *, conversation_id: ConversationId, now: datetime) -> Standing:
    """Note that the debtor is active, so that a verification in use does not lapse; end one that has lapsed.

    The gateway calls it once for each turn, before anything else asks ``who``.
    """
    limits = _limits(session, conversation_id)
    rows = _rows(session, conversation_id)
    for row in rows:
        if row.level == Level.VERIFIED and not _valid(row, limits, now):
            if row.link_id is None:
                row.ended_at, row.ended_reason = now, "lapsed"
            else:
                row.level = Level.IDENTIFIED
            _begin_afresh(session, conversation_id)
        else:
            row.last_used_at = max(row.last_used_at, now)
    return _standing(rows, limits, now)


def end_verification(session: Session, *, conversation_id: ConversationId, reason: str, now: datetime) -> None:
    """End whatever is known about who is talking, and forget the factors given so far. Ending twice changes nothing."""
    rows = _rows(session, conversation_id)
    for row in rows:
        row.ended_at, row.ended_reason = now, reason
    if given := session.get(OfferedFactors, conversation_id):
        session.delete(given)
    if rows:
        _begin_afresh(session, conversation_id)
    session.flush()


def _begin_afresh(session: Session, conversation_id: ConversationId) -> None:
    if conversation := session.get(Conversation, conversation_id):
        next_engine_session(conversation)


def _stand(session: Session, *, conversation_id: ConversationId, debtor_id: DebtorId, level: Level, method: str,
           now: datetime, link_id: int | None = None) -> None:
    for row in _rows(session, conversation_id):
        same_link = row.link_id is not None and row.debtor_id == debtor_id and row.level == Level.IDENTIFIED
        if level == Level.VERIFIED and same_link:
            continue  # the link goes on identifying when this verification lapses
        row.ended_at, row.ended_reason = now, "replaced"
    session.add(Verification(conversation_id=conversation_id, debtor_id=debtor_id, level=level, method=method,
                             link_id=link_id, verified_at=now, last_used_at=now))
    if level == Level.VERIFIED:  # the rules and the order of day and month are those of where the debtor lives
        conversation = session.get_one(Conversation, conversation_id)
        conversation.locale = f"{conversation.language}-{session.get_one(Debtor, debtor_id).country}"
    if given := session.get(OfferedFactors, conversation_id):
        session.delete(given)
    session.flush()


# Links -------------------------------------------------------------------------------------------------------------


def use_link(session: Session, *, conversation_id: ConversationId, token: str, now: datetime) -> Outcome:
    """Open a personal link in a conversation. No lock stands in its way.

    Verified for one made by staff, Identified for one that we sent, NotMatched for one that does not (or no longer)
    work.
    """
    link = live_link(session, token=token, now=now)
    if link is None:
        return NotMatched()
    link.used_at = link.used_at or now
    standing = who(session, conversation_id, now=now)
    if standing.verified == link.debtor_id:
        return Verified(link.debtor_id)
    verifies = link.verifies or _limits(session, conversation_id).sent_links_verify
    _stand(session, conversation_id=conversation_id, debtor_id=link.debtor_id,
           level=Level.VERIFIED if verifies else Level.IDENTIFIED, method="link" if link.verifies else "sent_link",
           now=now, link_id=link.id)
    if standing.verified is not None or standing.identified is not None:
        _begin_afresh(session, conversation_id)
    return Verified(link.debtor_id) if verifies else Identified(link.debtor_id)


# Factors -----------------------------------------------------------------------------------------------------------


def offer_factors(session: Session, *, conversation_id: ConversationId, address: str | None,
                  factors: Mapping[str, Any], now: datetime) -> Outcome:
    """Take the factors of one message (``Found.factors``), and compare once there are enough.

    Factors add up over a few minutes; a later one replaces an earlier one of its kind. While a lock is in force,
    nothing is kept or compared. The caller holds the conversation's lock, so messages come one after another.
    """
    limits = _limits(session, conversation_id)
    if until := locked_until(session, conversation_id=conversation_id, address=address, limits=limits, now=now):
        return Locked(until)
    standing = who(session, conversation_id, now=now)
    given = _collect(session, conversation_id, factors, limits, now)
    new = any(factors.get(kind) for kind in KINDS)
    if standing.identified is not None and not given["references"]:
        outcome = _one_factor(session, conversation_id, standing.identified, given, limits, now, compare=new)
    else:
        outcome = _all_factors(session, conversation_id, given, limits, now, compare=new)
    if isinstance(outcome, NeedMore):
        return outcome
    matched = isinstance(outcome, Verified)
    record_attempt(session, conversation_id=conversation_id, address=address, matched=matched, now=now)
    if isinstance(outcome, Verified):
        _stand(session, conversation_id=conversation_id, debtor_id=outcome.debtor_id, level=Level.VERIFIED,
               method="factors", now=now)
        return outcome
    until = locked_until(session, conversation_id=conversation_id, address=address, limits=limits, now=now)
    return Locked(until) if until else outcome


def _collect(session: Session, conversation_id: ConversationId, factors: Mapping[str, Any], limits: Identity,
             now: datetime) -> dict[str, list[str]]:
    row = session.get(OfferedFactors, conversation_id)
    fresh = row is not None and now - row.at < timedelta(minutes=limits.factors_kept_minutes)
    kept: Mapping[str, Any] = row.factors if row is not None and fresh else {}
    given = {kind: [str(value) for value in (factors.get(kind) or kept.get(kind) or ())] for kind in KINDS}
    if row is None:
        session.add(OfferedFactors(conversation_id=conversation_id, factors=given, at=now))
    else:
        row.factors, row.at = given, now
    session.flush()
    return given


def _one_factor(session: Session, conversation_id: ConversationId, debtor_id: DebtorId, given: dict[str, list[str]],
                limits: Identity, now: datetime, *, compare: bool) -> Outcome:
    """After a link that we sent: a date of birth, a postcode or a code."""
    debtor = session.get_one(Debtor, debtor_id)
    shared = _shares_home(session, debtor)
    enough = given["dates_of_birth"] or given["codes"] or (given["postcodes"] and not shared)
    if not enough or not compare:
        return NeedMore(frozenset({"date_of_birth" if shared else "date_of_birth_or_postcode"}))
    born = _one_of(debtor.date_of_birth, given["dates_of_birth"])
    lives = _one_of(_postcode(debtor.postcode), [_postcode(value) for value in given["postcodes"]])
    code = code_matches(session, conversation_id=conversation_id, debtor_id=debtor_id, codes=given["codes"],
                        limits=limits, now=now)
    # a date of birth that is wrong is not made good by the postcode of the house
    right = code or (born if given["dates_of_birth"] else lives and not shared)
    return Verified(debtor_id) if right else NotMatched()


def _all_factors(session: Session, conversation_id: ConversationId, given: dict[str, list[str]], limits: Identity,
                 now: datetime, *, compare: bool) -> Outcome:
    """Reference, date of birth or code, and postcode or last name."""
    missing = {
        kind for kind, there in (
            ("reference", given["references"]),
            ("date_of_birth", given["dates_of_birth"] or given["codes"]),
            ("postcode_or_name", given["postcodes"] or given["names"]),
        ) if not there
    }
    if missing or not compare:
        return NeedMore(frozenset(missing or {"reference"}))
    candidates: list[Debtor | None] = [*_candidates(session, given["references"])]
    matched = [
        debtor for debtor in (candidates or [None])
        if _matches(session, conversation_id, debtor, given, limits, now) and debtor is not None
    ]
    if len(matched) == 1 and len(given["references"]) <= MOST_REFERENCES:
        return Verified(matched[0].id)
    return NotMatched()


def _matches(session: Session, conversation_id: ConversationId, debtor: Debtor | None, given: dict[str, list[str]],
             limits: Identity, now: datetime) -> bool:
    """Whether the factors are this debtor's. For an unknown reference the same work is done on nobody's data."""
    born_on = debtor.date_of_birth if debtor else vault.decrypt(_nobody())
    postcode = debtor.postcode if debtor else vault.decrypt(_nobody())
    last_name = debtor.last_name if debtor else "nobody"
    names = given["names"] if len(given["names"]) <= MOST_NAMES else []
    born = _one_of(born_on, given["dates_of_birth"])
    lives = _one_of(_postcode(postcode), [_postcode(value) for value in given["postcodes"]])
    called = _one_of(_name(last_name), _names(names))
    code = code_matches(session, conversation_id=conversation_id, debtor_id=debtor.id if debtor else None,
                        codes=given["codes"], limits=limits, now=now)
    return (born | code) & (lives | called)


@cache
def _nobody() -> str:
    return vault.encrypt("0000-00-00")


def _candidates(session: Session, references: list[str]) -> list[Debtor]:
    wanted = {variant for reference in references[:MOST_REFERENCES] for variant in _variants(reference)}
    through = select(Debt.debtor_id).where(Debt.ref.in_(wanted))
    return list(session.scalars(select(Debtor).where(or_(Debtor.ref.in_(wanted), Debtor.id.in_(through)))
                                .order_by(Debtor.id).limit(MOST_REFERENCES)))


def _variants(reference: str) -> set[str]:
    """A reference as typed, and with the hyphen people leave out: DD1042, 0379NEVHP."""
    plain = "".join(reference.split()).upper()
    bare = plain.replace("-", "")
    split = re.sub(r"(?<=[A-Z])(?=\d)|(?<=\d)(?=[A-Z])", "-", bare)
    return {plain, bare, split}


def _one_of(expected: str | None, given: Sequence[str | None]) -> bool:
    """Whether one of ``given`` is ``expected``, in a time that does not tell how near it was."""
    found = False
    for value in given:
        found |= hmac.compare_digest((expected or "").encode(), (value or "").encode()) and bool(expected)
    return found


def _postcode(value: str | None) -> str | None:
    """A postcode without its blanks; of a ZIP+4 the first five figures."""
    if not value:
        return None
    plain = re.sub(r"[^A-Z0-9]", "", value.upper())
    return plain[:5] if plain.isdigit() else plain


def _name(value: str | None) -> str:
    """A name without case, accents, blanks, hyphens and apostrophes."""
    folded = unicodedata.normalize("NFKD", value or "").casefold()
    return "".join(char for char in folded if char.isalpha())


def _names(words: list[str]) -> list[str]:
    """Each word as a last name, and neighbours together ("van dyke", "garcía lópez")."""
    single = [_name(word) for word in words]
    return single + ["".join(single[at:at + size]) for size in (2, 3) for at in range(len(single) - size + 1)]


def _shares_home(session: Session, debtor: Debtor) -> bool:
    """Whether another debtor has the same last name and postcode: father and son. Then a postcode proves nothing."""
    others = session.scalars(
        select(Debtor.postcode).where(Debtor.name_hash == debtor.name_hash, Debtor.id != debtor.id))
    home = _postcode(debtor.postcode)
    return any(_postcode(other) == home for other in others)


# Codes -------------------------------------------------------------------------------------------------------------


def request_code(session: Session, *, key: str, conversation_id: ConversationId,
                 now: datetime) -> Literal["sent", "no_reference", "too_many"]:
    """Send a one-time code to whoever the link or the reference given in this conversation names.

    ``sent`` also when that is nobody, or somebody without an address: the answer never tells.
    """
    standing = who(session, conversation_id, now=now)
    row = session.get(OfferedFactors, conversation_id)
    limits = _limits(session, conversation_id)
    fresh = row is not None and now - row.at < timedelta(minutes=limits.factors_kept_minutes)
    references = [str(r) for r in (row.factors.get("references") or ())] if row is not None and fresh else []
    if not references and standing.identified is None:
        return "no_reference"
    candidates = _candidates(session, references) if references else []
    debtor_id = candidates[0].id if len(candidates) == 1 else None if references else standing.identified
    sent = send_code(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now)
    return "sent" if sent else "too_many"
