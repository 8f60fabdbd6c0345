"""Refusals in the form in which Stripe words them."""

from typing import Any


class StripeRefusal(Exception):
    """A request that Stripe would answer with an error. ``status`` is the HTTP status."""

    def __init__(self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400,
                 kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status
        self.kind = kind

    def json(self) -> dict[str, Any]:
        """The body, as documented under docs.stripe.com/api/errors."""
        error: dict[str, Any] = {"type": self.kind, "message": self.message}
        if self.code:
            error["code"] = self.code
        if self.param:
            error["param"] = self.param
        return {"error": error}


def missing(kind: str, identifier: str, param: str = "id") -> StripeRefusal:
    """There is no such object."""
    return StripeRefusal(f"No such {kind}: '{identifier}'", param=param, code="resource_missing", status=404)
