"""The deed of noting that somebody needs extra support, for staff only."""

from collections.abc import Sequence

from compliance.placing import forget_vulnerability, note_vulnerability
from console.deeds.deed import MAX_TEXT, Deed, Doing, Given
from runtime.errors import StaffError

_WAYS = [("note", "Note it: the debtor said yes to that"),
         ("forget", "Remove it: the debtor wishes so, or it is over")]


def _form(doing: Doing) -> Sequence[Given]:
    return [Given("way", "What", "choice", choices=_WAYS),
            Given("note", "What helps", value=doing.debtor.vulnerability_note or "", required=False,
                  hint="What to do, as in “by e-mail only, give time”. As little about health as can be.")]


def _support(doing: Doing) -> None:
    note = " ".join(doing.values.get("note", "").split())
    if len(note) > MAX_TEXT:
        raise StaffError(f"The note has {len(note)} characters, {MAX_TEXT} at most.")
    if doing.choice("way", _WAYS) == "forget":
        forget_vulnerability(doing.session, key=doing.key, debtor_id=doing.debtor.id, actor=doing.actor, now=doing.now)
    else:
        note_vulnerability(doing.session, key=doing.key, debtor_id=doing.debtor.id, actor=doing.actor, now=doing.now,
                           note=note or None)


SUPPORT = Deed("support", "Extra support", _form, _support,
               "Only with the debtor's yes. Staff alone read it; the assistant knows no more than that support is "
               "needed. It is erased with the debtor's data.")
