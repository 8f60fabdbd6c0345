"""How the console writes times, amounts and names of things for staff: British English, the office's time."""

from datetime import date, datetime, timezone
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency

from compliance.operator import operator
from ledger.money import Money
from runtime.errors import OperatorError

NAMES = {
    "human": "wants a person", "request_human": "wants a person", "self_harm": "self-harm risk",
    "self_harm_doubt": "perhaps self-harm risk",
    "self_harm_risk": "self-harm risk",
    "failed_turn": "bot could not answer", "already_paid": "says it is paid", "breathing_space": "breathing space",
    "callback": "wants a call", "request_callback": "wants a call", "represented": "somebody acts for them",
    "contact_preference": "contact preferences", "details_change": "new contact details",
    "validation": "wants proof", "offer": "plan to decide", "settlement": "would settle for less",
    "web": "web", "telegram": "Telegram", "terminal": "terminal",
}


def label(name: object) -> str:
    """A kind, reason or state in words: ``staff_review`` → ``staff review``."""
    return NAMES.get(str(name), str(name).replace("_", " "))


def heading(name: object) -> str:
    """The same with a capital first."""
    words = label(name)
    return words[:1].upper() + words[1:]


@cache
def office_zone() -> ZoneInfo:
    """The time zone of the office, from the operator file; UTC when that cannot be read."""
    try:
        return operator().zone
    except OperatorError:
        return ZoneInfo("UTC")


def local(instant: datetime) -> datetime:
    """``instant`` in the office's time."""
    return instant.astimezone(office_zone())


def time_of_day(instant: datetime) -> str:
    """``14:05``."""
    return local(instant).strftime("%H:%M")


def full_time(instant: datetime) -> str:
    """``Tuesday 3 December 2026, 14:05:09 GMT``: for the tooltip of a shorter one."""
    return local(instant).strftime("%A %-d %B %Y, %H:%M:%S %Z")


def iso(instant: datetime) -> str:
    """For ``<time datetime>``."""
    return instant.astimezone(timezone.utc).isoformat(timespec="seconds")


def day(value: date) -> str:
    """``3 Dec 2026``."""
    return format_date(value, "d MMM yyyy", locale="en_GB")


def day_heading(value: date, today: date) -> str:
    """``Today``, ``Yesterday`` or ``Tuesday 3 December``, with the year when it is another one."""
    if (today - value).days in (0, 1):
        return ("Today", "Yesterday")[(today - value).days]
    return format_date(value, "EEEE d MMMM" if value.year == today.year else "EEEE d MMMM yyyy", locale="en_GB")


def ago(instant: datetime, now: datetime) -> str:
    """How long ago: ``now``, ``4 min``, ``3 h``, then the day."""
    minutes = int((now - instant).total_seconds() // 60)
    if minutes < 1:
        return "now"
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 12 * 60:
        return f"{minutes // 60} h"
    here, today = local(instant), local(now).date()
    if here.date() == today:
        return here.strftime("%H:%M")
    if (today - here.date()).days == 1:
        return f"Yesterday {here:%H:%M}"
    return format_date(here.date(), "d MMM" if here.year == today.year else "d MMM yyyy", locale="en_GB")


def money(value: Money) -> str:
    """``£1,234.50``."""
    return format_currency(value.decimal, value.currency, locale="en_GB")


def percent(value: float | None) -> str:
    """A confidence as ``93 %``; a dash when there is none. Never rounded up to 100."""
    if value is None:
        return "–"
    return "100 %" if value >= 1 else f"{min(99, round(value * 100))} %"


FILTERS: dict[str, Any] = {
    "label": label, "heading": heading, "time_of_day": time_of_day, "full_time": full_time, "iso": iso, "day": day,
    "money": money, "percent": percent,
}
