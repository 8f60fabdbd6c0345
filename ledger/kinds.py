"""The closed word lists of the ledger: states, buckets, accounts, reasons."""

from enum import StrEnum


class DebtStatus(StrEnum):
    """Where a debt stands. Only an ``open`` one is owed to us."""

    OPEN = "open"
    PAID = "paid"
    RECALLED = "recalled"
    CLOSED = "closed"


class Bucket(StrEnum):
    """The parts of what is owed on one debt, and what was paid too much on it."""

    PRINCIPAL = "principal"
    INTEREST = "interest"
    FEES = "fees"
    COSTS = "costs"
    OVERPAYMENT = "overpayment"


OWED = (Bucket.PRINCIPAL, Bucket.INTEREST, Bucket.FEES, Bucket.COSTS)


class CreditorAccount(StrEnum):
    """The accounts of one creditor in one currency: the other side of every posting on a debt."""

    PLACED = "placed"
    """Debts handed to us (credited at opening, debited when recalled)."""
    PROCESSOR_CLEARING = "processor_clearing"
    """Payments taken through the card processor."""
    DIRECT = "direct"
    """Payments that reached the creditor by another way, or before the debt was placed."""
    PROCESSOR_FEES = "processor_fees"
    WRITE_OFF = "write_off"
    SETTLEMENT_DISCOUNT = "settlement_discount"
    DISPUTE_HOLD = "dispute_hold"
    """Money the card processor holds back during a card dispute. A disputed *debt* is a hold, never a posting."""
    ACCRUED_INTEREST = "accrued_interest"
    """Interest added while the debt was with us."""


class PostingKind(StrEnum):
    """What a posting records. A reversal has its own kind, so that payments can be told from their undoing."""

    OPENING = "opening"
    PAYMENT = "payment"
    PAYMENT_REVERSAL = "payment_reversal"
    RECALL = "recall"
    ADJUSTMENT = "adjustment"
    SETTLEMENT_DISCOUNT = "settlement_discount"
    """What a completed settlement forgives; only when its last payment has cleared."""
    REVERSAL = "reversal"
    WRITE_OFF = "write_off"
    REFUND = "refund"
    """Money given back: of a payment (then a ``TakeBack`` names it), or of an overpayment."""
    PROCESSOR_FEE = "processor_fee"
    CARD_DISPUTE = "card_dispute"
    """The processor withdrew the money of a payment while its card dispute is open."""
    CARD_DISPUTE_LOST = "card_dispute_lost"
    """The money of a card dispute is gone, and what it had paid is owed again."""
    ACCRUAL = "accrual"


class WriteOffReason(StrEnum):
    """Why a debt is given up."""

    UNCOLLECTABLE = "uncollectable"
    HARDSHIP = "hardship"
    DECEASED = "deceased"
    INSOLVENT = "insolvent"
    TIME_BARRED = "time_barred"
    DISPUTE_UPHELD = "dispute_upheld"
    SMALL_BALANCE = "small_balance"
    GOODWILL = "goodwill"


class PlanStatus(StrEnum):
    """Where a plan stands. A debt is in at most one ``active`` plan."""

    ACTIVE = "active"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class PlanAct(StrEnum):
    """What made a version of a plan."""

    AGREED = "agreed"
    CHANGED = "changed"
    MOVED = "moved"
    PAUSED = "paused"
    RESUMED = "resumed"
    CAUGHT_UP = "caught_up"
    REPLANNED = "replanned"


class InstalmentState(StrEnum):
    """Where an instalment stands, by value date: ``kept`` within its grace, ``kept_late`` after it."""

    DUE = "due"
    KEPT = "kept"
    KEPT_LATE = "kept_late"
    PART_PAID = "part_paid"
    """Its grace is over and some of it is paid."""
    MISSED = "missed"
    """Its grace is over and nothing of it is paid."""


class FollowUp(StrEnum):
    """What a plan that is behind asks for."""

    BEHIND = "behind"
    """Propose what the policy says."""
    PERSON = "person"
    """So much was missed that a person looks at it."""


class PromiseStatus(StrEnum):
    """Where a promise to pay stands."""

    OPEN = "open"
    KEPT = "kept"
    PARTLY_KEPT = "partly_kept"
    BROKEN = "broken"
    SUPERSEDED = "superseded"
    RELEASED = "released"
    """Nobody holds it against the debtor: the debt went on hold, was taken back or closed before it was judged."""


class SettlementStatus(StrEnum):
    """Where a settlement stands. At most one of a debt is ``accepted``."""

    OFFERED = "offered"
    ACCEPTED = "accepted"
    COMPLETED = "completed"
    """Every payment cleared in time; the discount is posted and nothing remains."""
    LAPSED = "lapsed"
    """Not accepted, or not paid, in time. What was paid stays paid."""
    WITHDRAWN = "withdrawn"
    REVERSED = "reversed"
    """It was completed, then a payment was undone: the discount is taken back."""


class Authority(StrEnum):
    """Who may decide something, from the least to the most."""

    BOT = "bot"
    STAFF = "staff"
    LEAD = "lead"

    @property
    def rank(self) -> int:
        """Higher may do all that lower may."""
        return list(Authority).index(self)

    def covers(self, needed: "Authority") -> bool:
        """Whether this authority is enough where ``needed`` is asked for."""
        return self.rank >= needed.rank


class BoundedAct(StrEnum):
    """What needs somebody's approval past a bound, as an approval of it is named."""

    PLAN = "plan"
    PLAN_CHANGE = "plan_change"
    WRITE_OFF = "write_off"
    """Giving up a debt, or a part of one."""
    SETTLEMENT = "settlement"
    REFUND = "refund"
    """This and what follows is bounded by the role of whoever does it."""
    REVERSAL = "reversal"
    HOLD = "hold"
    """Placing or lifting a hold beyond somebody's right, or saying that a debt is not too old."""


class ApprovalStatus(StrEnum):
    """Where the asking for an approval stands."""

    ASKED = "asked"
    APPROVED = "approved"
    DECLINED = "declined"


class Spending(StrEnum):
    """What a household spends money on, as an income and expenditure form lists it."""

    HOUSING = "housing"
    LOCAL_TAX = "local_tax"
    ENERGY = "energy"
    WATER = "water"
    FOOD = "food"
    CLOTHING = "clothing"
    TRANSPORT = "transport"
    CHILDCARE = "childcare"
    HEALTH = "health"
    COMMUNICATIONS = "communications"
    INSURANCE = "insurance"
    OTHER_DEBTS = "other_debts"
    """Payments to others. Plans with us are not among them: they are in the ledger."""
    OTHER = "other"


class Income(StrEnum):
    """Where a household's money comes from."""

    WAGES = "wages"
    SELF_EMPLOYMENT = "self_employment"
    BENEFITS = "benefits"
    PENSION = "pension"
    MAINTENANCE = "maintenance"
    OTHER = "other"


class HoldReason(StrEnum):
    """Why collecting is on hold. What each stops is a table in ``ledger.holds``."""

    DISPUTE = "dispute"
    VALIDATION = "validation"
    HARDSHIP = "hardship"
    BREATHING_SPACE = "breathing_space"
    BANKRUPTCY = "bankruptcy"
    DECEASED = "deceased"
    REPRESENTED = "represented"
    FRAUD = "fraud"
    VULNERABILITY = "vulnerability"
    COMPLAINT = "complaint"
    STAFF_REVIEW = "staff_review"
    SELF_HARM = "self_harm"
    ALREADY_PAID = "already_paid"
    WRONG_PERSON = "wrong_person"
    THIRD_PARTY = "third_party"
    ADVICE = "advice"


class Act(StrEnum):
    """What we might do to a debtor without their asking."""

    ASK = "ask"
    """Ask for payment, offer a link, a plan or a settlement unasked."""
    REMIND = "remind"
    """Send a proactive message."""
    CHARGE = "charge"
    """Take an instalment from a stored card."""
    ACCRUE = "accrue"
    """Add interest, fees or costs."""


class InterestMethod(StrEnum):
    """How interest is reckoned."""

    SIMPLE = "simple"
    """For every day, on what is owed at its end."""
    MONTHLY = "monthly"
    """A twelfth of the annual rate for every calendar month, on what is owed at its end."""


class DayCount(StrEnum):
    """Which part of a year a day is."""

    ACTUAL_365 = "actual/365"
    ACTUAL_ACTUAL = "actual/actual"
    """1/366 in a leap year, else 1/365 (ISDA 2006, 4.16(b))."""
    THIRTY_360 = "30/360"
    """Every month has thirty days (30E/360: ISDA 2006, 4.16(g))."""


class InterestBase(StrEnum):
    """What interest is reckoned on. Never on interest."""

    PRINCIPAL = "principal"
    PRINCIPAL_AND_COSTS = "principal_and_costs"


class Frozen(StrEnum):
    """Why a day bears no interest."""

    HOLD = "hold"
    PLAN = "plan"
    OFF = "off"
    """The policy has none, or its last day is over."""
