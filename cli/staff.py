"""``debtdesk staff``: accounts of the console."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from console.models import Role, StaffAccount
from console.staff import account_of, add_staff, close_account, set_password
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError

app = typer.Typer(help="Accounts of the staff console.", no_args_is_help=True, rich_markup_mode=None,
                  add_completion=False)

Email = Annotated[str, typer.Option("--email", help="Address to sign in with.")]
Password = Annotated[str, typer.Option(
    "--password", envvar="DEBTDESK_STAFF_PASSWORD", prompt=True, hide_input=True, confirmation_prompt=True,
    help="At least 12 characters. Better left out: it is asked for, or read from the environment.", show_default=False)]


@app.command()
def add(name: Annotated[str, typer.Option("--name", help="Name that debtors and colleagues see.")], email: Email,
        password: Password, role: Annotated[Role, typer.Option("--role")] = Role.AGENT) -> None:
    """Add an account.

    Example: debtdesk staff add --name "Ana Lopez" --email ana@example.org --role manager
    """
    with _said(), database().write() as session:
        account = add_staff(session, name=name, email=email, password=password, role=role, now=_now())
        typer.echo(f"Added {account.name} <{account.email}>, {account.role}.")


@app.command("list")
def list_accounts() -> None:
    """List the accounts.

    Example: debtdesk staff list
    """
    with database().read() as session:
        for account in session.scalars(select(StaffAccount).order_by(StaffAccount.email)):
            typer.echo(f"{account.email}\t{account.name}\t{account.role}\t{'open' if account.active else 'closed'}")


@app.command()
def password(email: Email, password: Password) -> None:
    """Give an account a new password; it is signed out everywhere.

    Example: debtdesk staff password --email ana@example.org
    """
    with _said(), database().write() as session:
        set_password(session, account=_account(session, email), password=password, now=_now())
        typer.echo(f"{email} has a new password and is signed out everywhere.")


@app.command()
def close(email: Email) -> None:
    """Close an account; it is signed out everywhere at once.

    Example: debtdesk staff close --email ana@example.org
    """
    with _said(), database().write() as session:
        close_account(session, account=_account(session, email), now=_now())
        typer.echo(f"{email} is closed and signed out everywhere.")


def _now() -> datetime:
    return Clock(database()).now()


def _account(session: Session, email: str) -> StaffAccount:
    if found := account_of(session, email):
        return found
    raise StaffError(f"There is no account for {email}.")


@contextmanager
def _said() -> Iterator[None]:
    """A refusal as one line and exit status 1."""
    try:
        yield
    except StaffError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
