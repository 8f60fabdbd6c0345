"""Tables of the feed's delivery: how far positions are given, and how far each receiver has come."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from runtime.database import Base, UTCDateTime


class FeedHead(Base):
    """One row: the last position given. Its lock makes the giving of positions one after another."""

    __tablename__ = "feed_head"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0)


class FeedReceiver(Base):
    """How far one receiver has come. Known by its name, so that its address may change."""

    __tablename__ = "feed_receiver"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """The last position it has confirmed."""
    sending_to: Mapped[int | None] = mapped_column(BigInteger)
    """The last position of the batch that is being tried: tried again, it is the same batch."""
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    leased_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Until then one worker has it; when that one dies, another goes on afterwards."""
    delivered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    problem: Mapped[str | None] = mapped_column(String(200))
