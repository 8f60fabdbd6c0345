"""Rule 40: no collecting where the operator is not licensed."""

from collections.abc import Iterator
from datetime import datetime

from audit.case import Case
from audit.estate import Estate
from audit.outgoing import Outgoing
from audit.rule import Found, Rule
from compliance.operator import operator
from compliance.prescribed import Role


def unlicensed(estate: Estate | None, at: datetime) -> str | None:
    """Where the debtor lives, when we may not collect there from anybody; None: we may."""
    if estate is None or not estate.debts:
        return None
    rules = estate.profile
    roles = {Role.CREDITOR if debt.own_collector else Role.COLLECTOR for debt in estate.debts.values()}
    if not roles <= set(rules.licensing.needed_by):
        return None
    if operator().licensed(estate.country, rules.region(estate.debtor.region), at.date()):
        return None
    return ", ".join(filter(None, (estate.debtor.region, estate.country)))


def check(case: Case) -> Iterator[Found]:
    unasked = {said.id for said in case.proactive()}
    for said in case.ours:
        if (said.id in unasked or case.invites(said)) and (where := unlicensed(case.whose(said.at), said.at)):
            yield Found(f"asks for payment where operator.yml has no licence ({where})", said)
            return


def outgoing(item: Outgoing) -> Iterator[Found]:
    if item.proactive and (where := unlicensed(item.estate, item.moment)):
        yield Found(f"sent where operator.yml has no licence ({where})")


RULE = Rule(40, "No collecting without a licence", "state and FCA licences",
            "where debtors live, operator.yml, and what was asked and sent", "Stop collecting there, and ask a lawyer.",
            conversation=check, outgoing=outgoing)
