"""Rule 14: nothing overshadows the right to dispute."""

from audit import lexical
from audit.rule import US, Rule

WHY = "words that make the right to dispute smaller"
RULE = Rule(14, "The right to dispute is not overshadowed", "Reg F 1006.38(b)", "the words of everything said and sent",
            "Take the words out, and tell the debtor that they may dispute.", countries=US, collectors_only=True,
            conversation=lexical.said("overshadow", WHY), outgoing=lexical.sent("overshadow", WHY))
