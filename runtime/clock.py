"""The one clock. A test offset in the database moves it in every process alike."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, select
from sqlalchemy.orm import Mapped, mapped_column

from runtime.database import Base, Database


class ClockOffset(Base):
    """How far the clock is moved, in seconds. One row at most; empty in every real installation."""

    __tablename__ = "clock_offset"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    seconds: Mapped[int] = mapped_column(Integer, nullable=False)


def real_now() -> datetime:
    """The machine's time, in UTC."""
    return datetime.now(UTC)


class Clock:
    """Tells the time. The offset is read from the database at most once a second."""

    def __init__(self, database: Database | None = None, source: Callable[[], datetime] = real_now) -> None:
        self._database = database
        self._source = source
        self._offset = timedelta(0)
        self._read_at: datetime | None = None

    def now(self) -> datetime:
        """The present instant, in UTC."""
        instant = self._source()
        if self._database and (self._read_at is None or instant - self._read_at > timedelta(seconds=1)):
            with self._database.read() as session:
                self._offset = timedelta(seconds=session.scalar(select(ClockOffset.seconds)) or 0)
            self._read_at = instant
        return instant + self._offset

    def today(self, zone: str | None) -> date:
        """Today's date where ``zone`` (an IANA name) is in force; UTC when it is unknown."""
        return self.now().astimezone(ZoneInfo(zone) if zone else UTC).date()
