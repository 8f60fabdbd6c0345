"""What a creditor allows: one YAML file per policy, named by ``Creditor.policy``.

``model`` is the whole file, each section of it a module of its own; ``loading`` reads the file, ``combine`` finds what
several creditors allow in common.
"""

from ledger.policy.combine import strictest
from ledger.policy.loading import load_policy, policy_for
from ledger.policy.model import Policy

__all__ = ["Policy", "load_policy", "policy_for", "strictest"]
