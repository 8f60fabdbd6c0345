"""What every section of a policy file has in common."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('write it in quotes, as in "25.00", so that it stays exact')
    return value


Exact = Annotated[Decimal, BeforeValidator(_exact)]
"""A decimal that stays exact: in quotes, or a whole number."""


class Section(BaseModel):
    """Fields that are not known are refused; what was read is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
