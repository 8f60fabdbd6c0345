"""Days of grace: calendar days, or working days where a policy says so."""

from datetime import date, timedelta
from functools import lru_cache

import holidays

_WEEKEND = frozenset({5, 6})


def last_day(day: date, grace_days: int, *, working_days: bool, country: str, region: str | None = None) -> date:
    """The last day on which what was due on ``day`` is still in time.

    With ``working_days`` weekends and the public holidays of ``country`` (and ``region``: its code or name) are left
    out; of a country the calendar does not know, weekends only.
    """
    if not working_days:
        return day + timedelta(days=grace_days)
    off = _calendar(country, (region or "").casefold())
    left = grace_days
    while left:
        day += timedelta(days=1)
        left -= day.weekday() not in _WEEKEND and (off is None or day not in off)
    return day


@lru_cache(maxsize=64)
def _calendar(country: str, region: str) -> holidays.HolidayBase | None:
    try:
        whole = holidays.country_holidays(country)
    except NotImplementedError:
        return None
    parts = {name.casefold(): code for name, code in whole.subdivisions_aliases.items()}
    parts |= {code.casefold(): code for code in whole.subdivisions}
    return holidays.country_holidays(country, subdiv=parts[region]) if region in parts else whole
