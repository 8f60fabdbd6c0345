"""``debtdesk feed``: what other systems are told, and how far they have come."""

import json
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from exchange.batches import events
from exchange.positions import give_all
from exchange.progress import Standing, replay, standing
from exchange.receivers import receivers
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError
from runtime.settings import settings
from runtime.webhooks import new_secret

feed = typer.Typer(help="What other systems are told of what happens here.", no_args_is_help=True,
                   rich_markup_mode=None, add_completion=False)
PAGE = 1_000


@feed.callback()
def _all() -> None:
    """What other systems are told, explained in docs/exchange.md. Example: debtdesk feed status"""


@feed.command("status")
def status() -> None:
    """Show how far each receiver has come, and what keeps it.

    Example: debtdesk feed status
    """
    db = database()
    last = give_all(db)
    with db.read() as session:
        found = standing(session, [receiver.name for receiver in receivers(settings())])
    table = Table("receiver", "has", "waiting", "last taken", "failing since", "problem")
    for one in found:
        table.add_row(one.name, f"{one.position:,}", f"{one.waiting:,}", _when(one.delivered_at),
                      _when(one.failing_since), _problem(one))
    console = Console(soft_wrap=True, highlight=False)
    console.print(f"{last:,} event{'' if last == 1 else 's'} so far")
    if found:
        console.print(table)
    else:
        console.print("Nobody is told: neither DEBTDESK_FEED_URL nor DEBTDESK_FEED_DIR is set")


def _when(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def _problem(one: Standing) -> str:
    if not one.configured:
        return "no longer in the settings"
    return f"{one.problem} ({one.attempts} tries)" if one.problem else ""


@feed.command("tail")
def tail(
    first: Annotated[int | None, typer.Option("--from", min=1, help="Position to begin with; else the last 10")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Wait for more, until interrupted")] = False,
) -> None:
    """Print events as JSON lines, exactly as receivers get them.

    Example: debtdesk feed tail --from 1200 --follow
    """
    db = database()
    last = give_all(db)
    position = first or max(1, last - 9)
    while True:
        with db.read() as session:
            page = list(events(session, first=position, limit=PAGE))
        for event in page:
            print(json.dumps(event, ensure_ascii=False), flush=True)
        position += len(page)
        if len(page) < PAGE:
            if not follow:
                return
            time.sleep(1)
            give_all(db)


@feed.command("replay")
def replay_from(
    first: Annotated[int, typer.Option("--from", min=1, help="Position to send from; one past the last skips all")],
    receiver: Annotated[str | None, typer.Option(help="Only to this receiver, by its name")] = None,
) -> None:
    """Send again from a position on. Receivers know what they had by each event's id.

    Example: debtdesk feed replay --from 1200 --receiver dialler
    """
    db = database()
    give_all(db)
    known = [one.name for one in receivers(settings())]
    if receiver is not None and receiver not in known:
        raise StaffError(f"There is no receiver {receiver!r} in the settings; there are: {', '.join(known) or 'none'}")
    with db.write() as session:
        for name in [receiver] if receiver else known:
            print(f"{name}: {replay(session, name, first):,} event(s) will be sent, from position {first:,} on "
                  f"({Clock(db).now():%H:%M} UTC)")


@feed.command("secret")
def secret() -> None:
    """Print a new secret for DEBTDESK_FEED_SECRET. Nothing is stored.

    Example: debtdesk feed secret
    """
    print(new_secret())
