"""Instalment offers a policy allows, and the answer to what a debtor proposes. Nothing here touches the database."""

from ledger.offers.answering import counter
from ledger.offers.limits import floor, months_between, most_affordable, offer_of, usual_first
from ledger.offers.making import offers
from ledger.offers.offer import Allowed, NeedsPerson, Offer, OtherTerms, TooLow

__all__ = [
    "Allowed", "NeedsPerson", "Offer", "OtherTerms", "TooLow", "counter", "floor", "months_between",
    "most_affordable", "offer_of", "offers", "usual_first",
]
