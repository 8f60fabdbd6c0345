"""Whether a message is a bare answer: figures, days and rhythm with a few small words, and nothing else.

"no, 40 not 14", "make it the 3rd", "25 ok, on the 1st" mean what the open question makes of them, whatever else they
may look like.
"""

import re

from conversations.terms import Terms

_SMALL = re.compile(r"""
    a|about|actually|after|afternoon|all|alright|an|and|april|are|around|as|aug|august|be|beginning|better|but|
    by|can|change|could|day|days|dec|december|dollars|do|each|early|end|euros|evening|every|feb|february|first|
    fine|fiver|for|fortnight|fortnightly|four|from|fri|friday|go|grand|hmm|how|i|if|i'd|i'll|id|im|i'm|in|
    instead|is|it|its|it's|jan|january|july|june|just|last|let's|lets|like|make|makes|mar|march|max|maximum|
    maybe|mean|meant|min|mon|monday|month|monthly|months|more|morning|much|next|no|nope|not|nov|november|now|
    oct|october|of|ok|okay|on|once|one|or|oh|p|pcm|per|please|pls|pound|pounds|pw|quid|rather|roughly|sat|
    saturday|say|sep|september|so|sorry|start|starting|sun|sunday|tenner|than|that|that's|the|then|there|this|
    three|thurs|thursday|thu|to|today|tomorrow|try|tue|tues|tuesday|two|uh|um|up|us|wait|we|wed|wednesday|week|
    weekly|weeks|will|with|would|yeah|yep|yes|you
""", re.VERBOSE)
_NUMBERS = re.compile(r"""
    zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|
    seventeen|eighteen|nineteen|twenty|thirty|forty|fourty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|
    half
""", re.VERBOSE)
_ACTS = re.compile(r"\b(?:can|could) i pay\b|\bpay (?:now|today)\b")


_WHICH = re.compile(
    r"(?:(?:yes|ok|um|er|just|well),? )?(?:the |my )?"
    r"(?:first|1st|second|2nd|third|3rd|last|other|both|all|biggest|bigger|largest|smallest|smaller|oldest|newest|top|bottom"
    r"|lot|everything)"
    r"(?: (?:one|ones|of them|of it|together|please|thanks|first|two|three|in one|at once))*[.!]?")


def is_which(text: str) -> bool:
    """Whether ``text`` only says which of several: "the second one", "both of them together"."""
    return bool(_WHICH.fullmatch(" ".join(text.casefold().split())))


def is_bare(text: str, terms: Terms) -> bool:
    """Whether ``text`` says nothing beside its ``terms``. False when it has none."""
    if not (terms.amounts or terms.dates or terms.frequency) or _ACTS.search(text.casefold()):
        return False
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", re.sub(r"(?<=\d)(?:st|nd|rd|th|k|p)\b", "", text.casefold()))
    return all(_SMALL.fullmatch(word.replace("’", "'")) or _NUMBERS.fullmatch(word) for word in words)
