"""Staff's words about a posting: in the debtor's own copy while they are there, and nowhere after erasure."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from ledger.check import check
from ledger.corrections import adjust
from ledger.kinds import Bucket
from ledger.models import Txn
from ledger.money import Money
from ledger.receipts import receive
from ledger.remarks import REMARKED, remark
from privacy.access import collected
from privacy.erasure import erase_everywhere
from tests.privacy.conftest import Desk
from tests.privacy.test_erasure import OVER, everything

WORDS = "fee for the letter to her sister zinaida"


def test_they_are_in_the_copy_and_go_with_erasure(desk: Desk, later: Callable[[int], datetime]) -> None:
    with desk.db.write() as session:
        said = remark(session, key="console:1:a", debtor_id=desk.home.jane, words=WORDS, actor="staff:1", now=desk.now)
        adjust(session, key="console:1:a", debt_id=desk.home.gas, bucket=Bucket.FEES, amount=Money(100, "GBP"),
               reason=said, effective_on=desk.now.date(), posted_at=desk.now, actor="staff:1")
    desk.settle(desk.now)
    with desk.db.read() as session:
        (row,) = collected(session, desk.home.jane)["remark"]
        assert (row["words"], row["actor"]) == (WORDS, "us")
        assert "remark" not in collected(session, desk.home.father)
    with desk.db.write() as session:  # the fee as well
        receive(session, key="fee", split={desk.home.gas: Money(100, "GBP")}, effective_on=desk.now.date(),
                posted_at=desk.now, actor="test", cause="test")
    erase_everywhere(desk.db, desk.home.jane, actor="test", now=later(OVER), tracker=desk.tracker)
    assert "zinaida" not in everything(desk.db)
    with desk.db.read() as session:
        assert session.scalars(select(Txn.cause).where(Txn.idem_key == "console:1:a")).one() == REMARKED
        assert check(session) == []

