"""``debtdesk link``: personal links, made by staff, listed and revoked."""

from datetime import datetime
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from compliance.links import KnownLink, link_url, links_of, make_link, revoke
from runtime.clock import Clock
from runtime.database import database
from runtime.errors import StaffError

MAKE = "make"


class Links(TyperGroup):
    """``debtdesk link DD-1001`` makes one: what is no other command's name is a reference."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts ``make`` before a reference, also where an option comes first."""
        words = [word for word in args if not word.startswith("-")]
        if words and words[0] not in self.commands:
            args = [MAKE, *args]
        return super().parse_args(ctx, args)


link = typer.Typer(cls=Links, no_args_is_help=True, rich_markup_mode=None, add_completion=False)


@link.callback()
def _all() -> None:
    """Personal links: ``debtdesk link REFERENCE`` prints one; list and revoke them.

    Example: debtdesk link DD-1001
    """


@link.command(MAKE)
def make(
    reference: Annotated[str, typer.Argument(help="The debtor's or an account's reference")],
    sent: Annotated[bool, typer.Option("--sent", help="A link to be sent: it identifies, one factor is asked")] = False,
) -> None:
    """Print a personal link. It verifies whoever opens it, so hand it over in person or by a checked address.

    Example: debtdesk link make DD-1001
    """
    db = database()
    with db.write() as session:
        token = make_link(session, reference=reference, verifies=not sent, created_by="command line",
                          now=Clock(db).now())
    print(link_url(token))


@link.command("list")
def list_links(
    reference: Annotated[str, typer.Argument(help="The debtor's or an account's reference")],
    dead: Annotated[bool, typer.Option("--all", help="Also those that have ended")] = False,
) -> None:
    """List a debtor's personal links: number, kind, until when, how often opened. The links themselves are not kept.

    Example: debtdesk link list DD-1001
    """
    db = database()
    now = Clock(db).now()
    with db.read() as session:
        found = [one for one in links_of(session, reference=reference) if dead or one.alive(now)]
    for one in found:
        print(_line(one, now))
    if not found:
        print(f"{reference} has no personal link{' ' if dead else ' that works'}".rstrip() + ".")


def _line(one: KnownLink, now: datetime) -> str:
    kind = "verifies" if one.verifies else "identifies"
    state = f"until {one.expires_at:%Y-%m-%d}" if one.alive(now) else (
        f"revoked {one.revoked_at:%Y-%m-%d}" if one.revoked_at else f"ended {one.expires_at:%Y-%m-%d}")
    opened = f"opened {one.uses} time{'' if one.uses == 1 else 's'}"
    return f"{one.id}  {kind}  {state}  {opened}  made {one.created_at:%Y-%m-%d} by {one.created_by}"


@link.command("revoke")
def revoke_links(
    which: Annotated[str, typer.Argument(help="A link, its token, its number in the list, or a debtor's reference")],
    every: Annotated[bool, typer.Option("--debtor", help="A reference: revoke every link of that debtor")] = False,
) -> None:
    """Revoke a personal link, or every link of a debtor. Whoever was verified by it is not any more.

    Example: debtdesk link revoke 17
    Example: debtdesk link revoke DD-1001 --debtor
    """
    db = database()
    now = Clock(db).now()
    with db.write() as session:
        if every:
            ids = [one.id for one in links_of(session, reference=which)]
            done = sum(revoke(session, link_id=one, now=now) for one in ids)
        elif which.isdecimal() and len(which) <= 18:
            done = revoke(session, link_id=int(which), now=now)
        else:
            done = revoke(session, token=which.rsplit("#", 1)[-1].rsplit("/", 1)[-1], now=now)
    if not done:
        raise StaffError(f"No link that works is meant by {which!r}" + ("" if every else
                         "; for every link of a debtor add --debtor"))
    print(f"{done} link{'' if done == 1 else 's'} revoked.")
