"""What operator.yml does not hold is not said; what it holds is said where it is true, and nowhere else."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from compliance import operator as operator_room
from compliance.holds import By, start_moratorium
from conversations.models import Conversation, Ticket
from conversations.texts import render
from ledger.kinds import Authority
from ledger.models import Debt, Debtor, Hold
from runtime.settings import ROOT
from tests.actions.talking import Talk, talk

__all__ = ["talk"]

Change = Callable[..., None]
FRIENDLY = "We don't visit homes."


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Change]:
    """Puts fields of the shipped operator file otherwise; None leaves a field out."""
    content: dict[str, Any] = yaml.safe_load((ROOT / "operator.yml").read_text("utf-8"))
    del content["logo"]
    path = tmp_path / "operator.yml"

    def change(**fields: Any) -> None:
        left = {name: value for name, value in (content | fields).items() if value is not None}
        path.write_text(yaml.safe_dump(left, allow_unicode=True), "utf-8")
        operator_room.operator.cache_clear()

    change()
    monkeypatch.setattr(operator_room, "settings", lambda: type("Settings", (), {"operator_file": path})())
    yield change
    monkeypatch.undo()
    operator_room.operator.cache_clear()


def words(talk: Talk) -> str:
    return " ".join(render(say["say"], say["values"], "en", "en-GB") for say in talk.last)


def ask(talk: Talk, action: str, text: str = "and?") -> str:
    with talk.database.write() as session:  # as if nothing had been asked before
        session.get_one(Conversation, talk.conversation_id).open_question = None
    talk.type(action, text)
    return words(talk)


def moved(talk: Talk, country: str, region: str | None) -> None:
    with talk.database.write() as session:
        debtor = session.get_one(Debtor, talk.debtor_id)
        debtor.country, debtor.region = country, region


def test_consequences(talk: Talk, office: Change) -> None:
    assert "can't cut off a supply" in ask(talk, "action_consequences")
    office(consequences=None)
    said = ask(talk, "action_consequences")
    assert "I'd rather not guess about that" in said
    assert not {"court", "bailiff", "wages", "visit"} & set(said.lower().replace(".", "").split())
    office(consequences=[{"kind": "card", "text": "Cards only."},
                         {"kind": "energy", "stage": "judgment", "text": "Late."},
                         {"kind": "energy", "countries": ["US"], "text": "America only."}])
    said = ask(talk, "action_consequences")
    assert "I'd rather not guess about that" in said
    assert not any(text in said for text in ("Cards only", "Late", "America only"))
    office(consequences=[{"kind": "default", "countries": ["GB"], "text": FRIENDLY}])
    assert FRIENDLY in ask(talk, "action_consequences")
    moved(talk, "US", "TX")
    assert FRIENDLY not in ask(talk, "action_consequences")


def test_ways_to_pay(talk: Talk, office: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actions.pay.card_mode", lambda: "off")
    assert "Bank transfer" in ask(talk, "action_pay", "i want to pay")
    assert "in one of these ways" in ask(talk, "action_payment_methods")
    for nothing in (None, [{"name": "Check", "text": "By mail.", "countries": ["US"]}]):
        office(ways_to_pay=nothing)
        said = ask(talk, "action_pay", "i want to pay")
        assert said == "I can't take cards here. A person can tell you how to pay."
        said = ask(talk, "action_payment_methods")
        assert said == "A person can tell you how to pay. Please never send a card number in this chat."
        assert talk.last[-1]["card"] is None


def test_complaints(talk: Talk, office: Change) -> None:
    said = ask(talk, "action_complaint", "this is a disgrace")
    assert "write to complaints@harbourvale.example, or ring 0808 157 0143" in said
    assert "Financial Ombudsman Service (financial-ombudsman.org.uk)" in said
    assert "within 56 days" in said
    office(complaints={"answer_within_days": 28, "email": "c@example.com"})
    said = ask(talk, "action_complaint", "a disgrace i say")
    assert "You can add anything here, or write to c@example.com." in said
    office(complaints={"answer_within_days": 28})
    said = ask(talk, "action_complaint", "a disgrace i say")
    assert "within 28 days. You can add anything here." in said
    assert not any(word in said for word in ("ombudsman", "Ombudsman", "None", "ring", "write to"))


def test_the_ombudsman_is_that_of_the_country(talk: Talk, office: Change) -> None:
    moved(talk, "US", "TX")
    assert "Ombudsman" not in ask(talk, "action_complaint", "a disgrace")
    office(complaints={"answer_within_days": 28, "ombudsmen": [
        {"country": "US", "name": "Texas Attorney General", "phone": "1-800-621-0508"}]})
    assert "the Texas Attorney General (1-800-621-0508) can look at it" in ask(talk, "action_complaint", "a disgrace")


def test_the_register(talk: Talk, office: Change) -> None:
    assert "Financial Services Register" in ask(talk, "action_who_are_you", "is this a scam")
    office(licences=[{"country": "US", "name": "L", "number": "1", "register_name": "R",
                      "register_url": "https://r.example"}])
    said = ask(talk, "action_who_are_you", "is this a scam")
    assert "look us up" not in said
    assert "ask the company you know" in said


def test_helplines(talk: Talk, office: Change) -> None:
    office(crisis=[{"country": "GB", "name": "Our Line", "phone": "0808 157 0199"},
                   {"country": "US", "name": "Theirs", "phone": "1-800-555-0100"}])
    said = ask(talk, "action_self_harm", "i want to die")
    assert "Samaritans, 116 123" in said
    assert "Our Line, 0808 157 0199" in said
    assert "Theirs" not in said


def test_no_scheme_is_named_where_there_is_none(talk: Talk) -> None:
    assert "breathing space" in ask(talk, "action_breathing_space", "i need breathing space")
    moved(talk, "GB", "Scotland")
    assert 'The legal "statutory moratorium" scheme' in ask(talk, "action_breathing_space", "i need breathing space")
    moved(talk, "GB", "Northern Ireland")
    assert "breathing space" not in ask(talk, "action_breathing_space", "i need breathing space")


def test_a_scheme_that_runs_is_called_what_it_is_called_there(talk: Talk) -> None:
    moved(talk, "GB", "Scotland")
    with talk.database.write() as session:
        held = start_moratorium(session, key="m", by=By("anna", Authority.STAFF), debtor_id=talk.debtor_id,
                                notice="AIB-1", started_on=talk.now.date(), now=talk.now, today=talk.now.date())
        assert isinstance(held, Hold)
    said = ask(talk, "action_breathing_space", "am i in breathing space")
    assert 'the legal "statutory moratorium" scheme until 1 September 2026' in said


def test_nothing_is_asked_for_without_a_licence(talk: Talk, office: Change) -> None:
    assert "pay" in (ask(talk, "action_balance") and talk.titles)
    office(licences=None)
    for action in ("action_balance", "action_help", "action_next_payment", "action_consequences"):
        ask(talk, action)
        intents = {button["intent"] for say in talk.last for button in say["buttons"]}
        assert not intents & {"pay_now", "request_payment_plan"}, action
    with talk.database.read() as session:
        [ticket] = session.scalars(select(Ticket)).all()
        assert (ticket.kind, ticket.debtor_id) == ("unlicensed", talk.debtor_id)
        assert "no licence for England, GB" in ticket.summary


def test_a_debt_whose_age_nobody_knows_is_not_asked_for(talk: Talk) -> None:
    with talk.database.write() as session:
        for debt in session.scalars(select(Debt)):
            debt.opened_on = debt.opened_on.replace(year=2015)
    ask(talk, "action_balance")
    assert "pay" not in talk.titles
    with talk.database.read() as session:
        assert {t.kind for t in session.scalars(select(Ticket))} == {"age_unknown"}
        assert len(session.scalars(select(Ticket)).all()) == 3


@pytest.mark.parametrize(("country", "region", "language", "said"), [
    ("GB", "England", "en", "will not take you to court"), ("GB", "Scotland", "en", "may no longer exist"),
    ("US", "TX", "en", "we will not sue you"), ("US", "NY", "en", "You are not required to admit"),
    ("US", "NJ", "es", "no lo demandaremos")])
def test_what_is_said_of_an_old_debt_is_the_law_there(talk: Talk, country: str, region: str, language: str,
                                                      said: str) -> None:
    moved(talk, country, region)
    with talk.database.write() as session:
        session.get_one(Conversation, talk.conversation_id).language = language
        for debt in session.scalars(select(Debt)):
            debt.time_barred = True
    for action in ("action_balance", "action_pay"):
        talk.type(action, "what about it")
        assert said in talk.values["law"]
        assert said in words(talk)


BY_STAGE = [{"kind": "energy", "stage": "early", "text": "We write to you once a month."},
            {"kind": "energy", "stage": "judgment", "text": "The judgment stands for six years."}]


def staged(talk: Talk, *stages: str | None) -> None:
    with talk.database.write() as session:
        debts = session.scalars(select(Debt).where(Debt.debtor_id == talk.debtor_id).order_by(Debt.id)).all()
        for debt, stage in zip(debts, stages, strict=True):
            debt.stage = stage


def test_consequences_are_those_of_the_stage_a_debt_is_in(talk: Talk, office: Change) -> None:
    office(consequences=BY_STAGE)
    staged(talk, "early", "early", "early")
    said = ask(talk, "action_consequences")
    assert said.count("once a month") == 1
    assert "judgment" not in said
    assert "rather not guess" not in said
    staged(talk, "early", "judgment", None)
    said = ask(talk, "action_consequences")
    assert "once a month" in said
    assert "six years" in said
    assert "That isn't so for all of it" in said


@pytest.mark.parametrize("stage", [None, "letter_before_action"])
def test_a_stage_without_a_text_is_not_guessed_at(talk: Talk, office: Change, stage: str | None) -> None:
    office(consequences=BY_STAGE)
    staged(talk, stage, stage, stage)
    said = ask(talk, "action_consequences")
    assert "rather not guess" in said
    assert "once a month" not in said
    assert "six years" not in said


def test_the_text_of_every_stage_is_said_of_one_without_its_own(talk: Talk, office: Change) -> None:
    office(consequences=[*BY_STAGE, {"kind": "energy", "text": FRIENDLY}])
    staged(talk, "letter_before_action", None, "early")
    said = ask(talk, "action_consequences")
    assert said.count(FRIENDLY) == 1
    assert "once a month" in said
    assert "That isn't so" not in said
