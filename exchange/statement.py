"""The statement for a debtor, and the letter that says that nothing is owed, as PDF and HTML.

Plain words, every figure from the ledger at this moment, the disputed part said as disputed, nothing asked on what may
not be asked for (rules 3, 13, 15, 26, 34).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from compliance.operator import Operator, operator
from compliance.profile import Profile, profile_of
from conversations.texts import FOLDER, day, known_locale, money, texts
from exchange.account import DebtAccount, Movement, account_of
from exchange.html import as_html
from exchange.paper import Block, File, Heading, Logo, Paper, Row, Table, Words
from exchange.pdf import as_pdf
from ledger.balances import third_party_collector
from ledger.confirming import refuse_stale
from ledger.kinds import DebtStatus, PlanStatus, PostingKind
from ledger.models import Debtor
from ledger.money import Money, totals, zero
from ledger.plans import DueLine, PlanView, plans_of
from runtime.ids import DebtorId

Form = Literal["pdf", "html"]
_NAMED = {
    PostingKind.OPENING.value: "opening", PostingKind.PAYMENT.value: "payment",
    PostingKind.PAYMENT_REVERSAL.value: "returned", "refund": "refund", PostingKind.RECALL.value: "recall",
    "accrual": "interest", "write_off": "written_off", "settlement_discount": "discount",
    "card_dispute_lost": "returned",
}


@dataclass(frozen=True)
class _Desk:
    """What every part of a paper is written with."""

    say: Callable[..., str]
    amount: Callable[[Money], str]
    day: Callable[[date], str]
    operator: Operator
    profile: Profile
    debtor: Debtor
    today: date


def statement_file(
    session: Session, debtor_id: DebtorId, *, now: datetime, form: Form = "pdf", first: date | None = None,
    language: str | None = None,
) -> File:
    """The statement of a debtor from ``first`` (a value date; None: from the beginning) until now, as a file.

    When nothing is owed on anything it is the letter that says so. In the debtor's language unless another is given.
    Raises OperatorError; BalanceStale where the letter would say of another system's books what cannot be known.
    """
    desk = _desk(session, debtor_id, now, language)
    accounts = account_of(session, debtor_id, first=first, now=now)
    if clear(accounts):
        refuse_stale(session, [account.debt_id for account in accounts], now=now)
        paper, name = _letter(desk, accounts), "letter"
    else:
        plans = [view for view in plans_of(session, debtor_id, today=desk.today) if view.status == PlanStatus.ACTIVE]
        disclosed = third_party_collector(session, debtor_id)
        paper, name = _statement(desk, accounts, plans, first, disclosed), "statement"
    content = as_pdf(paper, made_at=now) if form == "pdf" else as_html(paper)
    media_type = "application/pdf" if form == "pdf" else "text/html; charset=utf-8"
    return File(f"{name}-{desk.today.isoformat()}.{form}", media_type, content)


def clear(accounts: Sequence[DebtAccount]) -> bool:
    """Whether there were debts and nothing is owed on any, so that the letter may be written."""
    paid = any(account.status is DebtStatus.PAID for account in accounts)
    return paid and all(account.owed.is_zero for account in accounts)


def _desk(session: Session, debtor_id: DebtorId, now: datetime, language: str | None) -> _Desk:
    debtor = session.get_one(Debtor, debtor_id)
    spoken = (language or debtor.language or "en").partition("-")[0]
    if not (spoken.isalpha() and (FOLDER / f"{spoken}.yml").exists()):
        spoken = "en"  # words, dates and amounts in one language
    locale = known_locale(f"{spoken}-{debtor.country}")
    words = texts(spoken, locale)
    office = operator()
    zone = ZoneInfo(debtor.timezone) if debtor.timezone else office.zone
    return _Desk(
        say=lambda name, **values: words.text(f"paper_{name}", values),
        amount=lambda amount: money(amount.json(), locale), day=lambda on: day(on.isoformat(), locale),
        operator=office, profile=profile_of(debtor), debtor=debtor, today=now.astimezone(zone).date())


def _paper(desk: _Desk, title: str, facts: Sequence[tuple[str, str]], blocks: Sequence[Block]) -> Paper:
    office, debtor = desk.operator, desk.debtor
    licence = office.licence_in(debtor.country, desk.profile.region(debtor.region))
    foot = desk.say("foot", legal_name=office.legal_name, address=office.address,
                    licence=f"{licence.name}, {licence.number}" if licence else "")
    return Paper(
        title=title, language=desk.say("language_tag", country=debtor.country),
        sender=(office.trading_name, *(part.strip() for part in office.address.split(",")), office.phone, office.email),
        recipient=(f"{debtor.first_name} {debtor.last_name}".strip(),), facts=tuple(facts), blocks=tuple(blocks),
        foot=foot, page=desk.say("page", page="{page}", pages="{pages}"),
        logo=Logo(office.logo_file, office.trading_name) if office.logo_file else None,
        letter_size="Letter" if debtor.country in ("US", "CA", "MX") else "A4")


# The statement ------------------------------------------------------------------------------------------------------


def _statement(desk: _Desk, accounts: Sequence[DebtAccount], plans: Sequence[PlanView], first: date | None,
               disclosed: bool) -> Paper:
    shown = [account for account in accounts if account.movements or not account.owed.is_zero
             or not account.overpaid.is_zero]
    since = first or min((account.opened_on for account in shown), default=desk.today)
    facts = [(desk.say("your_reference"), desk.debtor.ref), (desk.say("made_on"), desk.day(desk.today)),
             (desk.say("covers"), desk.say("period", first={"date": since.isoformat()},
                                           last={"date": desk.today.isoformat()}))]
    blocks: list[Block] = []
    spoken = desk.say("language_tag", country=desk.debtor.country).partition("-")[0]
    if disclosed and (words := desk.profile.disclosure(first=False, language=spoken)):
        blocks.append(Words(words))
    blocks += [_in_short(desk, shown), *_in_all(desk, shown)]
    for account in shown:
        blocks += _debt(desk, account)
    for view in plans:
        blocks += _plan(desk, view)
    blocks += _paying(desk, shown) + _asking(desk)
    return _paper(desk, desk.say("statement_title"), facts, blocks)


def _in_short(desk: _Desk, shown: Sequence[DebtAccount]) -> Words:
    """The answer first: what is owed, what of it is disputed, what rests."""
    owed = totals(account.owed for account in shown)
    lines = [account.line for account in shown if account.line is not None]
    disputed = totals(line.balance for line in lines if line.disputed)
    resting = totals(line.balance for line in lines if not line.askable and not line.disputed)
    old = totals(line.balance for line in lines if line.time_barred)
    return Words(desk.say(
        "in_short", owed=_json(owed), disputed=_json(disputed), resting=_json(resting), old=_json(old),
        overpaid=_json(totals(account.overpaid for account in shown))), marked=True)


def _json(amounts: dict[str, Money]) -> list[dict[str, object]]:
    return [amount.json() for amount in amounts.values() if not amount.is_zero]


def _in_all(desk: _Desk, shown: Sequence[DebtAccount]) -> list[Block]:
    """One row for each debt and a sum for each currency: the start, and what made of it what is owed now."""
    surplus = any(not account.overpaid.is_zero for account in shown)

    def row(title: str, mine: Sequence[DebtAccount], *, strong: bool = False) -> Row:
        nothing = zero(mine[0].owed.currency)
        figures = [
            sum((account.start for account in mine), start=nothing),
            sum((account.added for account in mine), start=nothing),
            sum((account.paid for account in mine), start=nothing),
            *([sum((account.overpaid for account in mine), start=nothing)] if surplus else []),
            sum((account.owed for account in mine), start=nothing)]
        return Row((title, *(desk.amount(figure) for figure in figures)), strong)

    rows = [row(f"{account.creditor}\n{account.ref}", [account]) for account in shown]
    for currency in totals(account.owed for account in shown):
        rows.append(row(desk.say("in_all"), [one for one in shown if one.owed.currency == currency], strong=True))
    names = ("account", "owed_before", "added", "paid", *(("too_much_column",) if surplus else ()), "owed_now")
    widths = (30, *[70 // (len(names) - 1)] * (len(names) - 1))
    return [Heading(desk.say("all_heading")), Table("", tuple(desk.say(name) for name in names), tuple(rows),
                                                    frozenset(range(1, len(names))), widths)]


def _debt(desk: _Desk, account: DebtAccount) -> list[Block]:
    blocks: list[Block] = [Heading(f"{account.creditor}, {account.ref}")]
    about = [part for part in (account.description, desk.say("first_owed_to", creditor=account.original_creditor)
                               if account.original_creditor else "") if part]
    if about:
        blocks.append(Words(" · ".join(about)))
    blocks += [Words(text, marked=True) for text in _standing(desk, account)]
    start = account.before - account.surplus_before
    rows, running = [], start
    if not start.is_zero:
        rows.append(Row((desk.say("start"), "", "", desk.amount(start))))
    for move in account.movements:
        running += move.owed - move.surplus
        rows.append(Row((desk.day(move.on), _moved(desk, move), desk.amount(move.owed - move.surplus),
                         desk.amount(running))))
    rows.append(Row((desk.say("now"), desk.say("owed_now"), "", desk.amount(account.owed)), strong=True))
    columns = tuple(desk.say(name) for name in ("date", "what", "change", "balance"))
    blocks.append(Table(desk.say("movements"), columns, tuple(rows), frozenset({2, 3}), (24, 40, 18, 18)))
    if account.line is not None and not account.line.added.is_zero:
        line = account.line
        blocks.append(Words(desk.say("made_of", principal=line.principal.json(), interest=line.interest.json(),
                                     fees=line.fees.json(), costs=line.costs.json())))
    return blocks


def _moved(desk: _Desk, move: Movement) -> str:
    words = desk.say(f"move_{_NAMED.get(move.kind, 'other')}")
    return f"{words} ({desk.say('too_much', amount=move.surplus.json())})" if move.surplus.minor > 0 else words


def _standing(desk: _Desk, account: DebtAccount) -> list[str]:
    """What must be said of a debt beside its figures."""
    found, line = [], account.line
    if account.status is DebtStatus.RECALLED:
        found.append(desk.say("recalled", creditor=account.creditor))
    if line is not None and line.disputed:
        found.append(desk.say("disputed", amount=line.balance.json()))
    elif line is not None and not line.askable and not line.balance.is_zero:
        found.append(desk.say("resting", until={"date": line.hold_until.isoformat()} if line.hold_until else None))
    if line is not None and line.time_barred and not line.balance.is_zero:
        found.append(desk.say("too_old"))
    if line is not None and line.stale:
        zone = ZoneInfo(desk.debtor.timezone) if desk.debtor.timezone else desk.operator.zone
        as_of = line.as_of.astimezone(zone).date() if line.as_of else None
        found.append(desk.say("stale", as_of={"date": as_of.isoformat()} if as_of else None, creditor=account.creditor))
    if not account.overpaid.is_zero:
        found.append(desk.say("overpaid", amount=account.overpaid.json()))
    return found


def _plan(desk: _Desk, view: PlanView) -> list[Block]:
    rows = [Row((str(due.number), desk.day(due.on), desk.amount(due.amount), desk.amount(due.paid), _due(desk, due)))
            for due in view.dues]
    rows.append(Row((desk.say("in_all"), "", desk.amount(view.total), desk.amount(view.paid), ""), strong=True))
    columns = tuple(desk.say(name) for name in ("number", "due", "instalment", "paid", "state"))
    blocks: list[Block] = [
        Heading(desk.say("plan_heading", creditor=view.creditor)),
        Words(desk.say("plan", kept=view.kept, count=view.count, left=view.left.json(),
                       next={"amount": view.next_due.amount.json(), "on": {"date": view.next_due.on.isoformat()}}
                       if view.next_due else None)),
        Table("", columns, tuple(rows), frozenset({2, 3}), (12, 26, 20, 20, 22))]
    return blocks


def _due(desk: _Desk, due: DueLine) -> str:
    return desk.say("state_paid" if due.left.is_zero else "state_missed" if due.missed else "state_due")


def _paying(desk: _Desk, shown: Sequence[DebtAccount]) -> list[Block]:
    """How to pay, unless nothing may be asked for: then nothing invites it (rules 13, 15, 29)."""
    lines = [account.line for account in shown if account.line is not None]
    if not any(line.askable and line.payable and not line.time_barred for line in lines):
        return []
    ways = desk.operator.ways_to_pay_in(desk.debtor.country)
    blocks: list[Block] = [Heading(desk.say("pay_heading")), Words(desk.say("pay", reference=desk.debtor.ref))]
    if ways:
        blocks.append(Table("", (), tuple(Row((way.name, way.text)) for way in ways), frozenset(), (24, 76)))
    return blocks


def _asking(desk: _Desk) -> list[Block]:
    office = desk.operator
    advisers = desk.profile.advice_for(desk.debtor.region)
    rows = [Row((one.name, "\n".join(part for part in (one.how, one.phone, one.website) if part))) for one in advisers]
    blocks: list[Block] = [
        Heading(desk.say("ask_heading")),
        Words(desk.say("ask", phone=office.phone, email=office.email, hours=office.hours_text)),
        Words(desk.say("complain", phone=office.complaints.phone, email=office.complaints.email,
                       ombudsman=office.complaints.ombudsman if desk.debtor.country == "GB" else "")),
        Heading(desk.say("advice_heading")), Words(desk.say("advice")),
        Table("", (), tuple(rows), frozenset(), (36, 64))]
    return blocks


# The letter ---------------------------------------------------------------------------------------------------------


def _letter(desk: _Desk, accounts: Sequence[DebtAccount]) -> Paper:
    paid = [account for account in accounts if account.status is DebtStatus.PAID]
    rows = []
    for account in paid:
        last = max((move.on for move in account.movements), default=None)
        rows.append(Row((account.creditor, account.ref, desk.day(last) if last else "", desk.amount(account.owed))))
    facts = [(desk.say("your_reference"), desk.debtor.ref), (desk.say("made_on"), desk.day(desk.today))]
    columns = tuple(desk.say(name) for name in ("owed_to", "account", "last_movement", "owed_now"))
    blocks: list[Block] = [
        Words(desk.say("letter", count=len(paid)), marked=True),
        Table("", columns, tuple(rows), frozenset({3}), (32, 26, 24, 18)),
        *(Words(desk.say("overpaid_by", creditor=account.creditor, amount=account.overpaid.json()), marked=True)
          for account in accounts if not account.overpaid.is_zero),
        Words(desk.say("letter_keep")),
        Words(desk.say("letter_ask", phone=desk.operator.phone, email=desk.operator.email,
                       hours=desk.operator.hours_text))]
    return _paper(desk, desk.say("letter_title"), facts, blocks)
