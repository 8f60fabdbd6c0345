"""Every legal effect: what is held, stopped, ended and put before staff; once per key; from strangers too."""

import inspect
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from compliance import placing
from compliance.identity import use_link
from compliance.links import make_link
from compliance.models import Channel, ContactChange, ContactWish
from compliance.preferences import allowed_channels, contact_stopped, keep_channel
from compliance.standing import Standing, who
from conversations.duty import seen
from conversations.models import Conversation, Ticket
from ledger.holds import active_holds
from ledger.kinds import HoldReason
from ledger.models import Debtor, Hold
from ledger.money import Money
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId, StaffId
from tests.compliance.conftest import Household

Talk = Callable[..., ConversationId]


class Scene:
    """A conversation, verified, identified or unknown, in which something takes effect."""

    def __init__(self, db: Database, now: datetime, home: Household, conversation_id: ConversationId, how: str) -> None:
        self.db, self.now, self.home, self.id, self.how = db, now, home, conversation_id, how
        self.token = ""
        if how != "unknown":
            with db.write() as session:
                self.token = make_link(session, reference="DD-1042", verifies=how == "verified", created_by="test",
                                       now=now)
                use_link(session, conversation_id=conversation_id, token=self.token, now=now)

    def place(self, name: str, *, key: str = "7:action", **more: Any) -> Any:
        function = getattr(placing, name)
        with self.db.write() as session:
            verified = who(session, self.id, now=self.now).verified
            given = {"key": key, "conversation_id": self.id, "debtor_id": verified, "now": self.now,
                     "today": self.now.date(), **more}
            wanted = inspect.signature(function).parameters
            if "debt_id" in wanted:
                given.setdefault("debt_id", None)
            if "words" in wanted:
                given.setdefault("words", "some words")
            if "contact" in wanted:
                given.setdefault("contact", None)
            if "reason" in wanted:
                given.setdefault("reason", "income")
            return function(session, **given)

    @property
    def holds(self) -> set[tuple[HoldReason, int | None]]:
        with self.db.read() as session:
            return {(hold.reason, hold.debt_id)
                    for hold in active_holds(session, debtor_id=self.home.jane, now=self.now)}

    @property
    def tickets(self) -> list[Ticket]:
        with self.db.read() as session:
            return list(session.scalars(select(Ticket).order_by(Ticket.id)))

    @property
    def who(self) -> Standing:
        with self.db.read() as session:
            return who(session, self.id, now=self.now)

    @property
    def conversation(self) -> Conversation:
        with self.db.read() as session:
            return session.get_one(Conversation, self.id)

    @property
    def channels(self) -> dict[Channel, bool]:
        with self.db.read() as session:
            return allowed_channels(session, self.home.jane)


@pytest.fixture
def scene(db: Database, now: datetime, home: Household, talk: Talk) -> Callable[..., Scene]:
    return lambda how="verified", channel="web": Scene(db, now, home, talk(channel), how)


Make = Callable[..., Scene]

EFFECTS = {
    "dispute": HoldReason.DISPUTE, "fraud": HoldReason.FRAUD, "validation": HoldReason.VALIDATION,
    "wrong_person": HoldReason.WRONG_PERSON, "third_party": HoldReason.THIRD_PARTY, "deceased": HoldReason.DECEASED,
    "bankruptcy": HoldReason.BANKRUPTCY, "represented": HoldReason.REPRESENTED, "complaint": HoldReason.COMPLAINT,
    "self_harm": HoldReason.SELF_HARM, "vulnerability": HoldReason.VULNERABILITY,
    "breathing_space_request": HoldReason.ADVICE, "already_paid": HoldReason.ALREADY_PAID,
    "plan_change": HoldReason.STAFF_REVIEW, "stop_contact": None, "privacy_request": None, "payment_problem": None,
    "language_request": None, "settlement_request": None, "statement_request": None, "not_understood": None,
    "threat": None, "request_human": None, "request_callback": None, "contact_preference": None, "details_change": None,
}
URGENT = {"fraud", "complaint", "self_harm", "request_human", "deceased", "not_understood", "threat"}
ENDS = {"wrong_person", "third_party", "deceased"}


@pytest.mark.parametrize("how", ["verified", "identified", "unknown"])
@pytest.mark.parametrize("name", EFFECTS)
def test_every_effect(scene: Make, name: str, how: str) -> None:
    here = scene(how)
    placed = here.place(name)
    reason = EFFECTS[name]
    assert here.holds == ({(reason, None)} if reason and how != "unknown" else set())
    (ticket,) = here.tickets
    assert ticket.number == placed.number
    assert ticket.urgent == (name in URGENT)
    assert ticket.debtor_id == (None if how == "unknown" else here.home.jane)
    assert ("Not verified" in ticket.summary) == (how != "verified")
    if name in ENDS:
        assert here.who == Standing()
    again = here.place(name)
    assert again.number == placed.number
    assert len(here.tickets) == 1
    with here.db.read() as session:
        assert len(session.scalars(select(Hold)).all()) == (1 if reason and how != "unknown" else 0)


def test_the_table_is_complete() -> None:
    functions = {name for name in placing.__all__ if inspect.isfunction(getattr(placing, name))}
    assert functions == set(EFFECTS) | {
        "add_to_ticket", "closed_by", "end_own_holds", "for_themselves", "forget_vulnerability", "hardship",
        "hardship_until", "heard_by_staff", "note_vulnerability", "offer_below_floor", "own_holds",
        "perhaps_self_harm", "representative", "take_up"}


def test_a_dispute_of_one_debt_holds_that_debt(scene: Make) -> None:
    here = scene()
    here.place("dispute", debt_id=here.home.gas)
    assert here.holds == {(HoldReason.DISPUTE, here.home.gas)}
    assert "NG-0001" in here.tickets[0].summary


def test_everything_is_held_until_it_is_said_which(scene: Make) -> None:
    here = scene()
    first = here.place("dispute", key="1:a")
    assert here.holds == {(HoldReason.DISPUTE, None)}
    second = here.place("dispute", key="2:a", debt_id=here.home.gas)
    assert here.holds == {(HoldReason.DISPUTE, here.home.gas)}
    assert second.number == first.number, "the same matter, the same number"


def test_all_of_them_stays_all_of_them(scene: Make) -> None:
    here = scene()
    here.place("dispute", key="1:a")
    here.place("dispute", key="2:a", every=True)
    here.place("dispute", key="3:a", debt_id=here.home.gas)
    assert here.holds == {(HoldReason.DISPUTE, here.home.gas), (HoldReason.DISPUTE, here.home.parcel)}


def test_what_was_said_before_the_check_is_matched_after_it(scene: Make) -> None:
    here = scene("unknown")
    before = here.place("dispute", key="7:dispute")
    with here.db.write() as session:
        token = make_link(session, reference="DD-1042", verifies=True, created_by="t", now=here.now)
        use_link(session, conversation_id=here.id, token=token, now=here.now)
    after = here.place("dispute", key="7:dispute", debt_id=here.home.gas)
    assert after.number == before.number
    assert here.tickets[0].debtor_id == here.home.jane
    assert here.holds == {(HoldReason.DISPUTE, here.home.gas)}


def test_wrong_person_gives_up_the_contact_point(scene: Make) -> None:
    here = scene("identified", "telegram")
    here.place("wrong_person")
    assert here.who == Standing()
    assert here.conversation.contact_stopped_at == here.now
    assert {c for c, allowed in here.channels.items() if not allowed} == {
        Channel.EMAIL, Channel.SMS, Channel.PHONE, Channel.TELEGRAM}
    with here.db.write() as session:
        use_link(session, conversation_id=here.id, token=here.token, now=here.now)
    assert here.who == Standing(), "the link that led here is dead"


def test_stop_ends_contact_on_all_channels_and_one_may_be_kept(scene: Make) -> None:
    here = scene("verified", "telegram")
    here.place("stop_contact")
    assert set(here.channels.values()) == {False}
    with here.db.write() as session:
        assert contact_stopped(session, here.home.jane, here.id, "email")
        keep_channel(session, debtor_id=here.home.jane, channel=Channel.TELEGRAM, now=here.now)
        assert not contact_stopped(session, here.home.jane, here.id, "telegram")
        assert contact_stopped(session, here.home.jane, here.id, "email")


def test_a_strangers_stop_stops_this_conversation_only(scene: Make) -> None:
    here, other = scene("unknown"), scene("unknown")
    here.place("stop_contact")
    with here.db.read() as session:
        assert contact_stopped(session, None, here.id, "web")
        assert not contact_stopped(session, None, other.id, "web")
    assert here.channels == {}


def test_self_harm_marks_the_conversation_and_alerts_each_time(scene: Make, db: Database) -> None:
    here = scene("unknown")
    placed = here.place("self_harm", key="1:a")
    assert not placed.staffed
    with db.write() as session:
        seen(session, StaffId(1), here.now)
    assert here.place("self_harm", key="2:a").staffed
    assert here.conversation.safeguarded_at == here.now
    assert [ticket.urgent for ticket in here.tickets] == [True, True]


def test_vulnerability_is_noted_only_with_a_yes(scene: Make) -> None:
    here = scene()
    placed = here.place("vulnerability")
    assert placed.until == here.now.date() + timedelta(days=placed.days)
    with here.db.write() as session:
        assert not session.get_one(Debtor, here.home.jane).vulnerable
        placing.note_vulnerability(session, key="8:a", debtor_id=here.home.jane, now=here.now)
        assert session.get_one(Debtor, here.home.jane).vulnerable


def test_hardship_holds_at_least_thirty_days_and_says_until_when(scene: Make) -> None:
    here = scene()
    placed = here.place("hardship")
    with here.db.read() as session:
        assert placed.until == placing.hardship_until(session, debtor_id=here.home.jane, today=here.now.date())
    assert placed.days >= 30
    assert here.holds == {(HoldReason.HARDSHIP, None)}


def test_a_fourth_hardship_hold_in_a_year_is_placed_and_staff_are_asked_to_look(scene: Make) -> None:
    here = scene()
    for number in range(4):
        here.place("hardship", key=f"{number}:a", debtor_id=here.home.jane)
        here.now += timedelta(days=45)
    summaries = [ticket.summary for ticket in here.tickets if ticket.kind == "hardship"]
    assert ["please look" in summary for summary in summaries] == [False, False, False, True]
    with here.db.read() as session:
        assert session.query(Hold).filter_by(reason=HoldReason.HARDSHIP).count() == 4


def test_saying_paid_twice_does_not_prolong_the_hold(scene: Make) -> None:
    here = scene()
    first = here.place("already_paid", key="1:a")
    here.now += timedelta(days=3)
    second = here.place("already_paid", key="2:a", debtor_id=here.home.jane)
    assert second.until == first.until
    assert len(here.holds) == 1


def test_an_offer_below_the_floor_is_held_for_staff(scene: Make) -> None:
    here = scene()
    placed = here.place("offer_below_floor", debt_ids=[here.home.gas], asked=Money(500, "GBP"))
    assert here.holds == {(HoldReason.STAFF_REVIEW, here.home.gas)}
    assert isinstance(placed.until, date)
    assert "5.00 GBP" in here.tickets[0].summary


def test_a_representatives_contact_is_kept(scene: Make) -> None:
    here = scene()
    here.place("represented", contact="Payne & Co, 020 7946 0001")
    with here.db.read() as session:
        assert session.get_one(Debtor, here.home.jane).representative == "Payne & Co, 020 7946 0001"


def test_new_details_wait_for_a_second_factor(scene: Make) -> None:
    here = scene()
    here.place("details_change", words="my new number is 07700 900456")
    with here.db.read() as session:
        assert session.get_one(Debtor, here.home.jane).phone == "07700 900123"
        assert [change.state for change in session.scalars(select(ContactChange))] == ["pending"]


@pytest.mark.parametrize(("words", "stopped", "wish"), [
    ("only email please", {"web", "telegram", "terminal", "sms", "phone", "letter"}, (Channel.EMAIL, None, None)),
    ("don't text me", {"sms"}, (None, None, None)),
    ("no phone calls, emails are fine", {"phone"}, (None, None, None)),
    ("I'd prefer letters", set(), (Channel.LETTER, None, None)),
    ("don't ring me before ten", set(), (None, time(10), None)),
    ("not after 6pm", set(), (None, None, time(18))),
    ("after 6 is best", set(), (None, time(18), None)),
    ("solo correo", {"web", "telegram", "terminal", "sms", "phone", "letter"}, (Channel.EMAIL, None, None)),
])
def test_wishes_take_effect(scene: Make, words: str, stopped: set[str],
                            wish: tuple[Channel | None, time | None, time | None]) -> None:
    here = scene()
    placed = here.place("contact_preference", words=words)
    assert set(placed.stopped_channels) == stopped
    assert {str(c) for c, allowed in here.channels.items() if not allowed} == stopped
    with here.db.read() as session:
        row = session.get_one(ContactWish, here.home.jane)
        assert (row.preferred_channel, row.not_before, row.not_after) == wish


def test_words_are_added_to_a_ticket_once(scene: Make) -> None:
    here = scene()
    number = here.place("bankruptcy").number
    with here.db.write() as session:
        for _ in range(2):
            placing.add_to_ticket(session, number=number, words="Smith LLP", now=here.now)
        placing.add_to_ticket(session, number="nonsense", words="Smith LLP", now=here.now)
    assert here.tickets[0].summary.count("Smith LLP") == 1


def test_tickets_of_one_conversation_are_not_anothers(scene: Make) -> None:
    one, two = scene("unknown"), scene("unknown")
    assert one.place("request_human", key="1:a").number != two.place("request_human", key="2:a").number
    debtor: DebtorId | None = one.tickets[0].debtor_id
    assert debtor is None
