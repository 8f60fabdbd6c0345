"""A local stand-in for Stripe, so that a newcomer can pay without an account.

Its own process (``python -m payments.standin``), on the loopback address only. It speaks the part of Stripe's
API that Debtdesk uses: Checkout Sessions in payment mode, PaymentIntents (read only), refunds. Requests are
checked against the parameter types that Stripe ships in ``stripe.params``; a request Stripe would refuse is
refused here too. Every page says TEST MODE, and only Stripe's test card numbers are accepted.
"""
