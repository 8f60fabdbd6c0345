"""Pages of a debtor's account: what there is, and what staff may do with it, shown before it is done."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from console.account import account_of, names_of, today_of
from console.activity import note
from console.deeds import DEEDS, Deed, Doing, Given, perform, rehearse, told
from console.deeds.deed import AUTHORITY
from console.deeds.words import WHO
from console.models import StaffAccount, What
from console.sessions import SignedIn
from console.web import Form, NotThere, Someone, desk, field, go, page
from ledger.approvals import ask, decide, waiting
from ledger.errors import LedgerError
from ledger.kinds import Authority
from ledger.models import Approval, Debt, Debtor
from runtime.errors import StaffError
from runtime.ids import DebtorId, new_token

router = APIRouter()


@router.get("/debtors")
def find(request: Request, who: Someone, ref: str = "") -> Response:
    """An account by the debtor's or a debt's reference."""
    wanted = "".join(ref.split()).upper()[:64]
    if wanted:
        with desk(request).db.read() as session:
            found = session.scalars(
                select(Debtor.id).outerjoin(Debt, Debt.debtor_id == Debtor.id)
                .where(or_(Debtor.ref == wanted, Debt.ref == wanted)).limit(1)).first()
        if found is not None:
            return go(request, f"/debtors/{found}")
    error = f"There is nothing under “{ref[:64]}”." if wanted else ""
    return page(request, "debtors.html", who=who, ref=ref, error=error)


@router.get("/debtors/{debtor_id}")
def account(request: Request, who: Someone, debtor_id: int, done: str = "") -> Response:
    """One account. Opening it is written to the activity log."""
    place = desk(request)
    now = place.clock.now()
    with place.db.write() as session:
        debtor = _debtor(session, debtor_id)
        note(session, staff_id=who.staff.id, what=What.VIEWED_DEBTOR, now=now, debtor_id=debtor.id)
        found = account_of(session, debtor, now=now)
    return page(request, "account.html", who=who, a=found, deeds=DEEDS, WHO=WHO,
                done={"done": "Done.", "asked": "Asked. A manager sees it under Approvals.",
                      "declined": "Declined. Nothing was changed."}.get(done, ""))


@router.get("/debtors/{debtor_id}/{name}/{target}")
def form(request: Request, who: Someone, debtor_id: int, name: str, target: int) -> Response:
    """The form of a deed, with a key of its own: sent twice it is done once."""
    place = desk(request)
    with place.db.write() as session:
        doing = _doing(session, place.clock.now(), who.staff, debtor_id, target, {}, new_token())
        return _form(request, who, _deed(name), doing)


@router.post("/debtors/{debtor_id}/{name}/{target}")
def act(request: Request, who: Someone, sent: Form, debtor_id: int, name: str, target: int) -> Response:
    """Check what a deed would do, then do it, or ask for it. What is refused is written to the activity log."""
    place, deed = desk(request), _deed(name)
    values = {key: field(sent, key) for key in sent if key not in ("csrf", "step")}
    now, step, problem = place.clock.now(), field(sent, "step"), ""
    once = field(sent, "once") or new_token()
    try:
        with place.db.write() as session:
            doing = _doing(session, now, who.staff, debtor_id, target, values, once)
            if step == "back":
                return _form(request, who, deed, doing)
            if step == "do":
                changed = perform(deed, doing)
                if changed:
                    note(session, staff_id=who.staff.id, what=What.DID, now=now, debtor_id=doing.debtor.id,
                         detail=_detail(deed, changed))
                return go(request, f"/debtors/{debtor_id}?done=done")
            rehearsal = rehearse(deed, doing)
            if step == "ask" and rehearsal.asked is not None:
                ask(session, rehearsal.asked, actor=doing.actor, now=now,
                    form={"deed": deed.name, "target": target, "values": values})
                note(session, staff_id=who.staff.id, what=What.ASKED, now=now, debtor_id=doing.debtor.id,
                     detail=deed.title)
                return go(request, f"/debtors/{debtor_id}?done=asked")
            return page(request, "deed_check.html", who=who, deed=deed, debtor=doing.debtor, target=target,
                        rows=rehearsal.rows, values=values, once=once,
                        needs=WHO[rehearsal.asked.needed] if rehearsal.asked else "", approval=None, error="")
    except StaffError as error:
        problem = str(error)
    except LedgerError as error:
        problem = told(error)
    with place.db.write() as session:
        doing = _doing(session, now, who.staff, debtor_id, target, values, once)
        note(session, staff_id=who.staff.id, what=What.REFUSED, now=now, debtor_id=doing.debtor.id,
             detail=f"{deed.title}: {problem}")
    with place.db.write() as session:
        doing = _doing(session, now, who.staff, debtor_id, target, values, once)
        return _form(request, who, deed, doing, problem)


@router.get("/approvals")
def approvals(request: Request, who: Someone) -> Response:
    """What colleagues asked for."""
    with desk(request).db.read() as session:
        rows = waiting(session)
        names = names_of(session, (row.asked_by for row in rows))
        debtors = {debtor.id: debtor for debtor in session.scalars(
            select(Debtor).where(Debtor.id.in_({row.debtor_id for row in rows})))}
    return page(request, "approvals.html", who=who, deeds=DEEDS, WHO=WHO, may=AUTHORITY[who.staff.role],
                rows=[(row, names.get(row.asked_by, row.asked_by), debtors[row.debtor_id]) for row in rows])


@router.get("/approvals/{approval_id}")
def approval(request: Request, who: Someone, approval_id: int) -> Response:
    """What was asked for, and what it would change now."""
    return _approval(request, who, approval_id)


@router.post("/approvals/{approval_id}")
def decided(request: Request, who: Someone, sent: Form, approval_id: int) -> Response:
    """Say yes, and it is done at once; or no."""
    place, yes, problem = desk(request), field(sent, "step") == "yes", ""
    now = place.clock.now()
    try:
        with place.db.write() as session:
            row = _asked(session, approval_id)
            deed, doing = _asked_doing(session, row, who.staff, now)
            row = decide(session, approval_id=approval_id, yes=yes, actor=f"staff:{who.staff.id}",
                         authority=AUTHORITY[who.staff.role], now=now)
            changed = perform(deed, doing) if yes else []
            note(session, staff_id=who.staff.id, what=What.APPROVED if yes else What.DECLINED, now=now,
                 debtor_id=row.debtor_id, detail=_detail(deed, changed))
            return go(request, f"/debtors/{row.debtor_id}?done={'done' if yes else 'declined'}")
    except StaffError as error:
        problem = str(error)
    except LedgerError as error:
        problem = told(error)
    with place.db.write() as session:
        row = _asked(session, approval_id)
        note(session, staff_id=who.staff.id, what=What.REFUSED, now=now, debtor_id=row.debtor_id,
             detail=f"Approval: {problem}")
    return _approval(request, who, approval_id, problem)


def _approval(request: Request, who: SignedIn, approval_id: int, error: str = "") -> Response:
    place = desk(request)
    rows: Sequence[tuple[str, str, str]] = ()
    with place.db.write() as session:
        row = _asked(session, approval_id)
        deed, doing = _asked_doing(session, row, who.staff, place.clock.now())
        try:
            rows = rehearse(deed, doing.with_authority(Authority.LEAD)).rows
        except (StaffError, LedgerError) as problem:
            error = error or (str(problem) if isinstance(problem, StaffError) else told(problem))
        shown = {given.label: given for given in _fields(deed, doing)}
        asker = names_of(session, [row.asked_by]).get(row.asked_by, row.asked_by)
    return page(request, "deed_check.html", who=who, status=409 if error else 200, deed=deed, debtor=doing.debtor,
                target=doing.target, rows=rows, values=doing.values, once="", needs=WHO[row.needed], approval=row,
                asker=asker, fields=shown, may=AUTHORITY[who.staff.role].covers(row.needed), error=error)


def _asked(session: Session, approval_id: int) -> Approval:
    row = session.get(Approval, approval_id, populate_existing=True)
    if row is None or row.form.get("deed") not in DEEDS:
        raise NotThere("There is no such approval to decide.")
    return row


def _asked_doing(session: Session, row: Approval, approver: StaffAccount, now: Any) -> tuple[Deed, Doing]:
    """The deed as it was asked for: done by whoever asked, with an agent's authority and the approval."""
    debtor = session.get_one(Debtor, row.debtor_id)
    return DEEDS[row.form["deed"]], Doing(
        session, debtor, int(row.form["target"]), row.form["values"], row.key, row.asked_by, Authority.STAFF, now,
        today_of(debtor, now))


def _doing(session: Session, now: Any, staff: StaffAccount, debtor_id: int, target: int, values: Mapping[str, str],
           once: str) -> Doing:
    debtor = _debtor(session, debtor_id)
    return Doing(session, debtor, target, values, f"console:{staff.id}:{once[:100]}", f"staff:{staff.id}",
                 AUTHORITY[staff.role], now, today_of(debtor, now))


def _form(request: Request, who: SignedIn, deed: Deed, doing: Doing, error: str = "") -> Response:
    fields, refused = _fields(deed, doing), error
    if not fields:
        try:
            deed.form(doing)
        except (StaffError, LedgerError) as problem:
            refused = str(problem) if isinstance(problem, StaffError) else told(problem)
    once = doing.key.rpartition(":")[2]
    return page(request, "deed.html", who=who, status=409 if refused else 200, deed=deed, debtor=doing.debtor,
                target=doing.target, fields=fields, error=refused, once=once)


def _fields(deed: Deed, doing: Doing) -> list[Given]:
    """The fields as they were filled in; none when there is nothing to do. Hidden ones keep what they were."""
    try:
        fields = deed.form(doing)
    except (StaffError, LedgerError):
        return []
    filled = []
    for given in fields:
        said = doing.values.get(given.name)
        if said is not None and given.kind == "line":
            said = f"{said.strip()} {doing.values.get(given.name + '_every', 'month')}"
        filled.append(given if said is None else _with_value(given, said))
    return filled


def _with_value(given: Given, value: str) -> Given:
    return Given(given.name, given.label, given.kind, value[:300], given.hint, given.choices, given.required,
                 given.group)


def _detail(deed: Deed, changed: Sequence[tuple[str, str, str]]) -> str:
    told_of = "; ".join(f"{name}: {before} → {after}" for name, before, after in changed[:6])
    return f"{deed.title}. {told_of}".strip()[:900]


def _deed(name: str) -> Deed:
    if name not in DEEDS:
        raise NotThere("There is no such form.")
    return DEEDS[name]


def _debtor(session: Session, debtor_id: int) -> Debtor:
    found = session.get(Debtor, DebtorId(debtor_id)) if 0 < debtor_id < 2**31 else None
    if found is None:
        raise NotThere("There is no such account.")
    return found


