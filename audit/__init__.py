"""Whether what we said and did kept the rules: every stored conversation, the outbox and the ledger, rule by rule.

Above the rooms it reads and below those that might show what it finds. It writes nothing.
"""
