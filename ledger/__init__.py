"""Accounts, double-entry postings, plans, promises, policy and holds. No Rasa, no HTTP, no Stripe."""
