"""What a deed would do: it is done in earnest, looked at, and rolled back. So the page cannot promise anything else."""

from collections.abc import Mapping
from dataclasses import dataclass

from console.deeds.deed import Deed, Doing
from console.deeds.picture import picture
from ledger.approvals import Asked
from ledger.errors import NeedsApproval, NeedsAuthority
from ledger.kinds import Authority


@dataclass(frozen=True)
class Rehearsal:
    """``rows``: what would change, each with how it is and how it would be. ``asked``: what needs an approval."""

    rows: list[tuple[str, str, str]]
    asked: Asked | None = None


class _RolledBack(Exception):
    """Ends a rehearsal."""


def rehearse(deed: Deed, doing: Doing) -> Rehearsal:
    """What the deed would change. Writes nothing. Raises LedgerError, StaffError as the deed itself would."""
    before, asked = picture(doing), None
    try:
        after = _tried(deed, doing)
    except (NeedsApproval, NeedsAuthority) as error:
        asked = error.asked
        if asked is None:
            raise
        after = _tried(deed, doing.with_authority(Authority.LEAD))
    return Rehearsal(_differences(before, after), asked)


def perform(deed: Deed, doing: Doing) -> list[tuple[str, str, str]]:
    """Do the deed. What changed: nothing when it was done before. Raises LedgerError, StaffError."""
    before = picture(doing)
    with doing.session.begin_nested():
        deed.do(doing)
    return _differences(before, picture(doing))


def _tried(deed: Deed, doing: Doing) -> Mapping[str, str]:
    found: Mapping[str, str] = {}
    try:
        with doing.session.begin_nested():
            deed.do(doing)
            found = picture(doing)
            raise _RolledBack
    except _RolledBack:
        doing.session.expire_all()
    return found


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> list[tuple[str, str, str]]:
    names = [*before, *(name for name in after if name not in before)]
    return [(name, before.get(name, "–"), after.get(name, "–")) for name in names
            if before.get(name) != after.get(name)]

