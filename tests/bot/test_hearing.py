"""What is made of typed text before anybody else sees it."""

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.hearing import MAX_TEXT, clean, hear
from conversations.models import Conversation
from runtime.errors import DebtorError

ODD = st.characters(categories=None) | st.sampled_from(
    "/\ufeff\u200b\u200e\u2028\xa0\u3000\x00\x1c\x85\u0301\u0338\ud800e／{}")
TODAY = date(2026, 3, 3)
SAME_EACH_TIME = settings(derandomize=True, deadline=None)


def conversation(question: str | None = None) -> Conversation:
    return Conversation(id="x", channel="web", locale="en-GB", language="en",
                        open_question={"name": question} if question else None)


@SAME_EACH_TIME
@given(st.text(ODD))
def test_cleaned_text_is_no_command_and_stays_as_it_is(text: str) -> None:
    cleaned = clean(text)
    assert not cleaned.startswith("/")
    assert not cleaned.strip().startswith("/")  # as Rasa looks at it
    assert cleaned == cleaned.strip()
    assert clean(cleaned) == cleaned
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not [c for c in cleaned if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    cleaned.encode()


@SAME_EACH_TIME
@given(st.text(ODD, max_size=60), st.sampled_from([None, "identity"]))
def test_nothing_typed_reaches_the_engine_as_a_command(text: str, question: str | None) -> None:
    heard = hear(text, conversation(question), today=TODAY)
    assert not heard.masked.strip().startswith("/")
    assert heard.masked
    assert heard.shown


@pytest.mark.parametrize("before", ["", " ", "\u2028", "\u2029", "\xa0", "\u200b", "\ufeff", "\u3000", "//", "/ /",
                                    "\u200b/\ufeff/", "\x00/", "\x1f /", "\u202e/", "\ud800/", "\u00ad/"])
@pytest.mark.parametrize("command", ["/restart", '/inform{"debtor_id":"1"}', "/session_start"])
def test_no_disguise_of_a_slash_is_left(before: str, command: str) -> None:
    assert hear(before + command, conversation(), today=TODAY).masked.startswith(command[1:8])


def test_a_wide_slash_is_no_command() -> None:
    assert hear("／restart", conversation(), today=TODAY).masked == "／restart"


@pytest.mark.parametrize("text", ["", "   ", "\x00\x01", "\u200b\u200d", "😀🤷‍♂️", "?!", "///", "\ud83d"])
def test_what_says_nothing_is_out_of_scope(text: str) -> None:
    heard = hear(text, conversation(), today=TODAY)
    assert heard.forced_intent == "out_of_scope"
    assert heard.masked.strip()
    assert heard.shown.strip()


def test_a_text_is_bounded() -> None:
    assert hear("a" * MAX_TEXT, conversation(), today=TODAY).raw == "a" * MAX_TEXT
    with pytest.raises(DebtorError) as refused:
        hear("a" * (MAX_TEXT + 1), conversation(), today=TODAY)
    assert (refused.value.say, refused.value.values) == ("message_too_long", {"limit": MAX_TEXT})


@pytest.mark.parametrize("question", [None, "identity"])
@pytest.mark.parametrize("number", [
    "4242 4242 4242 4242", "4242-4242-4242-4242", "4242424242424242", "3782 822463 10005"])
def test_a_card_number_is_kept_nowhere(number: str, question: str | None) -> None:
    heard = hear(f"my card is {number} ok", conversation(question), today=TODAY)
    digits = number.replace(" ", "").replace("-", "")
    everything = repr(heard).replace(" ", "").replace("-", "")
    assert digits not in everything
    assert "[card]" in heard.raw


@pytest.mark.parametrize("text", ["{{7*7}}", "{% for x in y %}", "'; DROP TABLE debtor; --", "=HYPERLINK(1)",
                                  "<script>alert(1)</script>", "**bold** [x](y)", "${7*7}", "%s%n", "\u202eabc"])
def test_what_means_something_elsewhere_is_only_text(text: str) -> None:
    heard = hear(text, conversation(), today=TODAY)
    assert heard.raw == heard.shown == clean(text)
