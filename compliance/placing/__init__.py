"""Every legal effect of what a debtor says, one function each: holds, flags, preferences, verification, ticket.

Called by actions and by the gateway's safety net. All take ``key`` (same key again: nothing more happens), the
conversation, the verified debtor or None, ``now`` and the debtor's ``today``. From a person who is not verified the
effect falls on the debtor that a sent link identifies, else on the conversation, and staff match it. Nothing that
comes back may tell an unverified person whether there is a debtor or a debt.
"""

from compliance.placing.care import (
    already_paid,
    breathing_space_request,
    forget_vulnerability,
    hardship,
    hardship_until,
    note_vulnerability,
    offer_below_floor,
    perhaps_self_harm,
    plan_change,
    self_harm,
    vulnerability,
)
from compliance.placing.closed import CLOSING, closed_by, for_themselves
from compliance.placing.contact import (
    Preferred,
    add_to_ticket,
    contact_preference,
    details_change,
    request_callback,
    request_human,
    stop_contact,
)
from compliance.placing.effect import Placed, PlacedUntil
from compliance.placing.ending import end_own_holds, own_holds
from compliance.placing.heard import HEARD, heard_by_staff
from compliance.placing.requests import (
    language_request,
    not_understood,
    payment_problem,
    settlement_request,
    statement_request,
    threat,
)
from compliance.placing.rights import (
    bankruptcy,
    complaint,
    deceased,
    dispute,
    fraud,
    privacy_request,
    representative,
    represented,
    third_party,
    validation,
    wrong_person,
)
from compliance.placing.taking_up import take_up

__all__ = [
    "CLOSING", "HEARD", "Placed", "PlacedUntil", "Preferred", "add_to_ticket", "already_paid", "bankruptcy",
    "breathing_space_request", "closed_by", "complaint", "contact_preference", "deceased", "details_change",
    "dispute", "end_own_holds", "for_themselves", "forget_vulnerability", "fraud", "hardship", "hardship_until",
    "heard_by_staff", "language_request",
    "not_understood", "note_vulnerability", "offer_below_floor", "own_holds", "payment_problem", "perhaps_self_harm",
    "plan_change", "privacy_request",
    "representative", "represented", "request_callback", "request_human", "self_harm", "settlement_request",
    "statement_request", "stop_contact", "take_up", "third_party", "threat", "validation", "vulnerability",
    "wrong_person",
]
