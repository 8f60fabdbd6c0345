"""Deeds: what staff do with a debtor's money, plans, settlements, holds and care. Each is rehearsed first."""

from console.deeds.deed import Deed, Doing, Given
from console.deeds.every import DEEDS
from console.deeds.rehearsal import Rehearsal, perform, rehearse
from console.deeds.words import told

__all__ = ["DEEDS", "Deed", "Doing", "Given", "Rehearsal", "perform", "rehearse", "told"]
