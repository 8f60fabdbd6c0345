"""The operator file: read, checked in one line, and what it knows of office hours."""

from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from compliance import operator as room
from compliance.operator import Operator, operator
from runtime.errors import OperatorError
from runtime.settings import ROOT

FILE = ROOT / "operator.yml"


@pytest.fixture
def demo() -> Operator:
    return Operator.model_validate(yaml.safe_load(FILE.read_text("utf-8")))


def _from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None) -> Operator:
    path = tmp_path / "operator.yml"
    if text is not None:
        path.write_text(text, "utf-8")
    monkeypatch.setattr(room, "settings", lambda: type("Settings", (), {"operator_file": path})())
    return operator.__wrapped__()


def test_the_demo_operator_is_invented(demo: Operator) -> None:
    assert demo.phone.replace(" ", "").startswith("0808157")  # Ofcom's free numbers for fiction
    assert demo.website.endswith(".example")
    assert all(mail.endswith(".example") for mail in (demo.email, demo.complaints.email))


def test_nothing_neutral_hints_at_a_debt(demo: Operator) -> None:
    assert not {"debt", "collect", "recover"} & set(demo.neutral_sender.lower().split())


@pytest.mark.parametrize(("text", "said"), [
    (None, "There is no operator file"),
    ("{legal_name: [", "is not valid YAML"),
    ("legal_name: A", "trading_name: Field required"),
    (FILE.read_text("utf-8").replace("Europe/London", "Mars/Base"), "'Mars/Base' is not a time zone"),
    (FILE.read_text("utf-8").replace('closes: "14:00"', 'closes: "09:00"'), "saturday closes before it opens"),
    (FILE.read_text("utf-8") + "surprise: 1\n", "surprise: Extra inputs are not permitted"),
])
def test_a_mistake_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None,
                                     said: str) -> None:
    with pytest.raises(OperatorError, match=said) as caught:
        _from(tmp_path, monkeypatch, text)
    assert "\n" not in str(caught.value)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")).astimezone(timezone.utc)


@pytest.mark.parametrize(("now", "is_open", "opens", "reply"), [
    ("2026-11-20T10:00", True, "2026-11-21T10:00", "2026-11-20T14:00"),
    ("2026-11-20T16:00", True, "2026-11-21T10:00", "2026-11-21T13:00"),
    ("2026-11-21T13:30", True, "2026-11-23T09:00", "2026-11-23T12:30"),
    ("2026-11-22T12:00", False, "2026-11-23T09:00", "2026-11-23T13:00"),
    ("2026-12-24T17:30", True, "2026-12-28T09:00", "2026-12-28T12:30"),
    ("2026-07-01T08:59", False, "2026-07-01T09:00", "2026-07-01T13:00"),
    ("2026-07-01T18:00", False, "2026-07-02T09:00", "2026-07-02T13:00"),
])
def test_office_hours(demo: Operator, now: str, is_open: bool, opens: str, reply: str) -> None:
    assert demo.open_at(_at(now)) is is_open
    assert demo.next_opening(_at(now)) == _at(opens)
    assert demo.reply_by(_at(now)) == _at(reply)


def test_hours_as_text(demo: Operator) -> None:
    assert demo.hours_text == "Mon-Thu 09:00-18:00, Fri 09:00-17:00, Sat 10:00-14:00"


def test_what_is_not_configured_is_not_said(demo: Operator) -> None:
    assert "supply" in (demo.consequence_text("energy") or "")
    assert demo.consequence_text("loan") == demo.consequence_text("default")
    assert demo.model_copy(update={"consequences": ()}).consequence_text("energy") is None
    assert demo.model_copy(update={"licences": ()}).register_name is None
