"""What goes to other systems: the signed feed, exports, remittances and statements.

The events themselves are written by whoever causes them (``ledger.feed``), in the same transaction.
"""
