"""Settings: a wrong one is one clear line, from every process, and no secret is in it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import OperatorError
from runtime.settings import ROOT, Settings, settings


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Settings are read anew within the test, and again after it."""
    settings.cache_clear()
    return monkeypatch


@pytest.fixture(autouse=True)
def as_before() -> object:
    yield
    settings.cache_clear()


WRONG = {
    "DEBTDESK_PORT": ("abc", "0", "99999", "1.5", "-1", "80 80"),
    "DEBTDESK_RASA_PORT": ("x",),
    "DEBTDESK_MESSAGES_PER_MINUTE": ("0", "many"),
    "DEBTDESK_LOG_LEVEL": ("loud",),
    "DEBTDESK_PAYMENTS": ("maybe",),
    "DEBTDESK_DEMO": ("perhaps",),
    "DEBTDESK_FRAME_ANCESTORS": (";", "example.com; script-src *", "javascript:"),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_one_line_that_names_it(fresh: pytest.MonkeyPatch, name: str, value: str) -> None:
    fresh.setenv(name, value)
    with pytest.raises(OperatorError) as wrong:
        settings()
    assert f"{name}: " in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_several_wrong_values_are_named_together(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("DEBTDESK_PORT", "abc")
    fresh.setenv("DEBTDESK_PAYMENTS", "maybe")
    with pytest.raises(OperatorError, match=r"DEBTDESK_PORT.*; DEBTDESK_PAYMENTS"):
        settings()


def test_nothing_given_is_nothing_set(fresh: pytest.MonkeyPatch) -> None:
    for name in ("STRIPE_API_KEY", "TELEGRAM_BOT_TOKEN", "DEBTDESK_DATABASE_URL", "DEBTDESK_PUBLIC_URL"):
        fresh.setenv(name, "")
    assert (settings().stripe_api_key, settings().telegram_bot_token) == (None, None)
    assert settings().site == f"http://127.0.0.1:{settings().port}"


def test_a_file_of_settings_that_cannot_be_read(fresh: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"DEBTDESK_PORT=\xff\xfe")
    fresh.chdir(tmp_path)
    with pytest.raises(OperatorError, match=r"\.env"):
        settings()


def test_secrets_do_not_show(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("STRIPE_API_KEY", "sk_live_abcdef")
    fresh.setenv("TELEGRAM_BOT_TOKEN", "1:token")
    fresh.setenv("DEBTDESK_SECRET_KEY", "very-secret")
    shown = f"{settings()!r} {settings()}"
    assert not [secret for secret in ("sk_live_abcdef", "1:token", "very-secret") if secret in shown]


def test_every_setting_is_described() -> None:
    named = ("log_level", "stripe_api_key", "stripe_webhook_secret", "telegram_bot_token")
    assert [name for name, field in Settings.model_fields.items() if not field.description and name not in named] == []


def _said(*command: str, **environment: str) -> tuple[int, list[str]]:
    """Exit code and output lines of a program of ours that is set wrongly."""
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, env={**os.environ, **environment}, timeout=120,
                          capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).splitlines()


@pytest.mark.parametrize("program", ["bot", "bot.worker", "actions", "payments.standin"])
def test_no_process_answers_with_a_traceback(program: str) -> None:
    code, lines = _said(program, DEBTDESK_PORT="abc")
    assert code in (1, 2)
    assert len(lines) == 1
    assert "DEBTDESK_PORT" in lines[0]


RUNS = """
import json, os, sys
import cli.main, cli.run, cli.demo, cli.demo_staff, cli.processes, compliance.operator, runtime.migrate
for environment, out in json.load(sys.stdin):
    if os.fork() == 0:
        written = os.open(out, os.O_CREAT | os.O_WRONLY)
        os.dup2(written, 1)
        os.dup2(written, 2)
        os.environ.update(environment)
        sys.exit(cli.main.app(["run", "--no-demo"]))
    os.write(1, f"{os.waitstatus_to_exitcode(os.wait()[1])}\\n".encode())
"""


def _run_said(folder: Path, wrong: list[dict[str, str]]) -> list[tuple[int, list[str]]]:
    """What ``debtdesk run`` says in each of these environments, each a process of its own, imported once for all."""
    outs = [folder / f"out-{place}" for place in range(len(wrong))]
    given = [({"DEBTDESK_DATA_DIR": str(folder / "data")} | environment, str(out))
             for environment, out in zip(wrong, outs, strict=True)]
    done = subprocess.run([sys.executable, "-c", RUNS], cwd=ROOT, input=json.dumps(given), timeout=300,
                          capture_output=True, text=True, check=True)
    return [(int(code), out.read_text(encoding="utf-8").splitlines())
            for code, out in zip(done.stdout.split(), outs, strict=True)]


def broken(folder: Path, words: str) -> str:
    """An operator file with these words."""
    file = folder / f"{len(list(folder.iterdir()))}" / "operator.yml"
    file.parent.mkdir()
    file.write_text(words, encoding="utf-8")
    return str(file)


def test_run_says_in_one_line_what_is_wrong_before_it_starts_anything(tmp_path: Path) -> None:
    wrong = [
        {"DEBTDESK_PORT": "abc"}, {"DEBTDESK_PROFILE": "mars"}, {"DEBTDESK_OPERATOR_FILE": "/nowhere/operator.yml"},
        {"DEBTDESK_DATABASE_URL": "garbage"}, {"DEBTDESK_DATABASE_URL": "mysql://user:hunter2@host/x"},
        {"DEBTDESK_DATABASE_URL": "postgresql://user:hunter2@127.0.0.1:port/x"},
        {"DEBTDESK_DATABASE_URL": "postgresql://user:hunter2@127.0.0.1:1/x"},
        {"DEBTDESK_DATABASE_URL": f"sqlite:///{tmp_path}"}, {"DEBTDESK_SECRET_KEY": "hunter2"},
        {"DEBTDESK_DATA_DIR": "/dev/null"}, {"DEBTDESK_POLICY_DIR": str(tmp_path)},
        {"DEBTDESK_RASA_PORT": "28055", "DEBTDESK_ACTIONS_PORT": "28055"},
        *({"DEBTDESK_OPERATOR_FILE": broken(tmp_path, words)}
          for words in ("legal_name: [", "- a\n- b", "", "legal_name: 5\nphone: {}", "\ttab: 1")),
    ]
    for environment, (code, lines) in zip(wrong, _run_said(tmp_path, wrong), strict=True):
        assert (code, len(lines)) == (1, 1), (environment, lines)
        assert lines[0].startswith("debtdesk: "), lines
        assert "hunter2" not in lines[0]
        assert "operator.yml" in lines[0] or "DEBTDESK_OPERATOR_FILE" not in environment, lines
