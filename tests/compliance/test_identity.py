"""Who is talking: factors, links, codes, locks, lapse."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from compliance import codes
from compliance.codes import send_code
from compliance.factors import find_factors
from compliance.identity import (
    Identified,
    Locked,
    NeedMore,
    NotMatched,
    Outcome,
    Verified,
    offer_factors,
    request_code,
    use_link,
)
from compliance.links import make_link, revoke
from compliance.models import IdentityAttempt, OneTimeCode, PersonalLink
from compliance.standing import Standing, end_verification, touch, who
from conversations.models import Conversation, OutboxItem
from ledger.models import Debtor
from runtime.database import Database
from runtime.errors import StaffError
from runtime.ids import ConversationId, DebtorId
from tests.compliance.conftest import Household

Talk = Callable[..., ConversationId]
ALL = "Jane Roe 12/3/81 SW1A 2AA ref DD-1042"


class Desk:
    """Says things in a conversation, as the gateway would."""

    def __init__(self, db: Database, now: datetime, conversation: ConversationId, address: str | None = None) -> None:
        self.db, self.now, self.id, self.address = db, now, conversation, address

    def says(self, text: str) -> Outcome:
        found = find_factors(text, locale="en-GB", identity_open=True, today=self.now.date())
        with self.db.write() as session:
            return offer_factors(session, conversation_id=self.id, address=self.address, factors=found.factors,
                                 now=self.now)

    def opens(self, token: str) -> Outcome:
        with self.db.write() as session:
            return use_link(session, conversation_id=self.id, token=token, now=self.now)

    @property
    def who(self) -> Standing:
        with self.db.read() as session:
            return who(session, self.id, now=self.now)

    def later(self, **units: float) -> None:
        self.now += timedelta(**units)


@pytest.fixture
def desk(db: Database, now: datetime, home: Household, talk: Talk) -> Desk:
    return Desk(db, now, talk(), "192.0.2.7")


def link(db: Database, now: datetime, reference: str, *, verifies: bool) -> str:
    with db.write() as session:
        return make_link(session, reference=reference, verifies=verifies, created_by="test", now=now)


@pytest.mark.parametrize("text", [
    ALL, "ref dd1042, jane roe, 12 march 1981", "sw1a2aa 12-03-1981 DD-1042", "Roe / NG-0001 / 1981-03-12",
    "DD-1042 120381 ROE",
])
def test_one_message_in_any_order(desk: Desk, home: Household, text: str) -> None:
    assert desk.says(text) == Verified(home.jane)
    assert desk.who.verified == home.jane


def test_factors_add_up_over_messages(desk: Desk, home: Household) -> None:
    assert desk.says("roe") == NeedMore(frozenset({"reference", "date_of_birth"}))
    assert desk.says("DD-1042") == NeedMore(frozenset({"date_of_birth"}))
    assert desk.who == Standing()
    assert desk.says("12/3/81") == Verified(home.jane)


def test_factors_are_forgotten_after_a_while(desk: Desk) -> None:
    desk.says("DD-1042 roe")
    desk.later(minutes=16)
    assert desk.says("12/3/81") == NeedMore(frozenset({"reference", "postcode_or_name"}))


@pytest.mark.parametrize("text", [
    "Jane Roe 13/3/81 SW1A 2AA ref DD-1042", "Jane Doe 12/3/81 M1 1AE ref DD-1042",
    "Jane Roe 12/3/81 SW1A 2AA ref DD-9999", "Roe 12/3/81 ref 0379-NEVHP",
])
def test_a_wrong_factor_and_an_unknown_reference_are_alike(desk: Desk, text: str) -> None:
    assert desk.says(text) == NotMatched()
    assert desk.who == Standing()


def test_one_wrong_factor_can_be_put_right(desk: Desk, home: Household) -> None:
    assert desk.says("Jane Roe 13/3/81 ref DD-1042") == NotMatched()
    assert desk.says("sorry 12/3/81") == Verified(home.jane)


def test_what_is_missing_does_not_depend_on_what_is_right(desk: Desk, db: Database, now: datetime, talk: Talk) -> None:
    known = desk.says("DD-1042 12/3/81")
    unknown = Desk(db, now, talk()).says("DD-9999 1/1/70")
    assert known == unknown == NeedMore(frozenset({"postcode_or_name"}))


def test_a_list_of_references_or_names_is_no_answer(desk: Desk) -> None:
    assert isinstance(desk.says("DD-1041 DD-1042 DD-1043 12/3/81 SW1A 2AA"), NotMatched)


def test_father_and_son_are_told_apart(desk: Desk, home: Household, db: Database, now: datetime, talk: Talk) -> None:
    assert desk.says("John Doe M1 1AE 7/6/1980 DD-2001") == NotMatched()
    assert Desk(db, now, talk()).says("John Doe M1 1AE 7/6/1980 DD-2002") == Verified(home.son)
    assert Desk(db, now, talk()).says("John Doe M1 1AE 2/1/1950 DD-2001") == Verified(home.father)


def test_waits_grow_by_conversation(desk: Desk, home: Household) -> None:
    wrong = "Jane Roe 13/3/81 ref DD-1042"
    assert [type(desk.says(wrong)) for _ in range(3)] == [NotMatched, NotMatched, Locked]
    locked = desk.says(ALL)
    assert locked == Locked(desk.now + timedelta(minutes=1)), "the right answer opens nothing while it is locked"
    desk.later(minutes=1)
    assert desk.says(wrong) == Locked(desk.now + timedelta(minutes=5))
    desk.later(minutes=5)
    assert desk.says(ALL) == Verified(home.jane)


def test_unknown_references_lock_alike(desk: Desk) -> None:
    outcomes = [desk.says(f"Roe 12/3/81 ref DD-{number}") for number in (9001, 9002, 9003)]
    assert [type(outcome) for outcome in outcomes] == [NotMatched, NotMatched, Locked]


def test_an_address_is_locked_over_many_conversations(db: Database, now: datetime, home: Household, talk: Talk) -> None:
    for _ in range(5):
        one = Desk(db, now, talk(), "198.51.100.1")
        one.says("Roe 13/3/81 ref DD-1042")
        one.says("Roe 14/3/81 ref DD-1042")
    assert isinstance(Desk(db, now, talk(), "198.51.100.1").says(ALL), Locked)
    assert Desk(db, now, talk(), "198.51.100.2").says(ALL) == Verified(home.jane)
    with db.read() as session:
        assert "198.51.100.1" not in {row.address_hash for row in session.scalars(select(IdentityAttempt))}


def test_a_personal_link_is_never_blocked(desk: Desk, home: Household, db: Database) -> None:
    for _ in range(3):
        desk.says("Roe 13/3/81 ref DD-1042")
    assert isinstance(desk.says(ALL), Locked)
    assert desk.opens(link(db, desk.now, "DD-1042", verifies=True)) == Verified(home.jane)
    assert desk.who.verified == home.jane


def test_a_link_by_an_accounts_reference(desk: Desk, home: Household, db: Database) -> None:
    assert desk.opens(link(db, desk.now, "pc-0002", verifies=True)) == Verified(home.jane)
    with pytest.raises(StaffError, match="DD-0"):
        link(db, desk.now, "DD-0", verifies=True)


def test_a_sent_link_identifies_and_one_factor_is_enough(desk: Desk, home: Household, db: Database) -> None:
    assert desk.opens(link(db, desk.now, "DD-1042", verifies=False)) == Identified(home.jane)
    assert desk.who == Standing(None, home.jane)
    assert desk.says("roe") == NeedMore(frozenset({"date_of_birth_or_postcode"}))
    assert desk.says("sw1a 2ab") == NotMatched()
    assert desk.says("sw1a 2aa") == Verified(home.jane)
    assert desk.who.verified == home.jane


def test_in_a_shared_home_the_postcode_is_not_enough(desk: Desk, home: Household, db: Database) -> None:
    desk.opens(link(db, desk.now, "DD-2001", verifies=False))
    assert desk.says("M1 1AE") == NeedMore(frozenset({"date_of_birth"}))
    assert desk.says("M1 1AE 7/6/1980") == NotMatched(), "the son's own date of birth opens nothing of his father's"
    assert desk.says("2/1/1950") == Verified(home.father)


def test_the_son_may_prove_himself_after_his_fathers_link(desk: Desk, home: Household, db: Database) -> None:
    desk.opens(link(db, desk.now, "DD-2001", verifies=False))
    assert desk.says("DD-2002 7/6/1980 M1 1AE") == Verified(home.son)
    assert desk.who.verified == home.son


@pytest.mark.parametrize("spoil", ["unknown", "revoked", "expired"])
def test_a_dead_link_says_nothing(desk: Desk, db: Database, spoil: str) -> None:
    token = link(db, desk.now, "DD-1042", verifies=True)
    if spoil == "unknown":
        token = token[:-1] + ("A" if token[-1] != "A" else "B")
    elif spoil == "revoked":
        with db.write() as session:
            assert revoke(session, token=token, now=desk.now) == 1
    else:
        desk.later(days=15)
    assert desk.opens(token) == NotMatched()
    assert desk.who == Standing()


def test_a_token_is_stored_hashed_and_fits_telegram(db: Database, now: datetime, home: Household) -> None:
    token = link(db, now, "DD-1042", verifies=True)
    assert len(token) <= 43
    with db.read() as session:
        assert session.scalars(select(PersonalLink.token_hash)).all() != [token]


def test_verification_lapses_by_idleness_and_by_age(desk: Desk, db: Database) -> None:
    desk.says(ALL)
    for _ in range(20):
        desk.later(minutes=29)
        with db.write() as session:
            assert touch(session, conversation_id=desk.id, now=desk.now).verified is not None
    desk.later(minutes=31)
    assert desk.who.verified is None
    desk.later(minutes=-31)
    for _ in range(10):
        desk.later(minutes=25)
        with db.write() as session:
            standing = touch(session, conversation_id=desk.id, now=desk.now)
    assert standing.verified is None, "twelve hours are over"


def test_after_a_link_lapses_it_still_identifies(desk: Desk, home: Household, db: Database) -> None:
    desk.opens(link(db, desk.now, "DD-1042", verifies=True))
    desk.later(hours=2)
    assert desk.who == Standing(None, home.jane)
    with db.write() as session:
        assert touch(session, conversation_id=desk.id, now=desk.now) == Standing(None, home.jane)
    assert desk.says("12/3/81") == Verified(home.jane)


def test_ending_forgets_everything_and_begins_the_engine_afresh(desk: Desk, db: Database) -> None:
    desk.says(ALL)
    with db.write() as session:
        before = session.get_one(Conversation, desk.id).engine_session
        end_verification(session, conversation_id=desk.id, reason="wrong_person", now=desk.now)
        assert session.get_one(Conversation, desk.id).engine_session == before + 1
    assert desk.who == Standing()
    assert desk.says("12/3/81") == NeedMore(frozenset({"reference", "postcode_or_name"}))


def test_one_conversation_knows_nothing_of_another(desk: Desk, db: Database, now: datetime, talk: Talk) -> None:
    desk.says(ALL)
    assert Desk(db, now, talk("telegram")).who == Standing()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codes, "_ways", lambda: ["email"])
    monkeypatch.setattr(codes.secrets, "randbelow", lambda _: 424242)


def send(desk: Desk, debtor_id: DebtorId | None, key: str = "turn:1") -> bool:
    with desk.db.write() as session:
        return send_code(session, key=key, conversation_id=desk.id, debtor_id=debtor_id, now=desk.now)


@pytest.mark.usefixtures("sent")
def test_a_code_stands_for_the_date_of_birth(desk: Desk, home: Household) -> None:
    assert send(desk, home.jane)
    assert send(desk, home.jane), "the same key sends nothing again"
    with desk.db.read() as session:
        mail = session.scalars(select(OutboxItem)).one()
        assert mail.payload == {"to": "jane@example.com", "code": "424242", "minutes": 10, "language": "en"}
        assert session.scalars(select(OneTimeCode.code_hash)).one() != "424242"
    assert desk.says("DD-1042 roe 424242") == Verified(home.jane)


@pytest.mark.usefixtures("sent")
def test_a_code_expires_works_once_and_has_few_tries(desk: Desk, home: Household, now: datetime, talk: Talk) -> None:
    send(desk, home.jane)
    desk.later(minutes=11)
    assert desk.says("DD-1042 roe 424242") == NotMatched()
    other = Desk(desk.db, now, talk())
    send(other, home.jane, "turn:2")
    with other.db.write() as session:
        session.scalars(select(OneTimeCode).where(OneTimeCode.key == "turn:2")).one().tries = 5
    assert other.says("DD-1042 roe 424242") == NotMatched()


@pytest.mark.usefixtures("sent")
def test_nobody_learns_whether_a_code_was_sent(desk: Desk, home: Household) -> None:
    assert send(desk, None, "turn:1") is send(desk, home.bare, "turn:2") is True
    assert send(desk, None, "turn:3") is True
    assert send(desk, home.jane, "turn:4") is False, "three an hour"
    with desk.db.read() as session:
        assert session.scalars(select(OutboxItem)).all() == []
    assert desk.says("0379-NEVHP 424242 smith") == NotMatched()


def test_an_american_zip_counts_by_its_five_figures(db: Database, now: datetime, home: Household, talk: Talk) -> None:
    with db.write() as session:
        debtor = session.get_one(Debtor, home.jane)
        debtor.postcode, debtor.country = "78701-1234", "US"
    assert Desk(db, now, talk()).says("DD-1042 12/3/81 78701") == Verified(home.jane)


@pytest.mark.parametrize(("on_file", "typed"), [
    ("O'Brien", "obrien"), ("García López", "garcia lopez"), ("Smith-Jones", "Smith Jones"), ("van Dyke", "Van Dyke"),
])
def test_names_match_however_they_are_written(db: Database, now: datetime, home: Household, talk: Talk, on_file: str,
                                              typed: str) -> None:
    with db.write() as session:
        session.get_one(Debtor, home.jane).last_name = on_file
    assert Desk(db, now, talk()).says(f"DD-1042 12/3/81 {typed}") == Verified(home.jane)


def test_the_place_is_the_debtors_once_they_are_known(desk: Desk, home: Household) -> None:
    """A browser set to American English in London must not turn 3/4 into the fourth of March for a British debtor."""
    with desk.db.write() as session:
        session.get_one(Conversation, desk.id).locale = "en-US"
    assert desk.says("DD-1042 12/3/1981 SW1A 2AA") == Verified(home.jane)
    with desk.db.read() as session:
        assert session.get_one(Conversation, desk.id).locale == "en-GB"


@pytest.mark.usefixtures("sent")
def test_a_code_can_be_asked_for_with_a_reference(desk: Desk, home: Household) -> None:
    def ask(key: str) -> str:
        with desk.db.write() as session:
            return request_code(session, key=key, conversation_id=desk.id, now=desk.now)

    assert ask("none") == "no_reference"
    desk.says("DD-1042")
    assert ask("one") == "sent"
    with desk.db.read() as session:
        assert [m.payload["to"] for m in session.scalars(select(OutboxItem))] == ["jane@example.com"]
    desk.says("XX-999999")
    assert ask("unknown") == "sent", "an unknown reference is answered alike"
    with desk.db.read() as session:
        assert len(session.scalars(select(OutboxItem)).all()) == 1
