"""Which days banks and payrolls work: weekends and public holidays of a country and its part."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

_DAY = timedelta(days=1)
_WEEKEND = frozenset({5, 6})


def place_of(country: str, region: str | None = None) -> str:
    """The name of a calendar: ``GB-SCT``, ``US-TX``; the country alone where the part is not known.

    ``region`` is a code or a name ("Scotland"), as ``Debtor.region`` holds it.
    """
    known = _parts(country).get((region or "").casefold())
    return f"{country}-{known}" if known else country


@lru_cache(maxsize=64)
def _parts(country: str) -> dict[str, str]:
    try:
        entity = holidays.country_holidays(country)
    except NotImplementedError:
        return {}
    names = {name.casefold(): code for name, code in entity.subdivisions_aliases.items()}
    return names | {code.casefold(): code for code in entity.subdivisions}


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """The working days of one place. A country the calendar does not know has weekends only."""

    calendars: tuple[holidays.HolidayBase, ...]
    """The country's and its part's: a day off in either is no working day (a bank may keep one, a payroll the other).
    """

    def works(self, day: date) -> bool:
        """Whether ``day`` is a working day."""
        if not self.calendars:
            return day.weekday() not in _WEEKEND
        return all(day.weekday() not in each.weekend and day not in each for each in self.calendars)

    def before(self, day: date) -> date:
        """``day``, or the last working day before it."""
        while not self.works(day):
            day -= _DAY
        return day

    def after(self, day: date) -> date:
        """``day``, or the first working day after it."""
        while not self.works(day):
            day += _DAY
        return day


@lru_cache(maxsize=128)
def working_days(place: str) -> WorkingDays:
    """The working days of a place by its name (``place_of``); of no place, weekends only."""
    country, _, part = place.partition("-")
    try:
        whole = holidays.country_holidays(country)
        return WorkingDays((whole, holidays.country_holidays(country, subdiv=part)) if part else (whole,))
    except NotImplementedError:
        return WorkingDays(())
