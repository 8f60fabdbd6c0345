"""Trying who is in the books: an unknown reference and a wrong factor are one and the same, outside and inside."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event

from compliance import comparing
from compliance.factors import find_factors
from compliance.identity import Locked, NeedMore, NotMatched, Outcome, Verified, offer_factors, request_code, use_link
from compliance.identity_rules import IdentityRules, Requirement
from compliance.standing import Standing, who
from conversations.open import open_conversation
from runtime import vault
from runtime.database import Database
from runtime.ids import ConversationId
from tests.attacks.conftest import FACTORS, personal_link
from tests.compliance.conftest import Household

UNKNOWN = FACTORS.replace("DD-1042", "DD-9042")
WRONG = FACTORS.replace("12/3/81", "11/3/81")
ANOTHERS = FACTORS.replace("DD-1042", "DD-2001")
WITHOUT_FACTORS = FACTORS.replace("DD-1042", "0379-NEVHP")


class Work:
    """What the desk does: statements, texts decrypted, comparisons."""

    def __init__(self, db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: list[str] = []
        self.decrypted = self.compared = 0
        event.listen(db.engine, "before_cursor_execute", self._statement)
        decrypt, compare = vault.decrypt, comparing._one_of

        def counted_decrypt(stored: str) -> str:
            self.decrypted += 1
            return decrypt(stored)

        def counted_compare(expected: str | None, given: Sequence[str | None]) -> bool:
            self.compared += len(given)
            return compare(expected, given)

        monkeypatch.setattr(vault, "decrypt", counted_decrypt)
        monkeypatch.setattr(comparing, "_one_of", counted_compare)

    def _statement(self, _conn: object, _cursor: object, statement: str, *_: object) -> None:
        self.statements.append(" ".join(statement.split()))

    def taken(self) -> tuple[list[str], int, int]:
        """All of it since the last time."""
        found = self.statements, self.decrypted, self.compared
        self.statements, self.decrypted, self.compared = [], 0, 0
        return found


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest) -> Iterator[Database]:
    database = request.getfixturevalue(f"make_{request.param}")()
    yield database
    database.close()


@pytest.fixture
def says(db: Database, home: Household, now: datetime) -> Callable[..., Outcome]:
    """Says something in a new conversation, or in the one given."""
    def said(text: str, *, at: datetime = now, address: str = "192.0.2.1", channel: str = "web",
             conversation: ConversationId | None = None) -> Outcome:
        found = find_factors(text, locale="en-GB", identity_open=True, today=now.date())
        here = conversation
        if here is None:
            with db.write() as session:
                here = ConversationId(open_conversation(session, channel=channel, now=now).id)
        with db.write() as session:
            return offer_factors(session, conversation_id=here, address=address, factors=found.factors, now=at)
    return said


@pytest.mark.parametrize("spoilt", [UNKNOWN, ANOTHERS, WITHOUT_FACTORS, "Roe 12/3/81 ref DD-9999 SW1A 2AA"])
def test_the_same_work_for_what_is_unknown_as_for_what_is_wrong(
        db: Database, says: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, spoilt: str) -> None:
    work = Work(db, monkeypatch)
    wrong = WRONG if "Jane" in spoilt else "Roe 11/3/81 ref DD-1042 SW1A 2AA"
    assert says(wrong) == NotMatched()
    for_wrong = work.taken()
    assert says(spoilt) == NotMatched()
    for_spoilt = work.taken()
    assert for_spoilt == for_wrong
    assert for_wrong[1] >= 4
    assert for_wrong[2] >= 4


def test_a_code_is_asked_for_alike(db: Database, home: Household, says: Callable[..., Outcome], now: datetime,
                                   monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compliance.codes._ways", lambda: ["email", "sms"])
    answers = []
    for number, reference in enumerate(("DD-1042", "DD-9042", "0379-NEVHP")):
        with db.write() as session:
            here = ConversationId(open_conversation(session, channel="web", now=now).id)
        answers.append(says(f"ref {reference}", conversation=here))
        with db.write() as session:
            answers.append(request_code(session, key=f"turn:{number}", conversation_id=here, now=now))
    assert answers[0:2] == answers[2:4] == answers[4:6]


def test_what_is_asked_does_not_depend_on_the_reference(says: Callable[..., Outcome],
                                                        monkeypatch: pytest.MonkeyPatch) -> None:
    also = {"GAS": {"also": ["code"]}}
    monkeypatch.setattr("compliance.identity_rules._current", lambda: IdentityRules.model_validate({"creditors": also}))
    assert says("DD-1042 12/3/81") == says("DD-9042 12/3/81") == NeedMore(frozenset({"postcode_or_name"}))
    assert says(UNKNOWN) == says(WRONG) == NotMatched()
    assert says(FACTORS) == NeedMore(frozenset({"code"})), "only who has proved the rest hears of more"


def test_an_account_is_locked_slowly_and_an_unknown_one_alike(says: Callable[..., Outcome], home: Household,
                                                              db: Database, now: datetime) -> None:
    for reference in ("DD-1042", "DD-9042"):
        wrong = WRONG.replace("DD-1042", reference)
        outcomes = [says(wrong, address=f"192.0.2.{number}") for number in range(20)]
        assert [type(one) for one in outcomes] == [NotMatched] * 19 + [Locked]
        assert says(wrong.replace("DD-", "dd"), address="192.0.2.99") == Locked(now + timedelta(minutes=1))
    assert says(FACTORS, address="192.0.2.100") == Locked(now + timedelta(minutes=1))
    with db.write() as session:  # and the debtor's own link opens as ever, sent or made by staff
        here = ConversationId(open_conversation(session, channel="web", now=now).id)
    with db.write() as session:
        use_link(session, conversation_id=here, token=personal_link(db, now, sent=True) if False else "x", now=now)
    sent, staff = personal_link(db, now, sent=True), personal_link(db, now)
    with db.write() as session:
        use_link(session, conversation_id=here, token=sent, now=now)
    assert says("12/3/81", conversation=here, address="192.0.2.1") == Verified(home.jane)
    with db.write() as session:
        other = ConversationId(open_conversation(session, channel="web", now=now).id)
        assert use_link(session, conversation_id=other, token=staff, now=now) == Verified(home.jane)


def test_a_stolen_sent_link_is_not_a_way_to_guess_for_ever(says: Callable[..., Outcome], db: Database, now: datetime,
                                                           ) -> None:
    token, outcomes = personal_link(db, now, sent=True), []
    for number in range(21):
        with db.write() as session:
            here = ConversationId(open_conversation(session, channel="web", now=now).id)
            use_link(session, conversation_id=here, token=token, now=now)
        outcomes.append(says(f"{1 + number}/5/81", conversation=here, address=f"192.0.2.{number}"))
    assert isinstance(outcomes[18], NotMatched)
    assert isinstance(outcomes[20], Locked)


def test_a_whole_channel_waits_for_a_machine_with_many_addresses(says: Callable[..., Outcome], home: Household,
                                                                 monkeypatch: pytest.MonkeyPatch) -> None:
    rules = IdentityRules.model_validate({"per_channel": {"free_failures": 5, "wait_minutes": [1]}})
    monkeypatch.setattr("compliance.identity_rules._current", lambda: rules)
    for number in range(5):
        says(f"Roe 13/3/81 SW1A 2AA ref DD-80{number}0", address=f"192.0.2.{number}")
    assert isinstance(says(FACTORS, address="198.51.100.1"), Locked)
    assert says(FACTORS, address="198.51.100.1", channel="telegram") == Verified(home.jane)


def test_a_library_has_waits_of_its_own(says: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch) -> None:
    rules = IdentityRules.model_validate({"shared_addresses": [
        {"name": "library", "networks": ["192.0.2.0/24"], "waits": {"free_failures": 100, "wait_minutes": [1]}}]})
    monkeypatch.setattr("compliance.identity_rules._current", lambda: rules)
    refused = [says(f"Roe 13/3/81 SW1A 2AA ref DD-8{number:03}") for number in range(12)]
    assert [type(one) for one in refused] == [NotMatched] * 12
    elsewhere = [says(f"Roe 13/3/81 SW1A 2AA ref DD-7{number:03}", address="198.51.100.1") for number in range(12)]
    assert isinstance(elsewhere[-1], Locked)


def test_who_is_verified_on_one_channel_is_nobody_on_another(says: Callable[..., Outcome], db: Database,
                                                             home: Household, now: datetime) -> None:
    with db.write() as session:
        web, phone = (ConversationId(open_conversation(session, channel=channel, address="same", now=now).id)
                      for channel in ("web", "telegram"))
    assert says(FACTORS, conversation=web) == Verified(home.jane)
    with db.read() as session:
        assert who(session, web, now=now).verified == home.jane
        assert who(session, phone, now=now) == Standing()
    assert says("12/3/81", conversation=phone, channel="telegram") == NeedMore(
        frozenset({"reference", "postcode_or_name"}))


def test_two_of_three(says: Callable[..., Outcome], home: Household, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = IdentityRules.model_validate({"ask": [
        "reference", "date_of_birth", {"of": ["postcode", "last_name", "code"], "at_least": 2}]})
    monkeypatch.setattr("compliance.identity_rules._current", lambda: rules)
    assert rules.needed() == ["reference", "date_of_birth", "postcode_or_name"]
    assert says("DD-1042 12/3/81 SW1A 2AA") == NeedMore(frozenset({"name"}))
    assert says("Roe DD-1042 12/3/81 SW1A 2AB") == NotMatched()
    assert says("Roe DD-1042 12/3/81 SW1A 2AA") == Verified(home.jane)
    assert Requirement(of=("code",)).lacking({}) == "code"
