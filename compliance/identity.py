"""How it is proved who is talking: by factors, a personal link, or a host site's word.

Needed is what ``identity_rules`` ask, over one or several messages: as a rule a reference, a date of birth (or a
one-time code) and a postcode or last name; after a link that we sent, one factor. Answers never say which factor was
wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.codes import right_code, send_code
from compliance.comparing import MOST_REFERENCES, Person, people, referred, right_factors, shares_home
from compliance.identity_rules import Requirement, identity_rules, missing
from compliance.links import live_link
from compliance.locks import Tries, locked_until, record_attempt
from compliance.models import Level, OfferedFactors, PersonalLink
from compliance.profile import Identity
from compliance.standing import Standing, begin_afresh, limits_of, stand, who
from conversations.models import Conversation
from ledger.models import Creditor, Debt, Debtor
from runtime.ids import ConversationId, DebtorId

KINDS = ("references", "dates_of_birth", "postcodes", "names", "codes")


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
    verifies = _verifies(link) or limits_of(session, conversation_id).sent_links_verify
    link.uses += 1
    stand(session, conversation_id=conversation_id, debtor_id=link.debtor_id,
           level=Level.VERIFIED if verifies else Level.IDENTIFIED, method="link" if link.verifies else "sent_link",
           now=now, link_id=link.id)
    if standing.verified is not None or standing.identified is not None:
        begin_afresh(session, conversation_id)
    return Verified(link.debtor_id) if verifies else Identified(link.debtor_id)


def _verifies(link: PersonalLink) -> bool:
    most = identity_rules().links.verifies_times
    return link.verifies and (most is None or link.uses < most)


def stand_by_host(session: Session, *, conversation_id: ConversationId, debtor_id: DebtorId, verifies: bool,
                  now: datetime) -> Outcome:
    """Take a host site's word for who it is. The caller has checked the word (``host_identity``)."""
    stand(session, conversation_id=conversation_id, debtor_id=debtor_id,
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
    limits = limits_of(session, conversation_id)
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
        stand(session, conversation_id=conversation_id, debtor_id=outcome.debtor_id, level=Level.VERIFIED,
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
    shared = shares_home(session, debtor)
    enough = given["dates_of_birth"] or given["codes"] or (given["postcodes"] and not shared)
    if not enough or not compare:
        return NeedMore(frozenset({"date_of_birth" if shared else "date_of_birth_or_postcode"}))
    code = right_code(session, conversation_id=conversation_id, codes=given["codes"], limits=limits, now=now)
    person = Person(debtor.id, debtor.date_of_birth, debtor.postcode, debtor.last_name)
    right = right_factors(person, given, code.debtor_id if code else None)
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
    for person in people(session, given["references"]):
        right = right_factors(person, given, code.debtor_id if code else None)
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


# Codes -------------------------------------------------------------------------------------------------------------


def request_code(session: Session, *, key: str, conversation_id: ConversationId,
                 now: datetime) -> Literal["sent", "no_reference", "too_many"]:
    """Send a one-time code to whoever the link or the reference given in this conversation names.

    ``sent`` also when that is nobody, or somebody without an address: the answer never tells.
    """
    standing = who(session, conversation_id, now=now)
    limits = limits_of(session, conversation_id)
    references = _add_up(session.get(OfferedFactors, conversation_id), {}, limits, now)["references"]
    known = standing.verified if standing.verified is not None else standing.identified
    if not references and known is None:
        return "no_reference"
    if references:
        found = session.scalars(select(Debtor.id).where(referred(references)).limit(MOST_REFERENCES)).all()
        known = found[0] if len(found) == 1 else None
    sent = send_code(session, key=key, conversation_id=conversation_id, debtor_id=known, now=now)
    return "sent" if sent else "too_many"
