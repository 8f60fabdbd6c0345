"""A host site's signed word for who its visitor is: a JWT, checked to the last claim, and good for one session.

Required are ``iss``, ``aud``, ``sub``, ``iat``, ``exp`` and ``jti``; ``nbf`` counts where it is given (RFC 7519; RFC
8725 for what goes wrong with them). Why one is refused is for the log; who sent it reads one sentence.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from jwt.types import Options
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from compliance.host_sites import HostSite
from compliance.identity import Outcome, stand_by_host
from compliance.identity_rules import identity_rules
from compliance.models import HostAssertion
from ledger.models import Creditor, Debt, Debtor
from runtime import vault
from runtime.errors import OperatorError
from runtime.ids import ConversationId, DebtorId
from runtime.settings import settings

log = logging.getLogger(__name__)
LONGEST_TEXT = 200
"""Of ``sub`` and ``jti``."""
SIGNATURE_ONLY: Options = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False,
                           "verify_iss": False, "verify_sub": False, "verify_jti": False}
"""The library checks the signature; times are checked by our own clock, and the rest beside them."""


class Refused(Exception):
    """An assertion that is not taken. The message is for the log and holds nothing of the assertion."""


@dataclass(frozen=True)
class Word:
    """What a site said, once it is known to be the site's and of now."""

    site: HostSite
    reference: str
    jti: str
    expires_at: datetime


def host_sites_set_up() -> bool:
    """Whether any site may vouch here."""
    return bool(identity_rules().host_sites)


def read_word(assertion: str, *, now: datetime) -> Word:
    """What ``assertion`` says. Raises Refused; whether it was used before is not looked at."""
    try:
        header = jwt.get_unverified_header(assertion)
        claimed = jwt.decode(assertion, options={**SIGNATURE_ONLY, "verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise Refused(f"unreadable: {type(error).__name__}") from None
    site = _site(claimed)
    try:
        key = site.keys_in(settings().identity_file.parent).get(str(header.get("kid")))
    except OperatorError as error:
        raise Refused(str(error)) from None
    if key is None:
        raise Refused(f"{site.name}: its kid is none of the keys")
    algorithms = [one for one in site.algorithms if one in key.algorithms]
    try:
        claims = jwt.decode(assertion, key.material, algorithms=algorithms, options=SIGNATURE_ONLY)
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise Refused(f"{site.name}: {type(error).__name__}") from None
    return _of_now(site, claims, now)


def _site(claimed: dict[str, Any]) -> HostSite:
    audience = claimed.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    for site in identity_rules().host_sites:
        if claimed.get("iss") == site.issuer and site.audience in audiences:
            return site
    raise Refused("no site has this issuer and audience")


def _of_now(site: HostSite, claims: dict[str, Any], now: datetime) -> Word:
    leeway = timedelta(seconds=site.leeway_seconds)
    issued, expires = _instant(site, claims, "iat"), _instant(site, claims, "exp")
    if now >= expires + leeway:
        raise Refused(f"{site.name}: expired")
    if issued > now + leeway or ("nbf" in claims and _instant(site, claims, "nbf") > now + leeway):
        raise Refused(f"{site.name}: not yet good")
    if expires - issued > timedelta(minutes=site.longest_minutes):
        raise Refused(f"{site.name}: good for longer than {site.longest_minutes} minutes")
    if site.audience not in (claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]):
        raise Refused(f"{site.name}: for somebody else")
    return Word(site, _text(site, claims, "sub"), _text(site, claims, "jti"), expires + leeway)


def _instant(site: HostSite, claims: dict[str, Any], name: str) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**40:
        raise Refused(f"{site.name}: {name} is no time")
    return datetime.fromtimestamp(min(value, 253402300799), UTC)


def _text(site: HostSite, claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_TEXT:
        raise Refused(f"{site.name}: {name} is missing or too long")
    return value


def use_host_identity(session: Session, *, conversation_id: ConversationId, assertion: str,
                      now: datetime) -> Outcome | None:
    """Take a site's word in a conversation; None where it speaks of nobody whom we know. Raises Refused.

    It is used up by this, whoever it speaks of: a second use is a replay until it has expired by itself.
    """
    word = read_word(assertion, now=now)
    _use_up(session, word, now)
    debtor_id = _debtor(session, word)
    if debtor_id is None:
        log.info("host site %s: its visitor is none of its debtors here", word.site.name)
        return None
    verifies = word.site.proves == "verifies" and _speaks_of_all(session, word.site, debtor_id)
    return stand_by_host(session, conversation_id=conversation_id, debtor_id=debtor_id, verifies=verifies, now=now)


def _use_up(session: Session, word: Word, now: datetime) -> None:
    session.execute(delete(HostAssertion).where(HostAssertion.expires_at <= now))
    jti = vault.keyed_hash("host assertion", f"{word.site.issuer}\0{word.site.audience}\0{word.jti}")
    try:
        with session.begin_nested():  # of two at once the second waits for the first, and finds it
            session.add(HostAssertion(jti_hash=jti, expires_at=word.expires_at))
    except IntegrityError:
        raise Refused(f"{word.site.name}: used before") from None


def _debtor(session: Session, word: Word) -> DebtorId | None:
    reference = "".join(word.reference.split()).upper()
    by = Debtor.ref == reference if word.site.subject == "debtor" else Debtor.id.in_(
        select(Debt.debtor_id).where(Debt.ref == reference))
    debtor_id = session.scalar(select(Debtor.id).where(by))
    if debtor_id is None or not word.site.creditors:
        return debtor_id
    return debtor_id if _creditors(session, debtor_id) & set(word.site.creditors) else None


def _speaks_of_all(session: Session, site: HostSite, debtor_id: DebtorId) -> bool:
    """A creditor's site must not open what the person owes to somebody else."""
    return not site.creditors or _creditors(session, debtor_id) <= set(site.creditors)


def _creditors(session: Session, debtor_id: DebtorId) -> set[str]:
    return set(session.scalars(select(Creditor.ref).join(Debt, Debt.creditor_id == Creditor.id)
                               .where(Debt.debtor_id == debtor_id)))
