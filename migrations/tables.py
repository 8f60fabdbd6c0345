"""Every module that declares tables. A test compares this list with the source."""

from importlib import import_module

MODULES = (
    "runtime.clock",
    "ledger.models",
    "conversations.models",
    "conversations.duty",
    "compliance.models",
    "compliance.hold_log",
    "payments.models",
    "exchange.models",
    "outreach.models",
    "console.models",
    "bot.models",
)


def import_tables() -> None:
    """Make ``Base.metadata`` complete. A room that has no tables yet is passed over."""
    for module in MODULES:
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            if error.name is None or not (module + ".").startswith(error.name + "."):
                raise
