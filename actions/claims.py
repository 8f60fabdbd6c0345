"""All rights claimed in one message take effect; the engine names one of them, plain words tell the others.

"Wrong number, stop texting" is both; so is "not mine, talk to my lawyer". One is answered in full, what the others
brought is told in a sentence. A message that the engine did not understand, but in which a right is unmistakable,
is answered by that right (rules 9, 31).
"""

import re
from collections.abc import Callable, Sequence
from typing import Any

from actions.context import Context
from actions.ending import said as ends_a_hold
from compliance import placing
from compliance.legal_words import ORDER, Claim, claims
from conversations.say import Say

ANSWERED_BY: dict[Claim, str] = {
    "fraud": "action_fraud", "deceased": "action_deceased", "wrong_person": "action_wrong_person",
    "bankruptcy": "action_bankruptcy", "represented": "action_represented", "dispute": "action_dispute",
    "stop_contact": "action_stop_contact",
}
RIGHTS = frozenset({
    *ANSWERED_BY.values(), "action_third_party", "action_validation", "action_complaint", "action_cannot_pay",
    "action_breathing_space", "action_vulnerability", "action_self_harm",
})
"""Answers beside which further claims are looked for."""
ENDING = frozenset({"action_wrong_person", "action_third_party", "action_deceased"})
"""After these not a word more is said, and contact ends by itself."""
SILENT_SUCCESS = ENDING | {"action_self_harm"}
"""Answers before which nobody is thanked for having said who they are."""
LOST = frozenset({"action_misunderstood", "action_out_of_scope"})
ASKS = frozenset({
    "action_balance", "action_debt_details", "action_interest_fees", "action_consequences", "action_credit_impact",
    "action_debt_advice", "action_payment_history", "action_next_payment", "action_who_are_you", "action_inform",
})
"""Questions, whose answer can wait: a right claimed beside one is answered first."""
_HANDS_OVER = frozenset({"action_adviser_contact", "action_more_for_ticket", "action_new_details", "action_identity",
                         "action_update_details", "action_contact_preferences", "action_callback",
                         "action_callback_time", "action_human", "action_change_language", "action_privacy"})
"""What carries words to a colleague: somebody named in it, or "not mine", may be said of anything."""
_MOVES_MONEY = frozenset({"action_pay", "action_pay_debt", "action_plan", "action_plan_answer", "action_promise"})
"""Here "the other isn't mine" must not close what the debtor wants to pay: it is asked which."""
_ENDS_SOMETHING = LOST | {"action_cancel", "action_cancel_plan", "action_help", "action_inform"}
"""How "end the hold" may be read, which ends what the debtor themselves asked for."""
_THREAT = re.compile(
    r"\b(?:kill|shoot|stab|hurt|smash|batter|beat|burn|bomb|hunt)(?:ing)? (?:you|u|ya|them|your|ur|everyone|"
    r"the (?:place|office|building))\b|\bknow where (?:you|u|ya) (?:live|work|are)\b|\b(?:watch|mind) your back\b")
_PLAIN = tuple((re.compile(pattern), name) for pattern, name in (
    (r"\b(?:speak|talk|chat|put me on|pass me) (?:to|with|on to) (?:a |an |your |the )?(?:real |actual |live |proper )?"
     r"(?:person|human|someone|somebody|agent|manager|supervisor|boss|advis[eo]r|operator|representative)\b",
     "action_human"),
    (r"\b(?:complain\w*|ombudsman|disgrace(?:ful)?)\b", "action_complaint"),
    (r"\b(?:bailiffs?|prison|jail|arrest(?:ed)?|court|garnish\w*|my wages|sue me|take me to)\b", "action_consequences"),
    (r"\b(?:prove it|proof|validat\w+|(?:original|signed) agreement|paperwork)\b", "action_validation"),
    (r"\b(?:(?:my|personal) data|gdpr|subject access|copy of (?:everything|all|what))\b", "action_privacy"),
    (r"\bcredit (?:file|score|report|rating|history)\b|\b(?:experian|equifax|transunion)\b", "action_credit_impact"),
    (r"\b(?:chemo\w*|cancer|dementia|alzheimer\w*|bipolar|schizo\w*|depress(?:ed|ion)|anxiety|panic attacks?|stroke|"
     r"terminal(?:ly)?|disab(?:led|ility)|autis(?:m|tic)|bereave\w*|domestic (?:violence|abuse)|hospital|surgery)\b",
     "action_vulnerability"),
    (r"\b(?:can'?t|cannot|can not) (?:afford|pay)\b", "action_cannot_pay"),
))
"""Rights and needs in plain words, for a message that was not understood otherwise (rule 31)."""
_A_LANGUAGE = re.compile(r"\b(?:speaks?|english|spanish|polish|welsh|french|arabic|urdu|punjabi|romanian|portuguese|"
                         r"language)\b(?! (?:to|with)\b)")


def order(ctx: Context, name: str) -> tuple[str, Sequence[Claim]]:
    """The action that answers, and the claims that take effect beside it."""
    if ctx.turn.button_id is not None:
        return name, ()
    found = claims(ctx.turn.raw)
    if threat(ctx.words) and name in (LOST | ASKS):
        return "action_abusive", ()
    if name in _ENDS_SOMETHING and ends_a_hold(ctx.words):
        name = "action_breathing_space"
    elif name in LOST:
        name = ANSWERED_BY[found[0]] if found else _plainly(ctx.words) or name
    elif name == "action_change_language" and not _A_LANGUAGE.search(ctx.words):
        name = _plainly(ctx.words) or name
    elif found and (name in ASKS or (name == "action_stop_contact" and found[0] != "stop_contact")):
        name = ANSWERED_BY[found[0]] if found[0] != "stop_contact" else name
    return name, tuple(claim for claim in found if ANSWERED_BY[claim] != name and _beside(claim, name))


def _beside(claim: Claim, name: str) -> bool:
    """Whether ``claim`` takes effect beside the answer ``name``."""
    if claim == "stop_contact":
        return name != "action_contact_preferences"
    return name in RIGHTS or not (name in _HANDS_OVER or (claim == "dispute" and name in _MOVES_MONEY))


def threat(words: str) -> bool:
    """Whether ``words`` threaten the people who work here."""
    return bool(_THREAT.search(words))


def _plainly(words: str) -> str | None:
    words = words.replace("\u2019", "'")
    return next((name for pattern, name in _PLAIN if pattern.search(words)), None)


def place(ctx: Context, further: Sequence[Claim], *, beside: str) -> list[Say]:
    """Let the further claims take effect, and say so, unless the answer itself ends the matter."""
    given = {"conversation_id": ctx.conversation_id, "debtor_id": ctx.standing.verified, "now": ctx.now,
             "today": ctx.today}
    says: list[Say] = []
    for claim in sorted(further, key=ORDER.index):
        if claim in ("deceased", "wrong_person") or (beside in ENDING and claim == "dispute"):
            continue  # the ticket shows the words to staff; either would undo or belie the answer
        function, more = _PLACED[claim]
        placed = function(ctx.session, key=f"{ctx.key}:{claim}", **given, **more)
        if beside in ENDING or beside == "action_self_harm":
            continue
        says.append(Say("stopped_too", {}) if claim == "stop_contact" else
                    Say("also_noted", {"what": claim, "number": placed.number}))
    return says


_PLACED: dict[Claim, tuple[Callable[..., placing.Placed], dict[str, Any]]] = {
    "fraud": (placing.fraud, {"debt_id": None}),
    "bankruptcy": (placing.bankruptcy, {}),
    "represented": (placing.represented, {"contact": None}),
    "dispute": (placing.dispute, {"debt_id": None}),
    "stop_contact": (placing.stop_contact, {}),
}
