"""Column types the ledger's tables share."""

from decimal import Decimal
from enum import StrEnum

from sqlalchemy import BigInteger, Dialect, Enum, Integer, String, TypeDecorator

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A key. SQLite numbers rows by itself only where the type is INTEGER."""

Currency = String(3)
"""An ISO 4217 code."""

Key = String(200)
"""An idempotency key, as a rule ``turn_id:action``."""


def coded(kind: type[StrEnum]) -> Enum:
    """A column that stores a StrEnum by its value, as text."""
    return Enum(kind, native_enum=False, length=30, values_callable=lambda members: [m.value for m in members])


class ExactDecimal(TypeDecorator[Decimal]):
    """A decimal kept as text, for SQLite would make a float of it."""

    impl = String(20)
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        return None if value is None else f"{value.normalize():f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)
