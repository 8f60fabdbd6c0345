"""Rights claimed in plain words: found beside the reading of the engine, which names one intent only.

"Not mine, and talk to my lawyer" is two things that take effect at once. Only what is unmistakable stands here, so
that a match may act; everything finer is the engine's. English, British and American, and basic Spanish.
"""

# ruff: noqa: E501 (a pattern stays one line, so that it can be read and searched for)

import re
from typing import Literal

from compliance.safety_net import stop
from conversations.terms.canvas import plain

Claim = Literal["fraud", "deceased", "wrong_person", "bankruptcy", "represented", "dispute", "stop_contact"]

ORDER: tuple[Claim, ...] = ("fraud", "deceased", "wrong_person", "bankruptcy", "represented", "dispute", "stop_contact")
"""Which of several is answered first."""


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_NOT = r"(?:not|isn'?t|is not|aint|ain'?t|isnt|wasn'?t|wasnt|aren'?t|arent|never)"
_DEBT = r"(?:debts?|bills?|accounts?|loans?|cards?|contracts?)"
_CLAIMS: dict[Claim, re.Pattern[str]] = {
    "fraud": _any(
        r"\bidentity (?:theft|fraud)\b", r"\bstol(?:e|en) my (?:identity|details|id)\b", r"\b(?:i am|i'?m|was|been) a victim of fraud\b",
        r"\b(?:opened|took|taken|made|set up|applied for)\b[^.?!]{0,40}\bin my name\b", r"\bsuplantaci[oó]n de identidad\b",
        r"\b(?:used|using) my (?:name|details|identity|ssn|social security)\b"),
    "deceased": _any(
        r"\b(?:he|she|mr|mrs|ms|the (?:debtor|customer|account ?holder|person you(?:'re| are) (?:after|looking for|writing to)))"
        r"\b[^.?!,;]{0,25}\b(?:is|has|'s|was) (?:been )?(?:dead|deceased|died|passed (?:away|on)|no longer with us)\b",
        r"\b(?:hes|shes|he'?s|she'?s) (?:dead|deceased|passed)\b", r"\b(?:he|she) (?:died|passed away|passed on)\b",
        r"\bi(?: a|')?m the executor\b", r"\bexecutor of (?:the|his|her|my)\b"),
    "wrong_person": _any(
        r"\b(?:wrong|incorrect) (?:number|person|guy|bloke|man|woman|address|house|email)\b", r"\bn[uú]mero equivocado\b",
        r"\bno ?(?:body|one) (?:here )?(?:called|named|by that name|of that name)\b", r"\bno such person\b"),
    "bankruptcy": _any(
        r"\bchapter (?:7|13)\b", r"\b(?:am|i'?m|been (?:made|declared)|went|gone|filed(?: for)?|in) bankrupt(?:cy)?\b",
        r"\bmy (?:iva|dro|bankruptcy)\b", r"\b(?:i have|i'?ve got|in|on) an? (?:iva|dro|debt relief order|trust deed)\b"),
    "represented": _any(
        r"\b(?:talk|speak|write|go) (?:to|through|with) (?:my|our) (?:lawyer|attorney|solicitor|barrister|debt advis[eo]r)\b",
        r"\bmy (?:lawyer|attorney|solicitor|barrister) (?:is|will|has|represents|handles|deals)\b", r"\brepresented by\b",
        r"\bhable con mi abogad[oa]\b"),
    "dispute": _any(
        rf"\b{_NOT} (?:even )?(?:mine\b(?! fault)|my {_DEBT}\b)", r"\bi (?:do not|don'?t|dont|never) (?:owe|owed) (?:you\b|u\b|this|that|it\b|them|(?:any|a) (?:money|debt|penny|cent))",
        r"\bi (?:do not|don'?t|dont) recogni[sz]e\b", r"\b(?:disput(?:e|ing)) (?:this|the|that|it|all|both|these|your)\b",
        rf"\bnever had (?:an? |any )?(?:{_DEBT}|dealings)\b", r"\bno es m[ií]a?\b", r"\bno debo (?:eso|esto|nada)\b"),
}
# said of something else, or only asked
_NOT_CLAIMED = _any(
    r"\b(?:what|how) (?:if|about|happens|do i|can i)\b[^.?!]*", r"\b(?:if|when|unless|should|might|thinking of|considering|about to)\b[^.?!,;]*",
    r"\b(?:is|was|are) (?:it|this|that) (?:not )?(?:mine|my)\b[^.?!]*\?", r"\b(?:not|isn'?t|isnt) my (?:fault|problem to)\b", r"\bget(?:ting)? (?:a|my|the) lawyer\b",
)


def claims(text: str) -> tuple[Claim, ...]:
    """What ``text`` claims unmistakably, in the order in which it is answered; empty for most messages."""
    words = re.sub(r"\s+", " ", plain(text))
    left = _NOT_CLAIMED.sub(" ~ ", words)
    found = {name for name, pattern in _CLAIMS.items() if pattern.search(left)}
    if stop(text):
        found.add("stop_contact")
    return tuple(name for name in ORDER if name in found)
