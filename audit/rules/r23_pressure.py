"""Rule 23: no pressure to pay in one large sum, in a short time, by borrowing or selling."""

from audit import lexical
from audit.rule import Rule

WHY = "pressure to pay at once, in one sum, or with money that is not there"
RULE = Rule(23, "No pressure to pay", "CONC 7.3.10", "the words of everything said and sent",
            "Take the words out; offer time, a smaller step and free advice.",
            conversation=lexical.said("pressure", WHY), outgoing=lexical.sent("pressure", WHY))
