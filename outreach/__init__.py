"""Reaching out: when and how a debtor may be contacted unasked. Reminders and sequences are built on this."""
