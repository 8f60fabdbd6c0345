"""What one gateway process holds: database, clock, engine, handler of turns, limits."""

import asyncio
from dataclasses import dataclass, field

from fastapi import Request

from bot.engine import Engine
from bot.handling import TurnHandler
from bot.limits import Limits
from bot.sessions import Sessions
from bot.wakeup import Wakeup
from runtime.clock import Clock
from runtime.database import Database


@dataclass
class Gateway:
    """The parts of one gateway."""

    database: Database
    clock: Clock
    engine: Engine
    wakeup: Wakeup
    handler: TurnHandler
    limits: Limits
    sessions: Sessions
    closing: asyncio.Event = field(default_factory=asyncio.Event)


def gateway(request: Request) -> Gateway:
    """The gateway a request reached."""
    found: Gateway = request.app.state.gateway
    return found
