"""What writes itself into the evidence: whatever the database is told of these things is there, in its transaction."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from compliance.evidence import capture, record
from compliance.evidence.keys import destroy_key
from compliance.evidence.models import Evidence, EvidenceKey
from compliance.evidence.reading import evidence_of
from compliance.evidence.sealing import seal_all
from compliance.evidence.verifying import verify
from compliance.identity import offer_factors, use_link
from compliance.links import make_link, revoke
from compliance.models import Channel
from compliance.placing.care import note_vulnerability
from compliance.preferences import set_allowed, stop_all
from compliance.standing import end_verification, touch
from console.activity import note
from console.models import Role, StaffAccount, What
from conversations.models import Conversation
from ledger.holds import HoldReason, lift_hold, place_hold
from ledger.money import Money
from ledger.promises import make_promise
from payments.links import make_pay_link
from runtime.database import Database
from runtime.ids import ConversationId, DebtorId, StaffId
from runtime.settings import settings
from tests.compliance.conftest import Household

Talk = Callable[..., ConversationId]


def kinds(db: Database, debtor_id: DebtorId | None = None) -> list[str]:
    """What is recorded, in order."""
    query = select(Evidence.kind).order_by(Evidence.id)
    with db.read() as session:
        return list(session.scalars(query.where(Evidence.debtor_id == debtor_id) if debtor_id else query))


def last(db: Database) -> Evidence:
    """The latest record."""
    with db.read() as session:
        return session.scalars(select(Evidence).order_by(Evidence.id.desc()).limit(1)).one()


def test_who_was_taken_to_be_whom(db: Database, now: datetime, home: Household, talk: Talk) -> None:
    here = talk()
    with db.write() as session:
        token = make_link(session, reference="DD-1042", verifies=True, created_by="staff:1", now=now)
        use_link(session, conversation_id=here, token=token, now=now)
        touch(session, conversation_id=here, now=now + timedelta(seconds=5))
    with db.write() as session:
        end_verification(session, conversation_id=here, reason="wrong_person", now=now)
        revoke(session, now=now, token=token)
    assert kinds(db, home.jane) == ["link.made", "identity.verified", "identity.ended", "link.revoked"]
    with db.write() as session:
        offer_factors(session, conversation_id=here, address="192.0.2.1", now=now, factors={
            "references": ["DD-1042"], "dates_of_birth": ["1999-01-01"], "names": ["roe"]})
    failed = last(db)
    assert (failed.kind, failed.debtor_id, failed.conversation_id) == ("identity.failed", None, here)
    assert "DD-1042" not in str(failed.facts) + failed.subject


def test_holds(db: Database, now: datetime, home: Household) -> None:
    with db.write() as session:
        hold = place_hold(session, key="h", debtor_id=home.jane, debt_id=home.gas, reason=HoldReason.DISPUTE, now=now,
                          until=date(2026, 4, 1), actor="debtor", cause="said so")
    row = last(db)
    assert (row.kind, row.debtor_id, row.debt_id, row.subject) == ("hold.placed", home.jane, home.gas,
                                                                   f"hold:{hold.id}")
    assert (row.actor, row.at, row.facts) == ("debtor", now, {"reason": "dispute", "until": "2026-04-01"})
    for _ in range(2):
        with db.write() as session:
            lift_hold(session, hold_id=hold.id, now=now, actor="staff:2")
    assert kinds(db) == ["hold.placed", "hold.lifted"]
    assert last(db).actor == "staff:2"


def test_what_is_rolled_back_leaves_no_evidence(db: Database, now: datetime, home: Household) -> None:
    def breaks() -> None:
        with db.write() as session:
            place_hold(session, key="h", debtor_id=home.jane, debt_id=None, reason=HoldReason.ADVICE, now=now,
                       until=None, actor="debtor", cause="")
            assert session.scalars(select(Evidence.kind)).all() == ["hold.placed"]
            raise RuntimeError

    with pytest.raises(RuntimeError):
        breaks()
    assert kinds(db) == []


def test_being_left_alone(db: Database, now: datetime, home: Household, talk: Talk) -> None:
    here = talk()
    with db.write() as session:
        stop_all(session, debtor_id=home.jane, reason="stop_contact", now=now)
        session.get_one(Conversation, here).contact_stopped_at = now
    assert set(kinds(db)) == {"contact.stopped", "contact.stopped_here"}
    with db.write() as session:
        stop_all(session, debtor_id=home.jane, reason="stop_contact", now=now)
        set_allowed(session, debtor_id=home.jane, channel=Channel.EMAIL, allowed=True, reason="kept_by_debtor", now=now)
    assert kinds(db).count("contact.allowed") == 1
    assert last(db).facts == {"channel": "email", "reason": "kept_by_debtor"}
    with db.write() as session:
        note_vulnerability(session, key="n", debtor_id=home.jane, now=now)
    assert last(db).kind == "consent.support_noted"


def test_what_was_agreed_and_offered(
    db: Database, now: datetime, home: Household, talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from payments import mode
    monkeypatch.setattr(mode, "settings", lambda: settings().model_copy(update={"demo": True}))
    here = talk()
    with db.write() as session:
        make_promise(session, key="p", debtor_id=home.jane, amount=Money(2_000, "GBP"), actor="debtor", now=now,
                     today=now.date(), due_on=now.date() + timedelta(days=3))
        make_pay_link(session, key="l", debtor_id=home.jane, conversation_id=here, amount=Money(3_000, "GBP"), now=now,
                      split={home.gas: Money(1_000, "GBP"), home.parcel: Money(2_000, "GBP")})
    assert kinds(db, home.jane) == ["promise.made", "payment.offered", "payment.offered"]
    offered = last(db)
    assert (offered.debt_id, offered.conversation_id, offered.facts, offered.at) == (
        home.parcel, here, {"amount": 2_000}, now)


def test_what_staff_looked_at(db: Database, now: datetime, home: Household, talk: Talk) -> None:
    here = talk()
    with db.write() as session:
        token = make_link(session, reference="DD-1042", verifies=True, created_by="staff:1", now=now)
        use_link(session, conversation_id=here, token=token, now=now)
        session.add(StaffAccount(id=StaffId(7), email="a@b.example", name="Ana", role=Role.AGENT, password_hash="x",
                                 active=True, created_at=now))
        session.flush()
        note(session, staff_id=StaffId(7), what=What.SIGNED_IN, now=now)
        note(session, staff_id=StaffId(7), what=What.VIEWED, now=now, conversation_id=here, detail="4242424242424242")
    row = last(db)
    assert (row.kind, row.actor, row.debtor_id) == ("staff.viewed", "staff:7", home.jane)
    assert kinds(db).count("staff.signed_in") == 0


def test_the_personal_part_is_readable_until_its_key_is_destroyed(
    db: Database, now: datetime, home: Household
) -> None:
    with db.write() as session:
        for number, who in enumerate((home.jane, home.son, home.jane)):
            record(session, key=f"k{number}", kind="consent.given", debtor_id=who, now=now,
                   facts={"n": number}, content={"words": f"call me on 07700 90012{number}"})
    seal_all(db)
    with db.read() as session:
        assert "07700" not in " ".join(map(str, session.execute(text("SELECT content FROM evidence")).all()))
        assert [row.content for row in evidence_of(session, home.jane)] == [
            {"words": "call me on 07700 900120"}, {"words": "call me on 07700 900122"}]
    for _ in range(2):
        with db.write() as session:
            destroy_key(session, home.jane, now=now)
    with db.write() as session:
        record(session, key="late", kind="consent.given", debtor_id=home.jane, now=now, content={"words": "x"})
    with db.read() as session:
        shown = list(evidence_of(session, home.jane))
        assert [(row.facts.get("n"), row.content, row.erased) for row in shown] == [
            (0, None, True), (2, None, True), (None, None, False)]
        assert session.get_one(EvidenceKey, home.jane).destroyed_at == now
        assert [row.content for row in evidence_of(session, home.son)] == [{"words": "call me on 07700 900121"}]
        assert verify(session, anchors=[]).problems == []


def test_content_needs_a_debtor(db: Database, now: datetime) -> None:
    with pytest.raises(ValueError, match="own key"), db.write() as session:
        record(session, key="k", kind="x", now=now, content={"words": "x"})


def test_a_trigger_that_is_gone_is_told_and_comes_back(db: Database, home: Household) -> None:
    with db.write() as session:
        on = "" if db.dialect == "sqlite" else " ON hold"
        session.execute(text(f"DROP TRIGGER evidence_of_hold{on}"))
    with db.read() as session:
        assert "evidence_of_hold" in verify(session, anchors=[]).problems[0]
    with db.write() as session:
        capture.ensure(session.connection())
    with db.read() as session:
        assert verify(session, anchors=[]).problems == []


def test_an_update_of_nothing_it_watches_writes_nothing(db: Database, now: datetime, home: Household,
                                                        talk: Talk) -> None:
    here = talk()
    with db.write() as session:
        session.execute(update(Conversation).where(Conversation.id == here)
                        .values(last_activity_at=now, engine_turns=4))
    assert kinds(db) == []
