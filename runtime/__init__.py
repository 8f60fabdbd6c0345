"""What every process of Debtdesk stands on: settings, clock, database, secrets, errors.

Nothing here knows about debts, conversations or people. Every other room may import this one;
it imports none of them.
"""
