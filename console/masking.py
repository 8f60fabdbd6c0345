"""What of a debtor's words staff see without asking for more."""

from conversations.models import Author, Message, Turn


def masked_words(message: Message, turn: Turn | None) -> str | None:
    """What to show instead of the words when they hold identity factors, as the engine got it; None: show them."""
    if message.author != Author.DEBTOR or turn is None:
        return None
    if any((turn.factors or {}).values()) or turn.masked.strip() != message.text.strip():
        return turn.masked
    return None
