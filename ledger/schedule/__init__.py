"""When instalments fall due and how much each is: rhythms, working days, exact amounts. No database."""

from ledger.schedule.amounts import MOST_DUES, split
from ledger.schedule.dues import PLAIN, Due, Shape, due_dates, first_due, schedule, steps_until
from ledger.schedule.frequency import (
    FORTNIGHTLY,
    FOUR_WEEKLY,
    LAST_FRIDAY,
    LAST_WORKING_DAY,
    MONTHLY,
    SEMI_MONTHLY,
    WEEKLY,
    Frequency,
    Unit,
)
from ledger.schedule.working_days import WorkingDays, place_of, working_days

__all__ = [
    "FORTNIGHTLY", "FOUR_WEEKLY", "LAST_FRIDAY", "LAST_WORKING_DAY", "MONTHLY", "MOST_DUES", "PLAIN", "SEMI_MONTHLY",
    "WEEKLY", "Due", "Frequency", "Shape", "Unit", "WorkingDays", "due_dates", "first_due", "place_of", "schedule",
    "split", "steps_until", "working_days",
]
