"""The small choices that many answers end with."""

from conversations.say import Choice

DETAILS = Choice("details", "ask_debt_details")
PAY = Choice("pay", "pay_now")
SPREAD = Choice("spread_it", "request_payment_plan")
CANNOT = Choice("cannot_pay", "cannot_pay")
PERSON = Choice("talk_to_person", "request_human")
OWE = Choice("what_i_owe", "ask_balance")
PLAN = Choice("my_plan", "ask_plan_status")
CHANGE_PLAN = Choice("change_plan", "change_payment_plan")
ADVICE = Choice("free_advice", "ask_debt_advice")
DISPUTE = Choice("not_right", "dispute_debt")
WHAT_IS_THIS = Choice("what_is_this", "ask_who_are_you")
END_HOLD = Choice("end_hold", "request_breathing_space", {"end": True})
YES = Choice("yes", "affirm")
NO = Choice("no", "deny")
