"""Rule 39: no legal, tax or debt advice, no prediction of a credit score."""

from audit import lexical
from audit.rule import Rule

WHY = "advice, or a prediction of a credit score"
RULE = Rule(39, "No advice, no prediction of a score", "scope of licence", "the words of everything said and sent",
            "Take the words out, and name a free adviser.",
            conversation=lexical.said("advice", WHY), outgoing=lexical.sent("advice", WHY))
