"""``debtdesk staff``: accounts from the command line."""

import pytest
from typer.testing import CliRunner

from cli import staff as command
from console.models import Role
from console.staff import account_of, password_fits
from runtime.database import Database

PASSWORD = "correct horse battery"
ADD = ["add", "--name", "Ana Lopez", "--email", "Ana@Desk.example"]


@pytest.fixture
def run(db: Database, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.setattr(command, "database", lambda: db)
    return CliRunner()


def test_an_account_is_added_listed_given_a_password_and_closed(db: Database, run: CliRunner) -> None:
    added = run.invoke(command.app, [*ADD, "--role", "manager"], env={"DEBTDESK_STAFF_PASSWORD": PASSWORD})
    assert (added.exit_code, added.output) == (0, "Added Ana Lopez <ana@desk.example>, manager.\n")
    assert "ana@desk.example\tAna Lopez\tmanager\topen" in run.invoke(command.app, ["list"]).output
    changed = run.invoke(command.app, ["password", "--email", "ana@desk.example"], input="another good one\n" * 2)
    assert changed.exit_code == 0
    assert "another good one" not in changed.output
    with db.read() as session:
        account = account_of(session, "ana@desk.example")
        assert account is not None
        assert account.role is Role.MANAGER
        assert password_fits(account, "another good one")
        assert not password_fits(account, PASSWORD)
    assert run.invoke(command.app, ["close", "--email", "ana@desk.example"]).exit_code == 0
    assert "closed" in run.invoke(command.app, ["list"]).output


def test_what_is_wrong_is_one_line(run: CliRunner) -> None:
    short = run.invoke(command.app, ADD, env={"DEBTDESK_STAFF_PASSWORD": "short"})
    assert (short.exit_code, short.output) == (1, "A password has 12 to 200 characters.\n")
    for _ in range(2):
        twice = run.invoke(command.app, ADD, env={"DEBTDESK_STAFF_PASSWORD": PASSWORD})
    assert (twice.exit_code, twice.output) == (1, "There is an account for ana@desk.example already.\n")
    nobody = run.invoke(command.app, ["close", "--email", "x@desk.example"])
    assert (nobody.exit_code, nobody.output) == (1, "There is no account for x@desk.example.\n")


@pytest.mark.parametrize("name", ["add", "list", "password", "close"])
def test_help_has_an_example(run: CliRunner, name: str) -> None:
    assert "Example: debtdesk staff" in run.invoke(command.app, [name, "--help"]).output
