"""Conversations: who is talking to whom, every turn and message, texts, and the one door to a debtor.

Knows nothing of Rasa, HTTP or Stripe. May ask ``ledger``; is asked by every room above.
"""
