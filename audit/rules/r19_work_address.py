"""Rule 19: nothing goes to an address that is known to be the debtor's work."""

from collections.abc import Iterator

from audit.outgoing import Outgoing
from audit.rule import US, Found, Rule


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.electronic and item.payload.get("at_work"):
        yield Found("sent to an address that is marked as the debtor's work")


RULE = Rule(19, "Nothing goes to work", "Reg F 1006.22(f)", "outbox rows whose address is marked as work",
            "Use another address.", countries=US, collectors_only=True, outgoing=outgoing,
            not_judged=("addresses that only a debtor's words call work: contact points carry no such mark",))
