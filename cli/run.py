"""``debtdesk run``: everything on one machine, supervised, until Ctrl-C."""

import os
import signal
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.errors import OperatorError

if TYPE_CHECKING:
    from runtime.settings import Settings


def run(
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="With the demo portfolio, or on whatever the database holds."),
    ] = None,
) -> None:
    """Start the desk: engine, actions, gateway, worker, and a local Stripe stand-in where one is wanted.

    Example: debtdesk run --demo
    """
    if demo is not None:
        os.environ["DEBTDESK_DEMO"] = "true" if demo else "false"
    from runtime.settings import ROOT, settings

    chosen = settings()  # first: a wrong one is said before anything heavy is loaded

    from cli.demo import guide, load
    from cli.demo_staff import demo_login
    from cli.model import ensure_model, model_path
    from cli.processes import processes
    from cli.supervise import Stack, check_ports, print_line
    from runtime.database import database
    from runtime.migrate import upgrade

    _check(chosen)
    model = model_path()
    wanted = list(processes(chosen, model))
    check_ports(wanted)
    if not model.exists():
        ensure_model(say=print_line)
    asked_to_stop = False

    def stop(*_: object) -> None:
        nonlocal asked_to_stop
        asked_to_stop = True
        stack.stop_soon()

    with Stack(chosen.data_dir / "logs", folder=ROOT) as stack:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, stop)
        print_line("Starting. The engine takes a while to load its model; Ctrl-C stops everything.")
        try:
            stack.start(wanted[0])  # the slow one loads while the database is made ready
            upgrade(database())
            signed_in_as = None
            if chosen.demo:
                load()
                signed_in_as = demo_login(database())
            stack.start(*wanted[1:])
            stack.wait_ready()
            for line in _welcome(chosen.site, signed_in_as, guide() if chosen.demo else []):
                print_line(line)
            stack.wait()
        except OperatorError:
            if not asked_to_stop:
                raise
        print_line("Stopping.")
    if stack.failure:
        raise OperatorError(stack.failure)


def _check(chosen: "Settings") -> None:
    """Raises OperatorError for what an operator can have wrong, before anything is trained or started."""
    from compliance.operator import operator
    from compliance.profile import every_profile, load_profile
    from ledger.policy import load_policy
    from runtime import vault
    from runtime.database import database

    load_profile(chosen.profile)
    list(every_profile())  # a debtor abroad has the rules of their own country
    operator()
    names = sorted(path.stem for path in chosen.policy_dir.glob("*.yml"))
    if not names:
        raise OperatorError(f"DEBTDESK_POLICY_DIR: there is no policy file in {chosen.policy_dir}")
    for name in names:
        load_policy(name)
    vault.encrypt("")
    database().check()


def _welcome(site: str, login: tuple[str, str] | None, guide: list[str]) -> list[str]:
    return [
        "",
        "Debtdesk is running.",
        f"  Creditor's website   {site}/",
        f"  Chat                 {site}/chat",
        f"  Staff console        {site}/console" + (f"   sign in as {login[0]} with {login[1]}" if login else ""),
        *(["", *guide] if guide else []),
        "",
        "Ctrl-C stops everything.",
    ]
