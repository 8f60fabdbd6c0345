"""Rights in plain words: found where they are claimed, not where they are asked about or said of others."""

import pytest

from compliance.legal_words import ORDER, claims


@pytest.mark.parametrize(("text", "wanted"), [
    ("wrong number, stop texting me", "wrong_person stop_contact"),
    ("this is not my debt so stop contacting me", "dispute stop_contact"),
    ("talk to my lawyer, i dont owe you anything", "represented dispute"),
    ("someone opened it in my name and it isn't mine, speak to my solicitor", "fraud represented dispute"),
    ("i filed chapter 7 last year, what do i owe", "bankruptcy"),
    ("he's dead, stop writing", "deceased stop_contact"),
    ("I'm the executor of the estate", "deceased"),
    ("no one here by that name", "wrong_person"),
    ("I don\u2019t owe this", "dispute"),
    ("no es mía", "dispute"),
    ("hable con mi abogado", "represented"),
    ("STOP", "stop_contact"),
])
def test_claims_are_found(text: str, wanted: str) -> None:
    assert claims(text) == tuple(wanted.split())


@pytest.mark.parametrize("text", [
    "what do i owe", "can i pay 50", "its not my fault", "it's not my fault i lost my job",
    "if i went bankrupt what happens", "what if it's not mine", "is it mine?", "my husband died in may and i cant pay",
    "my lawyer said i should ask what i owe",
    "i might get a lawyer", "should i file for bankruptcy", "i don't owe any more interest do i", "stop the plan",
    "who gave you my name",
])
def test_nothing_is_claimed(text: str) -> None:
    assert claims(text) == ()


def test_they_come_in_the_order_in_which_they_are_answered() -> None:
    found = claims("stop texting me. it isn't mine, i'm bankrupt, wrong person, he died, someone used my name, "
                   "talk to my lawyer")
    assert found == ORDER
