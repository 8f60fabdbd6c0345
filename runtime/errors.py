"""Three kinds of error, by who may read them. Anything else is a bug and is only logged."""


class DebtorError(Exception):
    """Something a debtor may be told. ``say`` names the text; ``values`` fill it."""

    def __init__(self, say: str, **values: object) -> None:
        super().__init__(say)
        self.say = say
        self.values = values


class StaffError(Exception):
    """Something staff may read, in words they understand."""


class OperatorError(Exception):
    """Something whoever installs Debtdesk must put right: one clear line, no traceback."""
