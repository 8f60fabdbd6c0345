"""What a file says of a balance is as true as the day it was made."""

from datetime import date, datetime, timezone

import pytest
from sqlalchemy import select

from ledger.models import Debt
from runtime.database import Database
from tests.importing.test_load import NOW, ROWS, Read, Write, place


@pytest.mark.parametrize(("day", "as_of"), [
    (None, NOW), (date(2026, 2, 1), datetime(2026, 2, 2, tzinfo=timezone.utc)),
])
def test_a_new_debt_is_as_of_the_day_of_its_file(
    db: Database, csv_file: Write, read: Read, day: date | None, as_of: datetime
) -> None:
    place(db, read(csv_file(*ROWS), as_of=day))
    with db.read() as session:
        assert set(session.scalars(select(Debt.as_of))) == {as_of}
