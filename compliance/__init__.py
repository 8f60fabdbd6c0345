"""Guarding debtor and operator: profiles, the operator file, identity, the placing of legal effects.

May ask ``conversations`` and ``ledger``; is asked by every room above. The operator's lawyer has the last word.
"""
