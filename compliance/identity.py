"""Who is talking: proved by factors or a personal link, kept as a database row, over after a while.

Nothing about a debt is said before ``who(...).verified`` names somebody. Needed is what ``identity_rules`` ask, over
one or several messages: as a rule a reference, a date of birth (or a one-time code) and a postcode or last name; after
a link that we sent, one factor. Answers never say which factor was wrong, and an unknown reference takes the same path
as a known one: as many statements, as many texts decrypted, as many comparisons.
"""

import hmac
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, bindparam, or_, select
from sqlalchemy.orm import Session

from compliance.codes import right_code, send_code
from compliance.identity_rules import Requirement, identity_rules, missing
from compliance.links import link_url, live_link, make_link, revoke
from compliance.locks import Tries, locked_until, record_attempt
from compliance.models import Level, OfferedFactors, PersonalLink, Verification
from compliance.profile import Identity, profile
from compliance.session_keys import retire_token
from conversations.models import Conversation
from conversations.turns import next_engine_session
from ledger.models import Creditor, Debt, Debtor
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
    proved_at: datetime | None = field(default=None, compare=False)
    """When the verified debtor last proved it."""
    link_id: int | None = field(default=None, compare=False)

    def fresh(self, now: datetime) -> bool:
        """Whether identity was proved so lately that a sensitive act may follow (``fresh_minutes`` of the rules)."""
        within = timedelta(minutes=identity_rules().fresh_minutes)
        return self.verified is not None and self.proved_at is not None and now - self.proved_at < within


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

    As a rule of ``reference``, ``date_of_birth``, ``postcode_or_name``; after a sent link
    ``date_of_birth_or_postcode``, or ``date_of_birth`` where a postcode would not tell two people of one household
    apart. What a creditor asks for besides is named only to somebody who has given the rest, all of it right.
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
    proved_at: datetime | None = None
    link_id: int | None = None
    for row in rows:
        if row.ended_at is not None:
            continue
        if row.level == Level.VERIFIED and _valid(row, limits, now):
            verified, proved_at = row.debtor_id, row.verified_at
        if row.link_id is not None and now - row.verified_at < timedelta(days=limits.sent_link_days):
            identified, link_id = row.debtor_id, row.link_id  # also where a verification by link has lapsed
        elif row.level == Level.IDENTIFIED and row.link_id is None and _valid(row, limits, now):
            identified = row.debtor_id  # by a host site
    return Standing(verified, identified, proved_at, link_id)


def touch(session: Session, *, conversation_id: ConversationId, now: datetime) -> Standing:
    """Note that the debtor is active, so that a verification in use does not lapse; end one that has lapsed.

    The gateway calls it once for each turn, before anything else asks ``who``.
    """
    limits = _limits(session, conversation_id)
    rows = _rows(session, conversation_id)
    for row in rows:
        if (row.level == Level.VERIFIED or row.link_id is None) and not _valid(row, limits, now):
            row.ended_at, row.ended_reason = now, "lapsed"
            if row.link_id is not None:  # which goes on saying who it was made for
                session.add(Verification(
                    conversation_id=conversation_id, debtor_id=row.debtor_id, level=Level.IDENTIFIED, method=row.method,
                    link_id=row.link_id, verified_at=row.verified_at, last_used_at=now))
            _begin_afresh(session, conversation_id)
        else:
            row.last_used_at = max(row.last_used_at, now)
    return _standing(_rows(session, conversation_id), limits, now)


def shown_from(session: Session, conversation_id: ConversationId, *, now: datetime) -> datetime | None:
    """The moment after which what was said may be shown to whoever holds the session; None: all of it (rule 3).

    What was said to somebody verified is theirs: once that has lapsed or ended it is shown again when the same person
    is verified anew, and never to another.
    """
    rows = session.scalars(_EVER_VERIFIED, {"conversation_id": conversation_id}).all()
    if not rows:
        return None
    limits = _limits(session, conversation_id)
    valid = (row.debtor_id for row in reversed(rows) if row.ended_at is None and _valid(row, limits, now))
    standing = next(valid, None)
    return max((_until(row, limits) for row in rows if row.debtor_id != standing), default=None)


_EVER_VERIFIED = (
    select(Verification)
    .where(Verification.conversation_id == bindparam("conversation_id"), Verification.level == Level.VERIFIED)
    .order_by(Verification.id)
)


def _until(row: Verification, limits: Identity) -> datetime:
    lapses = min(row.verified_at + timedelta(hours=limits.verified_hours),
                 row.last_used_at + timedelta(minutes=limits.idle_minutes))
    return lapses if row.ended_at is None else min(lapses, row.ended_at)


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
        retire_token(session, conversation_id)
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
    verifies = _verifies(link) or _limits(session, conversation_id).sent_links_verify
    link.uses += 1
    _stand(session, conversation_id=conversation_id, debtor_id=link.debtor_id,
           level=Level.VERIFIED if verifies else Level.IDENTIFIED, method="link" if link.verifies else "sent_link",
           now=now, link_id=link.id)
    if standing.verified is not None or standing.identified is not None:
        _begin_afresh(session, conversation_id)
    return Verified(link.debtor_id) if verifies else Identified(link.debtor_id)


def _verifies(link: PersonalLink) -> bool:
    most = identity_rules().links.verifies_times
    return link.verifies and (most is None or link.uses < most)


def stand_by_host(session: Session, *, conversation_id: ConversationId, debtor_id: DebtorId, verifies: bool,
                  now: datetime) -> Outcome:
    """Take a host site's word for who it is. The caller has checked the word (``host_identity``)."""
    _stand(session, conversation_id=conversation_id, debtor_id=debtor_id,
           level=Level.VERIFIED if verifies else Level.IDENTIFIED, method="host_site", now=now)
    return Verified(debtor_id) if verifies else Identified(debtor_id)


# Factors -----------------------------------------------------------------------------------------------------------


def offer_factors(session: Session, *, conversation_id: ConversationId, address: str | None,
                  factors: Mapping[str, Any], now: datetime, again: bool = False) -> Outcome:
    """Take the factors of one message (``Found.factors``), and compare once there are enough.

    Factors add up over a few minutes; a later one replaces an earlier one of its kind. While a lock is in force,
    nothing is kept or compared. ``again``: the verified debtor proves it once more, with one factor. The caller holds
    the conversation's lock, so messages come one after another.
    """
    limits = _limits(session, conversation_id)
    standing = who(session, conversation_id, now=now)
    kept = session.get(OfferedFactors, conversation_id)
    given = _add_up(kept, factors, limits, now)
    known = standing.verified if again and standing.verified is not None else standing.identified
    if given["references"]:
        known = None
    tries = _tries(session, conversation_id, address, given, standing, known)
    if until := locked_until(session, tries, limits=limits, now=now):
        return Locked(until)
    _keep(session, conversation_id, kept, given, now)
    new = any(factors.get(kind) for kind in KINDS)
    if known is not None:
        outcome = _one_factor(session, conversation_id, known, given, limits, now, compare=new)
    else:
        outcome = _all_factors(session, conversation_id, given, limits, now, compare=new)
    if isinstance(outcome, NeedMore):
        return outcome
    record_attempt(session, tries, matched=isinstance(outcome, Verified), now=now)
    if isinstance(outcome, Verified):
        _stand(session, conversation_id=conversation_id, debtor_id=outcome.debtor_id, level=Level.VERIFIED,
               method="again" if again else "factors", now=now,
               link_id=standing.link_id if again and standing.verified == outcome.debtor_id else None)
        return outcome
    until = locked_until(session, tries, limits=limits, now=now)
    return Locked(until) if until else outcome


def _add_up(row: OfferedFactors | None, factors: Mapping[str, Any], limits: Identity,
            now: datetime) -> dict[str, list[str]]:
    fresh = row is not None and now - row.at < timedelta(minutes=limits.factors_kept_minutes)
    kept: Mapping[str, Any] = row.factors if row is not None and fresh else {}
    return {kind: [str(value) for value in (factors.get(kind) or kept.get(kind) or ())] for kind in KINDS}


def _keep(session: Session, conversation_id: ConversationId, row: OfferedFactors | None, given: dict[str, list[str]],
          now: datetime) -> None:
    if row is None:
        session.add(OfferedFactors(conversation_id=conversation_id, factors=given, at=now))
    else:
        row.factors, row.at = given, now
    session.flush()


def _tries(session: Session, conversation_id: ConversationId, address: str | None, given: dict[str, list[str]],
           standing: Standing, known: DebtorId | None) -> Tries:
    """What a failure is counted under.

    Where it is known who is asked (a link, a site, an earlier verification), neither address nor channel count: what
    strangers do there must not lock a debtor out of a personal link.
    """
    if known is not None:
        account = f"link:{standing.link_id}" if standing.link_id is not None else f"conversation:{conversation_id}"
        return Tries(conversation_id, None, None, (account,))
    channel = session.get_one(Conversation, conversation_id).channel
    accounts = dict.fromkeys("".join(char for char in reference.upper() if char.isalnum())
                             for reference in given["references"][:MOST_REFERENCES])
    return Tries(conversation_id, channel, address or None, tuple(f"reference:{one}" for one in accounts))


def _there(given: dict[str, list[str]]) -> dict[str, bool]:
    """Which factors were given, whatever their worth."""
    return {"reference": bool(given["references"]), "date_of_birth": bool(given["dates_of_birth"]),
            "postcode": bool(given["postcodes"]), "last_name": bool(given["names"]), "code": bool(given["codes"])}


def _one_factor(session: Session, conversation_id: ConversationId, debtor_id: DebtorId, given: dict[str, list[str]],
                limits: Identity, now: datetime, *, compare: bool) -> Outcome:
    """Where it is known whose factors they are: a date of birth, a postcode or a code."""
    debtor = session.get_one(Debtor, debtor_id)
    shared = _shares_home(session, debtor)
    enough = given["dates_of_birth"] or given["codes"] or (given["postcodes"] and not shared)
    if not enough or not compare:
        return NeedMore(frozenset({"date_of_birth" if shared else "date_of_birth_or_postcode"}))
    code = right_code(session, conversation_id=conversation_id, codes=given["codes"], limits=limits, now=now)
    person = _Person(debtor.id, debtor.date_of_birth, debtor.postcode, debtor.last_name)
    right = _right(person, given, code.debtor_id if code else None)
    # a date of birth that is wrong is not made good by the postcode of the house
    matched = right["code"] or (right["date_of_birth"] if given["dates_of_birth"] else right["postcode"] and not shared)
    return _further(session, debtor_id, given, right) if matched else NotMatched()


def _all_factors(session: Session, conversation_id: ConversationId, given: dict[str, list[str]], limits: Identity,
                 now: datetime, *, compare: bool) -> Outcome:
    """What everybody is asked for. The same work is done whether the references are known or not."""
    ask = identity_rules().ask
    lacking = missing(ask, _there(given))
    if lacking or not compare:
        return NeedMore(lacking or frozenset({"reference"}))
    code = right_code(session, conversation_id=conversation_id, codes=given["codes"], limits=limits, now=now)
    matched: list[tuple[DebtorId, dict[str, bool]]] = []
    for person in _people(session, given["references"]):
        right = _right(person, given, code.debtor_id if code else None)
        met = [one.met(right) for one in ask]
        if all(met) and person.id is not None:
            matched.append((person.id, right))
    if len(matched) != 1 or len(given["references"]) > MOST_REFERENCES:
        return NotMatched()
    return _further(session, matched[0][0], given, matched[0][1])


def _further(session: Session, debtor_id: DebtorId, given: dict[str, list[str]], right: dict[str, bool]) -> Outcome:
    """What the debtor's creditors ask for besides: only somebody who has proved the rest comes here."""
    creditors = set(session.scalars(select(Creditor.ref).join(Debt, Debt.creditor_id == Creditor.id)
                                    .where(Debt.debtor_id == debtor_id)))
    also: tuple[Requirement, ...] = identity_rules().also(creditors)
    if lacking := missing(also, _there(given)):
        return NeedMore(lacking)
    return Verified(debtor_id) if all(one.met(right | {"reference": True}) for one in also) else NotMatched()


@dataclass(frozen=True)
class _Person:
    """Whose factors are compared; with no ``id`` it is nobody."""

    id: DebtorId | None
    date_of_birth: str | None
    postcode: str | None
    last_name: str | None


def _right(person: _Person, given: dict[str, list[str]], code_for: DebtorId | None) -> dict[str, bool]:
    """Which factors are this person's. Every factor is compared, whatever came of the others."""
    names = given["names"] if len(given["names"]) <= MOST_NAMES else []
    return {
        "reference": person.id is not None,
        "date_of_birth": _one_of(person.date_of_birth, given["dates_of_birth"]),
        "postcode": _one_of(_postcode(person.postcode), [_postcode(value) for value in given["postcodes"]]),
        "last_name": _one_of(_name(person.last_name), _names(names)),
        "code": code_for is not None and person.id == code_for,
    }


@cache
def _nobody() -> str:
    return vault.encrypt("0000-00-00")


def _people(session: Session, references: list[str]) -> list[_Person]:
    """Always ``MOST_REFERENCES`` people, of whom some may be nobody; for each, three texts are decrypted."""
    found = session.execute(
        select(Debtor.id, Debtor.date_of_birth, Debtor.postcode, Debtor.last_name)
        .where(_referred(references)).order_by(Debtor.id).limit(MOST_REFERENCES)).all()
    people = [_Person(row.id, row.date_of_birth, row.postcode, row.last_name) for row in found]
    people += [_Person(None, None, None, "nobody")] * (MOST_REFERENCES - len(people))
    for person in people:
        for kept in (person.date_of_birth, person.postcode, person.last_name if person.id is not None else None):
            if not kept:
                vault.decrypt(_nobody())
    return people


def _referred(references: list[str]) -> ColumnElement[bool]:
    wanted = {variant for reference in references[:MOST_REFERENCES] for variant in _variants(reference)}
    return or_(Debtor.ref.in_(wanted), Debtor.id.in_(select(Debt.debtor_id).where(Debt.ref.in_(wanted))))


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
    limits = _limits(session, conversation_id)
    references = _add_up(session.get(OfferedFactors, conversation_id), {}, limits, now)["references"]
    known = standing.verified if standing.verified is not None else standing.identified
    if not references and known is None:
        return "no_reference"
    if references:
        found = session.scalars(select(Debtor.id).where(_referred(references)).limit(MOST_REFERENCES)).all()
        known = found[0] if len(found) == 1 else None
    sent = send_code(session, key=key, conversation_id=conversation_id, debtor_id=known, now=now)
    return "sent" if sent else "too_many"
