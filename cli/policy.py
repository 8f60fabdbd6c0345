"""``debtdesk policy``: what a policy file allows, in words and figures."""

import json
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated

import typer

from ledger.money import MoneyError
from ledger.policy.loading import find_policy, read_policy
from ledger.policy.schema import schema as policy_schema
from ledger.policy.words import SAMPLES, example, explain
from runtime.errors import OperatorError

policy = typer.Typer(help="Read and check policy files.", no_args_is_help=True, rich_markup_mode=None,
                     add_completion=False)


@policy.callback()
def _all() -> None:
    """Read and check policy files. Example: debtdesk policy check uk-standard"""


@policy.command("check")
def check_policy(
    file: Annotated[str, typer.Argument(help="A file, or the name of one in the policy folder")],
    balance: Annotated[list[str] | None, typer.Option(help="Try this balance instead; repeatable")] = None,
    today: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Count from this day")] = None,
) -> None:
    """Explain a policy in plain words and show what it offers on sample balances; exit 1 when the file is wrong.

    Example: debtdesk policy check policies/uk-standard.yml --balance 640
    """
    path = find_policy(file)
    found = read_policy(path, path.stat().st_mtime_ns)
    day = today.date() if today else date.today()
    for line in explain(found):
        print(line)
    print("\nExamples")
    for amount in [_amount(text) for text in balance] if balance else SAMPLES:
        try:
            for line in example(found, amount, today=day):
                print(f"  {line}")
        except MoneyError as error:
            raise OperatorError(f"--balance: {error}") from None
    print(f"\n{path.name} is in order.")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise OperatorError(f"--balance needs an amount such as 640 or 99.50, not {text!r}") from None
    if not amount.is_finite() or amount <= 0:
        raise OperatorError(f"--balance needs an amount above nothing, not {text!r}")
    return amount


@policy.command("schema")
def print_schema(
    out: Annotated[Path | None, typer.Option(help="Write it to this file instead of printing it")] = None,
) -> None:
    """Print the JSON schema of policy files, for editors and other programs.

    Example: debtdesk policy schema --out docs/schemas/policy.schema.json
    """
    text = json.dumps(policy_schema(), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        print(text, end="")
    else:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8")
