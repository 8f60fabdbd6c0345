"""What the law adds to a debt before anybody may ask for it: its age (rule 15), and our licence (rule 40).

The ledger knows holds; it does not know where the law of a place stands. ``lawful`` puts the two together.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from compliance.hold_log import Deed, HoldAct
from compliance.operator import operator
from compliance.prescribed import Role
from compliance.profile import Profile, profile_of
from compliance.time_bar import Age, Dates
from conversations.tickets import open_ticket
from ledger import balances
from ledger.balances import DebtLine, DebtorBalance
from ledger.keeping import paid_by_day
from ledger.models import Debtor
from runtime.ids import ConversationId, DebtorId

DECIDED_FOR = timedelta(days=366)
"""How long staff's "not too old" counts: debts grow older, so then it is put to them again."""
_KNOWN = {True: Age.TOO_OLD, False: Age.IN_TIME, None: Age.UNKNOWN}
_BARRED = {age: barred for barred, age in _KNOWN.items()}


def role_of(line: DebtLine) -> Role:
    """What we are to this debt."""
    return Role.CREDITOR if line.own_collector else Role.COLLECTOR


def licensed(debtor: Debtor, role: Role, now: datetime) -> bool:
    """Whether we may collect where the debtor lives, in this role (rule 40)."""
    rules = profile_of(debtor)
    return role not in rules.licensing.needed_by or operator().licensed(
        debtor.country, rules.region(debtor.region), day_of(debtor, now))


def age_of(session: Session, debtor: Debtor, line: DebtLine, today: date) -> Age:
    """Whether a debt is too old where the debtor lives.

    What staff decided counts before everything, then that the creditor calls it too old, then the dates. A creditor's
    "no" against the dates is put to staff; where the dates say nothing it counts.
    """
    return _age(session, line, today, profile_of(debtor), debtor.region)


def _age(session: Session, line: DebtLine, today: date, rules: Profile, region: str | None) -> Age:
    place = rules.region(region)
    dates = Dates(line.opened_on, line.due_on, line.acknowledged_on)
    age = Age.TOO_OLD if line.time_barred else rules.time_bar.age(line.kind, place, dates, today)
    if age is Age.IN_TIME:
        return age
    decided = session.scalar(
        select(HoldAct).where(HoldAct.debt_id == line.debt_id, HoldAct.what == Deed.DECIDED_AGE)
        .order_by(HoldAct.id.desc()).limit(1))
    if decided is not None and decided.too_old is not None:
        over = not decided.too_old and decided.at.date() + DECIDED_FOR < today
        return Age.UNKNOWN if over else _KNOWN[decided.too_old]
    if line.time_barred:
        return age
    if paid := paid_by_day(session, line.debt_id):  # our own books know of later payments than the creditor's file
        last = max(day for day, _ in paid)
        dates = replace(dates, acknowledged_on=max(filter(None, (last, dates.acknowledged_on))))
        age = rules.time_bar.age(line.kind, place, dates, today)
    if line.time_barred is False and age is not Age.IN_TIME:
        return Age.IN_TIME if age is Age.UNKNOWN else Age.UNKNOWN
    return age


def lawful(session: Session, debtor: Debtor, balance: DebtorBalance, *, now: datetime) -> DebtorBalance:
    """``balance`` with the age of each debt as the law there counts it, and nothing to ask for without a licence.

    ``time_barred`` is None only where staff have to decide; such a debt is not asked for meanwhile.
    """
    if not balance.lines:
        return balance
    today, rules = day_of(debtor, now), profile_of(debtor)
    may_ask = {role: licensed(debtor, role, now) for role in set(map(role_of, balance.lines))}
    lines = []
    for line in balance.lines:
        age = _age(session, line, today, rules, debtor.region)
        may = age is not Age.UNKNOWN and may_ask[role_of(line)]
        same = (may or not line.askable) and line.time_barred is _BARRED[age]
        lines.append(line if same else replace(line, askable=line.askable and may, time_barred=_BARRED[age]))
    return replace(balance, lines=lines)


def balance_of(session: Session, debtor_id: DebtorId, *, now: datetime) -> DebtorBalance:
    """What a debtor owes, with holds, age and licence: what every room that speaks to debtors asks."""
    found = balances.balance_of(session, debtor_id, now=now)
    return lawful(session, session.get_one(Debtor, debtor_id), found, now=now) if found.lines else found


def day_of(debtor: Debtor, now: datetime) -> date:
    """Today where the debtor lives; where that is not known, the earliest date it may be there."""
    return now.astimezone(ZoneInfo(debtor.timezone)).date() if debtor.timezone else (now - timedelta(hours=12)).date()


def put_to_staff(session: Session, *, debtor_id: DebtorId, conversation_id: ConversationId | None, now: datetime,
                 lines: list[DebtLine]) -> None:
    """Tell staff, once, of debts whose age only they can decide, and of a debtor where we have no licence."""
    debtor = session.get_one(Debtor, debtor_id)
    for line in lines:
        if line.time_barred is None:
            before = session.scalar(select(func.count()).select_from(HoldAct).where(
                HoldAct.debt_id == line.debt_id, HoldAct.what == Deed.DECIDED_AGE))
            open_ticket(
                session, key=f"age:{line.debt_id}:{before}", conversation_id=conversation_id, debtor_id=debtor_id,
                kind="age_unknown", urgent=False, now=now,
                summary=f"Whether {line.ref} is too old cannot be told from its dates. Decide it; nothing is asked "
                        "for meanwhile.")
    if any(not licensed(debtor, role_of(line), now) for line in lines):
        place = f"{debtor.region or 'an unknown state or nation'}, {debtor.country}"
        open_ticket(
            session, key=f"unlicensed:{debtor_id}:{debtor.country}:{debtor.region}"[:120], now=now, urgent=False,
            conversation_id=conversation_id, debtor_id=debtor_id, kind="unlicensed",
            summary=f"operator.yml has no licence for {place}. Nothing is asked for or sent there (rule 40).")
