"""Every deed, by the name in its address."""

from console.deeds.budget import BUDGET
from console.deeds.care import SUPPORT
from console.deeds.debts import DEBTS
from console.deeds.deed import Deed
from console.deeds.holds import HOLDS
from console.deeds.money import MONEY
from console.deeds.plans import PLANS

DEEDS: dict[str, Deed] = {deed.name: deed for deed in (*MONEY, *PLANS, *HOLDS, *DEBTS, BUDGET, SUPPORT)}
