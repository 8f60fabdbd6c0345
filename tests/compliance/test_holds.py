"""Holds by profile: what rests, who places and lifts them, what is refused and logged; age and licence beside them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from compliance import operator as operator_room
from compliance.asking import balance_of, put_to_staff
from compliance.hold_log import Deed, HoldAct
from compliance.holds import (
    By,
    Other,
    Refused,
    Stop,
    decide_age,
    end_moratorium,
    lift,
    may_lift,
    place,
    place_by_staff,
    reasons,
    start_moratorium,
    stopped,
    until_when,
)
from compliance.profile import load_profile
from conversations.models import Ticket
from ledger import holds as ledger_holds
from ledger.errors import KeyReused, NotFound
from ledger.holds import days_stopped, effect_of
from ledger.kinds import Act, Authority, CreditorAccount, HoldReason
from ledger.models import Creditor, Debt, Debtor, Hold
from ledger.money import Money
from ledger.opening import open_debt
from ledger.receipts import receive
from outreach.preferences import Channel, may_remind
from runtime.database import Database
from runtime.ids import DebtId, DebtorId
from runtime.settings import ROOT

DEBTOR, AGENT, LEAD = By("debtor", Authority.BOT), By("anna", Authority.STAFF), By("bea", Authority.LEAD)


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = request.getfixturevalue(f"make_{request.param}")()
    yield database
    database.close()


@dataclass
class Person:
    """A debtor with one debt, collected for somebody else."""

    db: Database
    now: datetime
    debtor: DebtorId
    debt: DebtId

    @property
    def today(self) -> date:
        return self.now.date()

    def place(self, reason: HoldReason, until: date | None = None, key: str = "turn:1") -> int:
        with self.db.write() as session:
            return place(session, key=f"{key}:{reason}", debtor_id=self.debtor, debt_id=None, reason=reason,
                         until=until, actor="debtor", cause="said so", now=self.now).id

    def by_staff(self, reason: HoldReason, by: By = AGENT, *, key: str = "staff:1", until: date | None = None,
                 why: str = "they rang", notice: str = "") -> Hold | Refused:
        with self.db.write() as session:
            return place_by_staff(session, key=key, by=by, debtor_id=self.debtor, debt_id=None, reason=reason,
                                  until=until, why=why, notice=notice, now=self.now, today=self.today)

    def lift(self, hold: int, by: By, outcome: str = "", key: str = "lift:1") -> Hold | Refused:
        with self.db.write() as session:
            return lift(session, key=key, hold_id=hold, by=by, outcome=outcome, now=self.now)

    def moratorium(self, by: By = AGENT, *, key: str = "m:1", notice: str = "BS-1", crisis: bool = False,
                   ) -> Hold | Refused:
        with self.db.write() as session:
            return start_moratorium(session, key=key, by=by, debtor_id=self.debtor, notice=notice,
                                    started_on=self.today, crisis=crisis, now=self.now, today=self.today)

    def stop(self, act: Act, debt: bool = True) -> str | None:
        with self.db.read() as session:
            found = stopped(session, debtor_id=self.debtor, debt_id=self.debt if debt else None, act=act, now=self.now)
            return str(found.why) if found else None

    @property
    def log(self) -> list[tuple[str, str, str]]:
        with self.db.read() as session:
            return [(row.what, row.actor, row.why) for row in session.scalars(select(HoldAct).order_by(HoldAct.id))]


def person(db: Database, now: datetime, *, country: str = "GB", region: str | None = "England", own: bool = False,
           opened: date | None = None, **debt: Any) -> Person:
    currency = "GBP" if country == "GB" else "USD"
    with db.write() as session:
        creditor = Creditor(ref="C", name="C", country=country, currency=currency, own_collector=own,
                            policy="uk-standard" if country == "GB" else "us-standard")
        debtor = Debtor(ref="D-1", first_name="Jo", last_name="Poe", country=country, region=region,
                        timezone="Europe/London" if country == "GB" else "America/Chicago", created_at=now)
        session.add_all([creditor, debtor])
        session.flush()
        made = open_debt(
            session, key="o", ref="A-1", debtor_id=debtor.id, creditor_id=creditor.id, kind=debt.pop("kind", "card"),
            principal=Money(10_000, currency), opened_on=opened or date(2025, 1, 1), effective_on=date(2025, 1, 2),
            now=now, actor="test", **debt)
        return Person(db, now, debtor.id, made.id)


@pytest.fixture
def jo(db: Database, now: datetime) -> Person:
    return person(db, now)


# What rests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("country", "region", "accrues"), [("GB", "England", False), ("US", "Texas", True)])
def test_the_profile_of_the_place_decides_what_rests(db: Database, now: datetime, country: str, region: str,
                                                     accrues: bool) -> None:
    here = person(db, now, country=country, region=region)
    here.place(HoldReason.REPRESENTED)
    assert here.stop(Act.ASK) == here.stop(Act.REMIND) == here.stop(Act.CHARGE) == "represented"
    assert (here.stop(Act.ACCRUE) is None) is accrues
    with db.read() as session:  # the freeze of interest is asked of the same rows, also for past days
        held = days_stopped(session, debts={here.debt: here.debtor}, act=Act.ACCRUE, first=here.today, last=here.today)
        assert (held == {}) is accrues


@pytest.mark.parametrize("reason", [r for r in HoldReason if r is not HoldReason.BREATHING_SPACE])
def test_every_reason_stops_what_the_profile_says(make_sqlite: Any, now: datetime, reason: HoldReason) -> None:
    db = make_sqlite()
    here = person(db, now)
    hold = here.place(reason)
    rule = load_profile("uk").holds[reason]
    assert {act for act in Act if here.stop(act)} == set(rule.stops)
    with db.read() as session:
        assert effect_of(session.get_one(Hold, hold)).payable is rule.payable
        assert reasons(session, here.debtor, now=now) == {reason}
        line = balance_of(session, here.debtor, now=now).lines[0]
        assert (line.payable, line.askable) == (rule.payable, False)
    db.close()


def test_a_hold_goes_on_to_mean_what_it_meant(jo: Person) -> None:
    with jo.db.write() as session:  # from before profiles, or placed by the ledger itself
        old = ledger_holds.place_hold(
            session, key="x", debtor_id=jo.debtor, debt_id=None, reason=HoldReason.VALIDATION, now=jo.now, until=None,
            actor="import", cause="file")
        assert Act.ACCRUE not in effect_of(old).stops
        harmless = ledger_holds.place_hold(
            session, key="y", debtor_id=jo.debtor, debt_id=None, reason=HoldReason.DISPUTE, now=jo.now, until=None,
            actor="import", cause="file", effect=ledger_holds.Effect(frozenset({Act.ASK}), payable=True))
        assert effect_of(harmless) == ledger_holds.EFFECTS[HoldReason.DISPUTE], "less than the floor changes nothing"


def test_the_longer_of_profile_and_policy_counts(jo: Person) -> None:
    def until(reason: HoldReason, debtor: DebtorId | None = jo.debtor) -> date | None:
        with jo.db.read() as session:
            return until_when(session, debtor_id=debtor, reason=reason, today=jo.today)

    assert until(HoldReason.HARDSHIP) == jo.today + timedelta(days=30)
    assert until(HoldReason.COMPLAINT) is None, "the profile says until lifted, the policy 56 days"
    assert until(HoldReason.THIRD_PARTY) == jo.today + timedelta(days=14), "the policy leaves it to the profile"
    assert until(HoldReason.ADVICE, None) == jo.today + timedelta(days=30)


# Who may ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("reason", "by", "outcome", "lifted"), [
    (HoldReason.HARDSHIP, DEBTOR, "", True),
    (HoldReason.ADVICE, DEBTOR, "", True),
    (HoldReason.VULNERABILITY, DEBTOR, "", False),
    (HoldReason.VULNERABILITY, AGENT, "", True),
    (HoldReason.DISPUTE, DEBTOR, "paid", False),
    (HoldReason.DISPUTE, AGENT, "", False),
    (HoldReason.DISPUTE, AGENT, "  ", False),
    (HoldReason.DISPUTE, AGENT, "proof sent on 2 March", True),
    (HoldReason.BANKRUPTCY, AGENT, "annulled", False),
    (HoldReason.BANKRUPTCY, LEAD, "annulled", True),
    (HoldReason.SELF_HARM, AGENT, "rang them", False),
    (HoldReason.SELF_HARM, LEAD, "", False),
    (HoldReason.SELF_HARM, LEAD, "they are well looked after", True),
    (HoldReason.DECEASED, AGENT, "a mistake", False),
    (HoldReason.COMPLAINT, AGENT, "final answer sent", True),
])
def test_who_may_lift(jo: Person, reason: HoldReason, by: By, outcome: str, lifted: bool) -> None:
    hold = jo.place(reason)
    answer = jo.lift(hold, by, outcome)
    assert isinstance(answer, Hold) is lifted
    with jo.db.read() as session:
        row = session.get_one(Hold, hold)
        assert (row.lifted_at is not None) is lifted
        assert row.lifted_why == (outcome.strip() or None if lifted else None)
        assert (may_lift(session, row, right=by.right, outcome=outcome) is None) is lifted
    [(what, actor, why)] = jo.log
    assert (what, actor) == (Deed.LIFTED if lifted else Deed.REFUSED, by.name)
    assert why == (answer.why if isinstance(answer, Refused) else outcome)
    assert (jo.stop(Act.ASK) is None) is lifted


def test_lifting_again(jo: Person) -> None:
    hold = jo.place(HoldReason.DISPUTE)
    refused = jo.lift(hold, AGENT)
    assert jo.lift(hold, AGENT) == refused
    assert len(jo.log) == 1, "the same key is one line"
    assert isinstance(jo.lift(hold, AGENT, "proved", key="lift:2"), Hold)
    assert isinstance(jo.lift(hold, AGENT, "proved", key="lift:2"), Hold)
    assert isinstance(jo.lift(hold, LEAD, key="lift:3"), Hold), "a lifted one is lifted"
    assert len(jo.log) == 2
    with pytest.raises(KeyReused):
        jo.lift(hold, AGENT, "something else", key="lift:2")
    with pytest.raises(NotFound):
        jo.lift(4711, LEAD, "x", key="lift:4")


def test_staff_place_within_their_right(jo: Person) -> None:
    assert isinstance(held := jo.by_staff(HoldReason.HARDSHIP, until=jo.today + timedelta(days=30)), Hold)
    again = jo.by_staff(HoldReason.HARDSHIP, until=jo.today + timedelta(days=30))
    assert isinstance(again, Hold)
    assert again.id == held.id
    long = jo.by_staff(HoldReason.HARDSHIP, key="2", until=jo.today + timedelta(days=300))
    assert long == Refused("A hold for hardship like this is placed by a lead.")
    assert isinstance(jo.by_staff(HoldReason.HARDSHIP, LEAD, key="3", until=jo.today + timedelta(days=300)), Hold)
    assert jo.by_staff(HoldReason.DISPUTE, key="4", why=" ") == Refused("Say why the hold is placed.")
    assert isinstance(jo.by_staff(HoldReason.DISPUTE, key="5", until=jo.today - timedelta(days=1)), Refused)
    assert [what for what, _, _ in jo.log] == ["placed", "refused", "placed", "refused", "refused"]
    with pytest.raises(KeyReused):
        jo.by_staff(HoldReason.FRAUD, key="4")


# Statutory schemes (rule 29) --------------------------------------------------------------------------------------


def test_breathing_space_starts_only_with_an_advisers_notice(jo: Person) -> None:
    with pytest.raises(ValueError, match="not placed on a debtor's word"):
        jo.place(HoldReason.BREATHING_SPACE)
    assert isinstance(jo.moratorium(DEBTOR), Refused)
    assert isinstance(jo.moratorium(key="m:2", notice=" "), Refused)
    assert jo.stop(Act.ACCRUE) is None
    held = jo.moratorium(key="m:3")
    assert isinstance(held, Hold)
    assert held.until == jo.today + timedelta(days=60)
    assert {act for act in Act if jo.stop(act) == "breathing_space"} == set(Act)
    assert isinstance(jo.lift(held.id, AGENT, "they asked"), Refused), "not before its time by anybody but a lead"


@pytest.mark.parametrize(("region", "days"), [("Scotland", 182), ("Northern Ireland", None), (None, None)])
def test_the_scheme_is_the_nations(db: Database, now: datetime, region: str | None, days: int | None) -> None:
    here = person(db, now, region=region)
    held = here.moratorium()
    if days is None:
        assert isinstance(held, Refused)
        assert "not called breathing space" in held.why
        assert here.moratorium() == held
        assert len(here.log) == 1
    else:
        assert isinstance(held, Hold)
        assert held.until == here.today + timedelta(days=days)


def test_a_crisis_goes_on_for_thirty_days_after_its_end(jo: Person) -> None:
    held = jo.moratorium(crisis=True)
    assert isinstance(held, Hold)
    assert held.until is None

    def end(by: By, key: str, notice: str) -> Hold | Refused:
        with jo.db.write() as session:
            return end_moratorium(session, key=key, hold_id=held.id, by=by, notice=notice, ended_on=jo.today,
                                  now=jo.now, today=jo.today)

    assert isinstance(end(AGENT, "e:1", "E-1"), Refused)
    assert isinstance(end(LEAD, "e:2", ""), Refused)
    after = end(LEAD, "e:3", "E-1")
    assert isinstance(after, Hold)
    assert (after.id != held.id, after.until) == (True, jo.today + timedelta(days=30))
    assert jo.stop(Act.REMIND) == "breathing_space"


# Age (rule 15) ----------------------------------------------------------------------------------------------------


def test_too_old_by_its_dates_whatever_the_file_left_open(db: Database, now: datetime) -> None:
    here = person(db, now, opened=date(2012, 1, 1), due_on=date(2013, 1, 1))
    assert (here.stop(Act.ASK), here.stop(Act.REMIND), here.stop(Act.ACCRUE)) == ("too_old", "too_old", None)
    with db.read() as session:
        assert balance_of(session, here.debtor, now=now).lines[0].time_barred is True


def test_what_our_own_books_know_of_counts(db: Database, now: datetime) -> None:
    here = person(db, now, opened=date(2012, 1, 1), due_on=date(2013, 1, 1))
    with db.write() as session:
        receive(session, key="p", split={here.debt: Money(100, "GBP")}, effective_on=date(2025, 6, 1), posted_at=now,
                actor="test", cause="bank", through=CreditorAccount.DIRECT)
    assert here.stop(Act.ASK) is None
    with db.read() as session:
        assert balance_of(session, here.debtor, now=now).lines[0].time_barred is False


def test_an_age_nobody_knows_is_put_to_staff(db: Database, now: datetime) -> None:
    here = person(db, now, opened=date(2012, 1, 1))
    assert here.stop(Act.ASK) == Other.AGE_UNKNOWN
    for _ in range(2):
        with db.write() as session:
            lines = balance_of(session, here.debtor, now=now).lines
            assert [(line.time_barred, line.askable, line.payable) for line in lines] == [(None, False, True)]
            put_to_staff(session, debtor_id=here.debtor, conversation_id=None, now=now, lines=lines)
    with db.read() as session:
        assert [(t.kind, t.debtor_id) for t in session.scalars(select(Ticket))] == [("age_unknown", here.debtor)]

    def decide(key: str, by: By, *, too_old: bool, why: str = "statement of 2024") -> Refused | None:
        with db.write() as session:
            return decide_age(session, key=key, debt_id=here.debt, too_old=too_old, by=by, why=why, now=now)

    assert decide("1", AGENT, too_old=False) == Refused("That a debt is not too old is decided by a lead.")
    assert decide("2", LEAD, too_old=False, why="") is not None
    assert here.stop(Act.ASK) == Other.AGE_UNKNOWN
    assert decide("3", LEAD, too_old=False) is None
    assert decide("3", LEAD, too_old=False) is None
    assert here.stop(Act.ASK) is None
    with db.write() as session:  # a year later it is asked anew
        assert stopped(session, debtor_id=here.debtor, debt_id=here.debt, act=Act.ASK,
                       now=now + timedelta(days=366)) is None
        lines = balance_of(session, here.debtor, now=now + timedelta(days=368)).lines
        assert lines[0].time_barred is None
        put_to_staff(session, debtor_id=here.debtor, conversation_id=None, now=now, lines=lines)
        assert len(session.scalars(select(Ticket)).all()) == 2
    assert decide("4", AGENT, too_old=True) is None
    assert here.stop(Act.ASK) == Other.TOO_OLD
    assert [what for what, _, _ in here.log] == ["refused", "refused", "decided_age", "decided_age"]


def test_a_creditors_no_against_the_dates_is_put_to_staff(db: Database, now: datetime) -> None:
    here = person(db, now, opened=date(2012, 1, 1), due_on=date(2013, 1, 1), time_barred=False)
    assert here.stop(Act.ASK) == Other.AGE_UNKNOWN
    with db.write() as session:
        decide_age(session, key="1", debt_id=here.debt, too_old=False, by=LEAD, why="judgment of 2024", now=now)
    assert here.stop(Act.ASK) is None


def test_a_creditors_word_counts_where_dates_say_nothing(db: Database, now: datetime) -> None:
    here = person(db, now, opened=date(2012, 1, 1), time_barred=False)
    assert here.stop(Act.ASK) is None
    with db.write() as session:
        session.get_one(Debt, here.debt).time_barred = True
    assert here.stop(Act.ASK) == Other.TOO_OLD


# Licences (rule 40) -----------------------------------------------------------------------------------------------


@pytest.fixture
def only_texas(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An operator with a licence for Texas and nowhere else."""
    content = yaml.safe_load((ROOT / "operator.yml").read_text("utf-8"))
    content["licences"] = [content["licences"][1] | {"regions": ["Texas"]}]
    content.pop("logo")
    path = tmp_path / "operator.yml"
    path.write_text(yaml.safe_dump(content), "utf-8")
    monkeypatch.setattr(operator_room, "settings", lambda: type("Settings", (), {"operator_file": path})())
    operator_room.operator.cache_clear()
    yield
    monkeypatch.undo()
    operator_room.operator.cache_clear()


@pytest.mark.parametrize(("country", "region", "own", "stop"), [
    ("US", "TX", False, None), ("US", "Ohio", False, "unlicensed"), ("US", None, False, "unlicensed"),
    ("GB", "England", False, "unlicensed"), ("US", "Ohio", True, None)])
@pytest.mark.usefixtures("only_texas")
def test_no_asking_where_we_have_no_licence(db: Database, now: datetime, country: str, region: str | None, own: bool,
                                            stop: str | None) -> None:
    here = person(db, now, country=country, region=region, own=own)
    for debt in (True, False):
        assert here.stop(Act.ASK, debt) == here.stop(Act.REMIND, debt) == stop
        assert here.stop(Act.ACCRUE, debt) is None
    for _ in range(2):
        with db.write() as session:
            refusal = may_remind(session, here.debtor, channel=Channel.EMAIL, now=now)
            assert (refusal.why if isinstance(refusal, Stop) else refusal) == (stop or "hours")  # it is six there
            lines = balance_of(session, here.debtor, now=now).lines
            assert [line.askable for line in lines] == [stop is None]
    with db.read() as session:
        tickets = session.scalars(select(Ticket)).all()
        assert [t.kind for t in tickets] == (["unlicensed"] if stop else [])
