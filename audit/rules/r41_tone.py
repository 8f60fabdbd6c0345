"""Rule 41: firmer means naming a fact, a date and one small step, never a threat or a reproach."""

from audit import lexical
from audit.rule import Rule

WHY = "harsh words"
RULE = Rule(41, "Firm is never harsh", "CONC 7.3; PRIN 2A", "the words of everything said and sent",
            "Take the words out; name a fact, a date and one small step.",
            conversation=lexical.said("tone", WHY), outgoing=lexical.sent("tone", WHY))
