"""What is started, with which settings, and what each process may know."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from cli import processes as listing
from cli.engine import ALWAYS, engine_environment
from cli.processes import processes, variables
from cli.supervise import Process
from runtime.settings import Settings


@pytest.fixture(autouse=True)
def _engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "engine_python", lambda: "python3.10")


def chosen(**values: object) -> Settings:
    return Settings(engine_secret=SecretStr("shared"), **values)  # type: ignore[arg-type]


def by_name(settings: Settings) -> dict[str, Process]:
    return {process.name: process for process in processes(settings, Path("models/m.tar.gz"))}


def test_the_engine_is_first_and_on_loopback() -> None:
    first = next(processes(chosen(rasa_port=7005), Path("models/m.tar.gz")))
    command = " ".join(first.command)
    assert first.name == "engine"
    assert "--interface 127.0.0.1 --port 7005" in command
    assert "--model models/m.tar.gz" in command
    assert (first.port, first.setting) == (7005, "DEBTDESK_RASA_PORT")


def test_the_stand_in_runs_only_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STRIPE_API_KEY", raising=False)
    assert "stripe-standin" in by_name(chosen(demo=True))
    assert "stripe-standin" in by_name(chosen(payments="test"))
    assert "stripe-standin" not in by_name(chosen())
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_x")
    assert "stripe-standin" not in by_name(chosen(demo=True))


def test_the_engine_sees_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRIPE_API_KEY", "sk_test_x")
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "1:x")
    found = by_name(chosen(secret_key=SecretStr("k"), database_url="postgresql://u:p@h/d"))
    engine = found["engine"].environment
    for secret in ("sk_test_x", "1:x", "k", "postgresql://u:p@h/d"):
        assert secret not in engine.values()
    assert engine["DEBTDESK_ENGINE_SECRET"] == "shared"
    assert found["gateway"].environment["STRIPE_API_KEY"] == "sk_test_x"
    assert found["worker"].environment["DEBTDESK_DATABASE_URL"] == "postgresql://u:p@h/d"


def test_telemetry_is_off_whatever_the_caller_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RASA_TELEMETRY_ENABLED", "true")
    assert engine_environment()["RASA_TELEMETRY_ENABLED"] == "false"
    assert engine_environment({"RASA_TELEMETRY_ENABLED": "true"})["RASA_TELEMETRY_ENABLED"] == "false"
    assert by_name(chosen())["engine"].environment.items() >= ALWAYS.items()


def test_the_tracker_has_a_database_of_its_own(tmp_path: Path) -> None:
    engine = by_name(chosen(data_dir=tmp_path))["engine"]
    assert engine.environment["DEBTDESK_TRACKER_URL"] == f"sqlite:///{tmp_path}/tracker.sqlite3"


def test_a_process_that_gets_the_variables_has_the_same_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chosen(data_dir=tmp_path, port=8123, demo=True, profile="us", telegram_bot_token=SecretStr("1:x"))
    for name, value in variables(first).items():
        monkeypatch.setenv(name, value)
    assert Settings() == first  # type: ignore[call-arg]


def test_a_gateway_open_to_the_world_is_asked_on_loopback() -> None:
    assert by_name(chosen(host="0.0.0.0", port=8123))["gateway"].ready == "http://127.0.0.1:8123/readyz"
    assert by_name(chosen(host="::1", port=8123))["gateway"].ready == "http://[::1]:8123/readyz"
