"""Taking payments by card through Stripe: links, Checkout, the webhook inbox, posting, reconciliation.

Stripe calls never happen inside a database transaction. Money is credited only by ``payments.posting``, once
per Stripe object, in the transaction that also records the payment and tells the debtor.
"""
