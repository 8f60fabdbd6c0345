"""What we read of Stripe's objects, typed. Everything else that Stripe sends is left alone."""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, Literal, TypeVar, cast

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError


class UnreadableObject(Exception):
    """An object from Stripe lacks what it must have."""


def _identifier(value: object) -> object:
    """An expandable field: the id, or the object that carries it (docs.stripe.com/api/expanding_objects)."""
    return value.get("id") if isinstance(value, Mapping) else value


T = TypeVar("T", bound=BaseModel)
Expandable = Annotated[str | None, BeforeValidator(_identifier)]
Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,255}$")]
Currency = Annotated[str, BeforeValidator(lambda value: str(value).upper()), Field(pattern=r"^[A-Z]{3}$")]


class _Seen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class SessionSeen(_Seen):
    """A Checkout Session as Stripe told of it."""

    id: Identifier
    status: Literal["open", "complete", "expired"] | None = None
    payment_status: str
    amount_total: int | None = None
    currency: Currency | None = None
    payment_intent: Expandable = None
    client_reference_id: str | None = None
    metadata: dict[str, str] | None = None
    livemode: bool
    url: str | None = None
    expires_at: int | None = None


class RefundSeen(_Seen):
    """A refund as Stripe told of it."""

    id: Identifier
    amount: int
    currency: Currency
    payment_intent: Expandable = None
    status: str | None = None


class BalanceMove(_Seen):
    """A balance transaction: what an event did to our money at Stripe, and what Stripe took for it."""

    id: Identifier
    amount: int
    currency: Currency
    fee: int = 0


class DisputeSeen(_Seen):
    """A card dispute (chargeback) as Stripe told of it."""

    id: Identifier
    amount: int
    currency: Currency
    payment_intent: Expandable = None
    reason: str | None = None
    status: str | None = None
    balance_transactions: tuple[BalanceMove, ...] = ()
    """Two at most (docs.stripe.com/api/disputes/object): the withdrawal, then the reinstatement."""


class _Data(_Seen):
    object: dict[str, Any]


class EventSeen(_Seen):
    """An event: ``data.object`` is read by its kind."""

    object: Literal["event"]
    id: Annotated[str, Field(pattern=r"^evt_[A-Za-z0-9_]{1,251}$")]
    type: Annotated[str, Field(pattern=r"^[a-z0-9_.]{1,100}$")]
    created: Annotated[int, Field(ge=0, le=32_503_680_000)]
    livemode: bool
    account: Identifier | None = None
    """The connected account it is of (docs.stripe.com/api/events/object#event_object-account); none of ours is one."""
    data: _Data

    @property
    def at(self) -> datetime:
        """When it happened."""
        return instant(self.created)

    @property
    def payment_intent(self) -> str | None:
        """The PaymentIntent it speaks of, as far as the object says."""
        body = self.data.object
        found = body.get("id") if body.get("object") == "payment_intent" else _identifier(body.get("payment_intent"))
        return found if isinstance(found, str) and len(found) <= 255 else None


def read(kind: type[T], body: Mapping[str, Any]) -> T:
    """``body`` as ``kind``. Raises UnreadableObject, which names fields and never their contents."""
    try:
        return kind.model_validate(body)
    except ValidationError as error:
        places = sorted({".".join(map(str, problem["loc"])) for problem in error.errors()})
        raise UnreadableObject(f"{kind.__name__}: {', '.join(places)}") from None


def instant(seconds: int) -> datetime:
    """Seconds since 1970 as an instant."""
    return datetime.fromtimestamp(seconds, timezone.utc)


def session_seen(session: object) -> SessionSeen:
    """A Checkout Session as stripe-python gives it. Raises UnreadableObject."""
    return read(SessionSeen, cast(Any, session).to_dict())
