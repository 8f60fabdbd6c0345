"""Whether the evidence is as it was written."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.evidence import capture
from compliance.evidence.anchor import Anchor
from compliance.evidence.models import Evidence, EvidenceHead
from compliance.evidence.sealing import digest
from runtime.vault import keyed_hash

AT_ONCE = 2_000
MOST_TOLD = 50


@dataclass
class Report:
    """What was found. ``waiting`` records are not sealed yet, the oldest of them since ``waiting_since``."""

    sealed: int = 0
    end: Anchor | None = None
    waiting: int = 0
    waiting_since: datetime | None = None
    problems: list[str] = field(default_factory=list)
    more: int = 0
    """Problems beyond those told."""

    def tell(self, problem: str) -> None:
        """One more problem."""
        if len(self.problems) < MOST_TOLD:
            self.problems.append(problem)
        else:
            self.more += 1


def verify(session: Session, *, anchors: list[Anchor], progress: Callable[[int, int], None] | None = None) -> Report:
    """Read the whole chain. ``anchors``: ends of it known from elsewhere, which must still be in it."""
    report = Report()
    head = session.scalars(select(EvidenceHead)).one_or_none()
    report.waiting = session.scalar(select(func.count()).where(Evidence.position.is_(None))) or 0
    report.waiting_since = session.scalar(select(func.min(Evidence.at)).where(Evidence.position.is_(None)))
    for name in capture.missing(session.connection()):
        report.tell(f"the trigger {capture.PREFIX}{name}, which writes evidence, is missing: run the migration again")
    if head is None:
        _without_a_head(session, anchors, report)
        return report
    known = {anchor.position: anchor for anchor in anchors if anchor.chain == head.chain}
    for anchor in anchors:
        if anchor.chain != head.chain:
            report.tell(f"the anchor at {anchor.position} is of another log than the database's")
    whole = head.position
    position, previous = 0, keyed_hash("evidence", head.chain)
    rows = session.scalars(select(Evidence).where(Evidence.position.is_not(None)).order_by(Evidence.position)
                           .execution_options(yield_per=AT_ONCE))
    for row in rows:
        session.expunge(row)
        place = row.position or 0
        if place != position + 1:
            one = place == position + 2
            report.tell(f"record {position + 1} is missing" if one else
                        f"records {position + 1} to {place - 1} are missing")
        elif row.previous != previous:
            report.tell(f"record {place} does not follow the one before it: something was put in, or taken out")
        if row.hash != digest(row, place, row.previous or ""):
            report.tell(f"record {place} (id {row.id}, {row.kind}) was changed")
        if place in known and known[place].hash != row.hash:
            report.tell(f"record {place} is not the one that was kept as an anchor")
        position, previous = place, row.hash or ""
        report.sealed += 1
        if progress and report.sealed % AT_ONCE == 0:
            progress(report.sealed, whole)
    if (position, previous) != (head.position, head.hash):
        report.tell(f"the log ends at record {position}, but was sealed up to {head.position}")
    for anchor in known.values():
        if anchor.position > position:
            report.tell(f"the log ends at record {position}, but an anchor says that it went up to {anchor.position}")
    report.end = Anchor(head.chain, position, previous)
    if progress:
        progress(report.sealed, whole)
    return report


def _without_a_head(session: Session, anchors: list[Anchor], report: Report) -> None:
    sealed = session.scalar(select(func.count()).where(Evidence.position.is_not(None))) or 0
    if sealed:
        report.tell(f"{sealed} records are sealed, but the end of the log is gone")
    for anchor in anchors:
        report.tell(f"the log is empty, but an anchor says that it went up to {anchor.position}")
