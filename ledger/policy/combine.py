"""What several creditors allow in common."""

from collections.abc import Sequence

from ledger.policy.holds import HoldRules
from ledger.policy.model import Policy
from ledger.policy.plans import PlanRules
from ledger.policy.promises import PromiseRules
from runtime.errors import OperatorError


def strictest(policies: Sequence[Policy]) -> Policy:
    """One policy that all of these allow, for a plan over debts of several creditors.

    Raises OperatorError when they are of several currencies or share no rhythm.
    """
    first, *others = {policy.name: policy for policy in policies}.values()
    if not others:
        return first
    everyone = (first, *others)
    plans = PlanRules.strictest([policy.plans for policy in everyone])
    if plans is None or any(other.currency != first.currency for other in others):
        raise OperatorError("The policies " + ", ".join(p.name for p in policies) + " allow no plan in common")
    return first.model_copy(update={
        "name": "+".join(policy.name for policy in everyone),
        "plans": plans,
        "promises": PromiseRules.strictest([policy.promises for policy in everyone]),
        "holds": HoldRules.longest([policy.holds for policy in everyone]),
        "settlement": (),
    })
