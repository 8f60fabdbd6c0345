"""How often an instalment is due: a number of weeks or months, and for paydays a rule that names the day."""

import re
from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from dateutil.relativedelta import relativedelta

from ledger.schedule.working_days import WorkingDays, working_days

Unit = Literal["week", "month"]
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LAST = 31  # a day of the month that stands for its last day

_WEEKDAY = "|".join(WEEKDAYS)
_RULES = {
    "week": re.compile(rf"(?P<weekday>{_WEEKDAY})"),
    "month": re.compile(
        rf"(?P<working>last_working_day)|last_(?P<weekday>{_WEEKDAY})|(?P<day>\d{{1,2}})_(?P<move>before|after)"
        r"|(?P<one>\d{1,2})_and_(?P<two>\d{1,2})"
    ),
}


@dataclass(frozen=True, slots=True)
class Frequency:
    """Every ``every`` weeks or months; ``rule`` names the day, else the first date does.

    Rules of weeks: ``friday``. Rules of months: ``last_working_day``; ``last_friday``; ``28_before`` and ``28_after``
    (the 28th, or the working day before or after it); ``1_and_15`` and ``15_and_31`` (twice a month; 31 is the last
    day of any month). Raises ValueError for anything else.
    """

    every: int
    unit: Unit
    rule: str = ""

    def __post_init__(self) -> None:
        if self.every < 1 or self.unit not in ("week", "month") or not self._sound():
            raise ValueError(f"no frequency: every {self.every} {self.unit} {self.rule}".strip())

    def _sound(self) -> bool:
        if not self.rule:
            return True
        if (match := _RULES[self.unit].fullmatch(self.rule)) is None:
            return False
        parts = match.groupdict()
        if parts.get("one"):  # up to the 27th: in February the second day must still be a later one
            return self.every == 1 and 1 <= int(parts["one"]) <= 27 and int(parts["one"]) < int(parts["two"]) <= LAST
        return not parts.get("day") or 1 <= int(parts["day"]) <= LAST

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> "Frequency":
        """From ``{"every": 2, "unit": "week"}``, with a ``rule`` or without. Raises ValueError for anything else."""
        every, unit, rule = value.get("every"), value.get("unit"), value.get("rule", "")
        if type(every) is not int or unit not in ("week", "month") or not isinstance(rule, str):
            raise ValueError(f"{value!r} is not a frequency")
        return cls(every, "week" if unit == "week" else "month", rule)

    def json(self) -> dict[str, object]:
        """``{"every": 2, "unit": "week"}``, and ``rule`` where there is one."""
        return {"every": self.every, "unit": self.unit} | ({"rule": self.rule} if self.rule else {})

    def __str__(self) -> str:
        """In plain English, for staff: "every 2 weeks", "the last Friday of every month"."""
        often = f"every {self.unit}" if self.every == 1 else f"every {self.every} {self.unit}s"
        if not self.rule:
            return often
        parts = self._parts
        if self.unit == "week":
            return f"{often} on {self.rule.capitalize()}"
        if parts["working"]:
            return f"the last working day of {often}"
        if parts["weekday"]:
            return f"the last {parts['weekday'].capitalize()} of {often}"
        if parts["one"]:
            return f"twice a month, on the {_ordinal(int(parts['one']))} and the {_ordinal(int(parts['two']))}"
        return f"the {_ordinal(int(parts['day']))} of {often}, or the working day {parts['move']}"

    @property
    def _parts(self) -> dict[str, str]:
        match = _RULES[self.unit].fullmatch(self.rule)
        return {} if match is None else match.groupdict()

    @property
    def twice_a_month(self) -> bool:
        """Whether there are two due dates in a month."""
        return "_and_" in self.rule

    @property
    def follows_working_days(self) -> bool:
        """Whether its dates depend on where one lives."""
        return self.rule.endswith(("_working_day", "_before", "_after"))

    @property
    def per_year(self) -> tuple[int, int]:
        """How many instalments there are in how many years, as whole numbers: 52 a year in weeks, 12 in months."""
        return (52 if self.unit == "week" else 24 if self.twice_a_month else 12), self.every

    def on(self, first_on: date, number: int, working: WorkingDays | None = None) -> date:
        """The due date of instalment ``number`` (0 is the first on or after ``first_on``).

        Reckoned from the first, so month ends stay right. ``working`` is needed for rules that speak of working days.
        """
        if self.unit == "week":
            ahead = (WEEKDAYS.index(self.rule) - first_on.weekday()) % 7 if self.rule else 0
            return first_on + timedelta(days=ahead, weeks=self.every * number)
        if not self.rule:
            return first_on + relativedelta(months=self.every * number)
        return self._by_rule(first_on, number, working or working_days(""))

    def _by_rule(self, first_on: date, number: int, working: WorkingDays) -> date:
        parts, month = self._parts, first_on.replace(day=1)
        if self.twice_a_month:
            days = (int(parts["one"]), int(parts["two"]))
            skipped = sum(_day(month, day) < first_on for day in days)
            months, slot = divmod(number + skipped, 2)
            return _day(month + relativedelta(months=months), days[slot])
        start = next(back for back in (-1, 0, 1, 2)  # the day of last month may be moved into this one
                     if self._in_month(month + relativedelta(months=back), parts, working) >= first_on)
        return self._in_month(month + relativedelta(months=start + self.every * number), parts, working)

    def _in_month(self, month: date, parts: dict[str, str], working: WorkingDays) -> date:
        if parts["working"]:
            return working.before(_day(month, LAST))
        if parts["weekday"]:
            last = _day(month, LAST)
            return last - timedelta(days=(last.weekday() - WEEKDAYS.index(parts["weekday"])) % 7)
        day = _day(month, int(parts["day"]))
        return working.before(day) if parts["move"] == "before" else working.after(day)


def _day(month: date, day: int) -> date:
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


def _ordinal(day: int) -> str:
    if day == LAST:
        return "last day"
    ending = "th" if day in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


WEEKLY = Frequency(1, "week")
FORTNIGHTLY = Frequency(2, "week")
FOUR_WEEKLY = Frequency(4, "week")
MONTHLY = Frequency(1, "month")
SEMI_MONTHLY = Frequency(1, "month", "1_and_15")
LAST_WORKING_DAY = Frequency(1, "month", "last_working_day")
LAST_FRIDAY = Frequency(1, "month", "last_friday")
