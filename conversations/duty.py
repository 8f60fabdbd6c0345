"""Whether a person is there to answer: staff who were active in the console a moment ago.

Office hours are not known here; whoever tells a debtor that somebody will answer asks the operator file as well.
"""

from datetime import datetime, timedelta

from sqlalchemy import Integer, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from runtime.database import Base, UTCDateTime
from runtime.ids import StaffId

PRESENT_FOR = timedelta(minutes=10)
"""How long after their last click or key press staff count as being there."""


class StaffPresence(Base):
    """When a member of staff was last active. One row each; none after signing out."""

    __tablename__ = "staff_presence"
    staff_id: Mapped[StaffId] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


def seen(session: Session, staff_id: StaffId, now: datetime) -> None:
    """Record that this member of staff is active now."""
    if presence := session.get(StaffPresence, staff_id):
        presence.seen_at = max(presence.seen_at, now)
    else:
        session.merge(StaffPresence(staff_id=staff_id, seen_at=now))


def left(session: Session, staff_id: StaffId) -> None:
    """Record that this member of staff has gone."""
    session.execute(delete(StaffPresence).where(StaffPresence.staff_id == staff_id))


def someone_on_duty(session: Session, *, now: datetime) -> bool:
    """Whether any member of staff was active within the last ten minutes."""
    return session.scalar(
        select(StaffPresence.staff_id).where(StaffPresence.seen_at > now - PRESENT_FOR).limit(1)
    ) is not None
