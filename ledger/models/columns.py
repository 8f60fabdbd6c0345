"""Column types the ledger's tables share."""

from enum import StrEnum

from sqlalchemy import BigInteger, Enum, Integer, String

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A key. SQLite numbers rows by itself only where the type is INTEGER."""

Currency = String(3)
"""An ISO 4217 code."""

Key = String(200)
"""An idempotency key, as a rule ``turn_id:action``."""


def coded(kind: type[StrEnum]) -> Enum:
    """A column that stores a StrEnum by its value, as text."""
    return Enum(kind, native_enum=False, length=30, values_callable=lambda members: [m.value for m in members])
