"""Being left alone, being reached otherwise, reaching a person: each takes effect at once or opens a ticket."""

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Channel, ContactChange
from compliance.placing.effect import Effect, Placed, effect, note
from compliance.preferences import keep_channel, only_channel, set_allowed, set_wish, stop_all
from conversations.models import Ticket
from runtime.ids import ConversationId, DebtorId

_CHANNEL_WORDS = {
    Channel.SMS: r"texts?|texting|sms|text messages?|mensajes de texto",
    Channel.PHONE: r"calls?|calling|phone|phoning|ring|ringing|telephone|llamadas?|llamen|tel[eé]fono",
    Channel.EMAIL: r"e-?mails?|emailing|mail me|correo(?: electr[oó]nico)?",
    Channel.LETTER: r"letters?|post|in writing|by mail|cartas?|por escrito",
    Channel.TELEGRAM: r"telegram",
}
_STOPS = r"(?:stop|no more|don'?t|do not|dont|never|quit|not by|no)\b"

_AT_TIMES = (r"[^.,;]*\b(?:before|after|until|till|during|between|at work|at night|on (?:sun|satur)days?|antes|"
             r"despu[eé]s)\b")


@dataclass(frozen=True)
class Preferred(Placed):
    """With what took effect at once: channels closed, the only one left, one kept after a stop, and hours."""

    stopped_channels: tuple[str, ...] = ()
    only: str | None = None
    kept: str | None = None
    not_before: time | None = None
    not_after: time | None = None


def stop_contact(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                 now: datetime, today: date) -> Placed:
    """Automatic contact ends, on every channel when it is known whose, else in this conversation (rules 9, 10, 22)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    conversation = what.conversation
    conversation.contact_stopped_at = conversation.contact_stopped_at or now
    if what.debtor_id is not None:
        stop_all(session, debtor_id=what.debtor_id, reason="stop_contact", now=now)
    ticket = what.ticket("stop_contact", f"Asked us to stop contact. {what.profile.on_stop}".strip())
    return what.placed(ticket)


def contact_preference(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                       words: str, now: datetime, today: date, keep: Channel | None = None) -> Preferred:
    """How and when to be reached. A named channel or hour takes effect at once; the words go to staff as well.

    ``keep`` is the one channel that the debtor keeps after a stop.
    """
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    placed = what.placed(what.ticket("contact_preference", f"Wishes about contact: {words}"))
    done = Preferred(placed.number, placed.staffed)
    if what.debtor_id is None:
        return done
    if keep is not None:
        keep_channel(session, debtor_id=what.debtor_id, channel=keep, now=now)
        return replace(done, kept=str(keep))
    return _apply(what, what.debtor_id, words.casefold(), done)


def _apply(what: Effect, debtor_id: DebtorId, words: str, done: Preferred) -> Preferred:
    stopped: list[str] = []
    said = {channel: _wish(words, pattern) for channel, pattern in _CHANNEL_WORDS.items()}
    only = [channel for channel, wish in said.items() if wish == "only"]
    refused = [channel for channel, wish in said.items() if wish == "refused"]
    if len(only) == 1 and not refused and not re.search(r"prefer|rather", words):
        only_channel(what.session, debtor_id=debtor_id, channel=only[0], now=what.now)
        stopped = [channel for channel in Channel if channel != only[0]]
    elif only:
        set_wish(what.session, debtor_id=debtor_id, preferred_channel=only[0], now=what.now)
    for channel in refused:
        set_allowed(what.session, debtor_id=debtor_id, channel=channel, allowed=False, reason="asked",
                    now=what.now)
        stopped.append(channel)
    before = _hour(words, r"before|earlier than|antes de(?: las)?")
    after = _hour(words, r"after|past|despu[eé]s de(?: las)?")
    refuses = bool(re.search(rf"\b(?:{_STOPS}|not\b)", words))
    earliest, latest = (before, after) if refuses else (after, before)
    set_wish(what.session, debtor_id=debtor_id, not_before=earliest, not_after=latest, words=words[:500],
             now=what.now)
    one = only[0] if len(only) == 1 and len(stopped) >= len(Channel) - 1 else None
    return replace(done, stopped_channels=tuple(str(channel) for channel in dict.fromkeys(stopped)),
                   only=str(one) if one else None, not_before=earliest, not_after=latest)


def _wish(words: str, channel: str) -> str | None:
    """Whether the words want this channel ``only``, or ``refused``: the cue that stands nearest before it decides."""
    for found in re.finditer(rf"\b(?:{channel})\b", words):
        clause = re.split(r"[.,;]", words[:found.start()])[-1]
        stops = [cue.start() for cue in re.finditer(rf"\b{_STOPS}", clause)]
        onlys = [cue.start() for cue in re.finditer(r"\b(?:only|just|solo|s[oó]lo|rather|prefer)\b", clause)]
        if onlys and onlys[-1] > max(stops, default=-1):
            return "only"
        if stops:
            if re.match(_AT_TIMES, words[found.end():]):
                continue
            return "refused"
        if re.match(r"\s+(?:only|please|instead)\b", words[found.end():]):
            return "only"
    return None


_HOURS = {name: hour for hour, name in enumerate(
    ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), start=1)}


def _hour(words: str, relation: str) -> time | None:
    found = re.search(rf"\b(?:{relation})\s+(\d{{1,2}}|{'|'.join(_HOURS)})(?:[:.](\d\d))?\s*(am|pm)?\b", words)
    if not found:
        return None
    hour = int(found[1]) if found[1].isdigit() else _HOURS[found[1]]
    if found[3] == "pm" or (found[3] is None and 1 <= hour <= 6):
        hour = hour % 12 + 12
    minute = int(found[2] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def details_change(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                   words: str, now: datetime, today: date) -> Placed:
    """New contact details stay pending: whoever holds a stolen session must not move the letters to themselves.

    Staff apply them after a second factor.
    """
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    if what.verified and what.debtor_id is not None and session.scalar(
            select(ContactChange.id).where(ContactChange.key == key)) is None:
        session.add(ContactChange(key=key, debtor_id=what.debtor_id, conversation_id=conversation_id, wanted=words,
                                  asked_at=now))
        session.flush()
    return what.placed(what.ticket("details_change", f"New details, to be confirmed by a second factor: {words}"))


def request_human(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                  words: str, now: datetime, today: date) -> Placed:
    """A person is wanted: staff are alerted at once (rule 31)."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    return what.placed(what.ticket("human", f"Wants a person: {words}", urgent=True))


def request_callback(session: Session, *, key: str, conversation_id: ConversationId, debtor_id: DebtorId | None,
                     words: str, now: datetime, today: date) -> Placed:
    """A call back is wanted."""
    what = effect(session, key=key, conversation_id=conversation_id, debtor_id=debtor_id, now=now, today=today)
    return what.placed(what.ticket("callback", f"Wants to be rung back: {words}"))


def add_to_ticket(session: Session, *, number: str, words: str, now: datetime) -> None:
    """Put ``words`` before the colleague who has the ticket. A number that is none, or words twice, change nothing."""
    found = re.fullmatch(r"D-(\d{1,18})", number)
    ticket = session.get(Ticket, int(found[1]) - 2000) if found else None
    if ticket is not None:
        note(ticket, words, now)
        session.flush()
