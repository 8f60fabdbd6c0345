"""What takes effect in law the moment it is said: dispute, fraud, death, insolvency, a lawyer, the wrong person.

Each says the truth and places its effect through ``compliance.placing``; a person who is not verified is heard
too, without a word about any debt.
"""

import re
from collections.abc import Sequence
from typing import Any

from actions.choosing import debt_choices, everything, picked
from actions.context import Context
from actions.debts import nothing
from actions.guard import crisis, reply
from actions.offered import PERSON
from actions.registry import action
from actions.running import FOR_MYSELF, ask_briefly, require_identity
from actions.running import PERSON as ONE_PERSON
from compliance import placing
from conversations.say import Choice, Say
from ledger.balances import DebtLine
from ledger.holds import active_holds
from ledger.kinds import HoldReason

_TOO_OLD = re.compile(
    r"\b(?:(?:too|so) old|statute[- ]?barred|time[- ]?barred|limitations?|prescri(?:bed|ption)|\w+ (?:years|yrs) old|"
    r"(?:this|it|that|debt|its|thats)(?:'s| is| was)? (?:from )?(?:\w+ ){0,3}(?:years|yrs) ago)\b")
"""Words that say that it is too old to be collected."""
_NEVER_THEIRS = re.compile(
    r"\b(?:mine|my (?:debt|bill|account|loan|card)|recogni[sz]e|never (?:had|heard|dealt|used|been)|"
    r"don'?t know (?:who|what|them)|not me|wasn'?t me|no idea|no account)\b")
MOST_ADDED = 5
"""Messages in a row that are taken as more about one matter."""
_ALL = re.compile(r"\b(?:none of|neither|any of (?:it|them|this|these)|at all)\b")


def place(ctx: Context) -> dict[str, Any]:
    """What every placing needs to know."""
    return {"key": ctx.key, "conversation_id": ctx.conversation_id, "debtor_id": ctx.standing.verified,
            "now": ctx.now, "today": ctx.today}


def _which(ctx: Context) -> tuple[DebtLine | None, list[DebtLine], bool]:
    """The one debt that is meant, all that could be, and whether all of them were meant."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    chosen = ctx.choice.get("debt")
    if chosen:
        return next((d for d in lines if d.debt_id == chosen), None), lines, False
    if len(lines) == 1:
        return lines[0], lines, False
    named = picked(lines, ctx.words) if ctx.turn.button_id is None else []
    if len(named) == 1:
        return named[0], lines, False
    every = bool(ctx.choice.get("all") or everything(ctx.words) or _ALL.search(ctx.words))
    return None, lines, every or (ctx.question == "dispute_which" and ctx.turn.intent == "affirm")


def _held(ctx: Context, debt: DebtLine | None, *reasons: HoldReason) -> bool:
    """Whether this debt was on hold for one of ``reasons`` before this turn."""
    return debt is not None and any(
        hold.debt_id == debt.debt_id and hold.reason in reasons and not hold.key.startswith(f"{ctx.turn.id}:")
        for hold in active_holds(ctx.session, debtor_id=ctx.verified, now=ctx.now))


def _running_already(ctx: Context, debt: DebtLine, placed: placing.Placed) -> Sequence[Say]:
    placing.add_to_ticket(ctx.session, number=placed.number, words=ctx.turn.raw, now=ctx.now)
    return [Say("dispute_running", {"number": placed.number, "creditor": debt.creditor}, (PERSON,))]


@action("action_dispute")
def dispute(ctx: Context) -> Sequence[Say]:
    """A dispute typed here is a written one; asking stops at once (rules 13, 15, 27)."""
    too_old = bool(_TOO_OLD.search(ctx.words)) and ctx.turn.button_id is None
    if asked := ask_briefly(ctx, "action_dispute", lambda: Say("dispute_unverified", {"number": placing.dispute(
            ctx.session, debt_id=None, too_old=too_old, **place(ctx)).number})):
        return asked
    debt, lines, every = _which(ctx)
    if not lines:
        return [nothing(ctx)]
    running = _held(ctx, debt, HoldReason.DISPUTE, HoldReason.FRAUD)
    placed = placing.dispute(ctx.session, debt_id=debt.debt_id if debt else None, every=every, too_old=too_old,
                             **place(ctx))
    if debt is None and not every:
        ctx.ask("dispute_which")
        return [Say("dispute_which", {"number": placed.number},
                    [*debt_choices(lines, "dispute_debt"), Choice("all_of_them", "dispute_debt", {"all": True})])]
    ctx.close()
    values = {"number": placed.number, "creditor": debt.creditor if debt else None}
    if debt is not None and running:
        return _running_already(ctx, debt, placed)
    if too_old:
        return [Say("dispute_too_old", values, (PERSON,))]
    stranger = bool(_NEVER_THEIRS.search(ctx.words)) or ctx.turn.button_id is not None
    theirs = Choice("someone_used_my_name", "report_fraud", {"debt": int(debt.debt_id)} if debt else {"all": True})
    return [Say("dispute", {**values, "stranger": stranger}, (theirs, PERSON) if stranger else (PERSON,))]


@action("action_dispute_which", needs_identity=True)
def dispute_which(ctx: Context) -> Sequence[Say]:
    """A typed answer to "which one?"."""
    return dispute(ctx)


@action("action_fraud")
def fraud(ctx: Context) -> Sequence[Say]:
    """Someone else opened it: everything stops, staff look at once."""
    if asked := ask_briefly(ctx, "action_fraud", lambda: _fraud_unverified(ctx)):
        return asked
    debt, lines, every = _which(ctx)
    running = _held(ctx, debt, HoldReason.FRAUD)
    placed = placing.fraud(ctx.session, debt_id=debt.debt_id if debt else None, every=every, **place(ctx))
    ctx.close()
    if debt is not None and running:
        return _running_already(ctx, debt, placed)
    return [Say("fraud", {"number": placed.number, "creditor": debt.creditor if debt else None, "any": bool(lines),
                          "report_to": ctx.profile.fraud_report, **reply(ctx, placed)}, (PERSON,))]


def _fraud_unverified(ctx: Context) -> Say:
    placed = placing.fraud(ctx.session, debt_id=None, **place(ctx))
    return Say("fraud_unverified", {"number": placed.number, **reply(ctx, placed)})


@action("action_validation")
def validation(ctx: Context) -> Sequence[Say]:
    """Prove it: the documents are asked for, asking rests until they are there (rule 12)."""
    if asked := ask_briefly(ctx, "action_validation", lambda: Say("validation_unverified", {
            "number": placing.validation(ctx.session, **place(ctx)).number})):
        return asked
    if not ctx.balance.lines:
        return [nothing(ctx)]
    placed = placing.validation(ctx.session, **place(ctx))
    return [Say("validation", {"number": placed.number}, (Choice("not_mine", "dispute_debt"), PERSON))]


@action("action_wrong_person")
def wrong_person(ctx: Context) -> Sequence[Say]:
    """Nobody of that name here: not a word more, and no more messages."""
    known = ctx.standing.verified is not None or ctx.standing.identified is not None
    placed = placing.wrong_person(ctx.session, **place(ctx))
    reached = known or ctx.conversation.channel == "telegram"
    if reached:
        ctx.close()
    else:
        ctx.ask("more_for_ticket", ticket=placed.number)
    return [Say("wrong_person", {"reached": reached})]


@action("action_third_party")
def third_party(ctx: Context) -> Sequence[Say]:
    """Someone who speaks for another: nothing can be said, but a colleague can take their authority."""
    placed = placing.third_party(ctx.session, **place(ctx))
    ctx.ask("more_for_ticket", ticket=placed.number)
    return [Say("third_party", {"number": placed.number}, (FOR_MYSELF, *ONE_PERSON))]


@action("action_deceased")
def deceased(ctx: Context) -> Sequence[Say]:
    """Condolence, everything stops, a person takes over (rule 20)."""
    placed = placing.deceased(ctx.session, **place(ctx))
    ctx.ask("more_for_ticket", ticket=placed.number)
    someone_close = Choice("was_someone_close", "for_themselves", {"then": "action_vulnerability"})
    return [Say("deceased", {"number": placed.number}, (someone_close, *ONE_PERSON))]


@action("action_for_themselves")
def for_themselves(ctx: Context) -> Sequence[Say]:
    """They write for themselves after all: they prove it like anybody else, and staff see both."""
    if ctx.standing.verified is None and placing.closed_by(ctx.session, ctx.conversation_id):
        placing.for_themselves(ctx.session, **place(ctx))
    if ctx.standing.verified is not None:
        return [Say("for_themselves", {}, (PERSON,))]
    return require_identity(ctx, str(ctx.choice.get("then") or "action_help"))


@action("action_more_for_ticket")
def more_for_ticket(ctx: Context) -> Sequence[Say]:
    """Whatever else they want to say about a matter that a colleague has, for a few messages."""
    number, taken = str(ctx.question_data.get("ticket", "")), int(ctx.question_data.get("taken", 0)) + 1
    placing.add_to_ticket(ctx.session, number=number, words=ctx.turn.raw, now=ctx.now)
    if taken < MOST_ADDED:
        ctx.ask("more_for_ticket", ticket=number, taken=taken)
    else:
        ctx.close()
    return [Say("more_for_ticket", {"number": number}, (PERSON,))]


@action("action_bankruptcy")
def bankruptcy(ctx: Context) -> Sequence[Say]:
    """No asking, no link, staff (rule 36)."""
    placed = placing.bankruptcy(ctx.session, **place(ctx))
    ctx.ask("adviser_contact", ticket=placed.number)
    return [Say("bankruptcy", {"number": placed.number, "verified": ctx.standing.verified is not None}, (PERSON,))]


@action("action_represented")
def represented(ctx: Context) -> Sequence[Say]:
    """Stop, take the contact, route (rule 11)."""
    placed = placing.represented(ctx.session, contact=None, **place(ctx))
    if re.search(r"\[(?:phone|email)\]", ctx.turn.masked):
        return _representative(ctx)
    ctx.ask("adviser_contact", ticket=placed.number, represented=True)
    return [Say("represented", {"number": placed.number, "verified": ctx.standing.verified is not None}, (PERSON,))]


@action("action_adviser_contact")
def adviser_contact(ctx: Context) -> Sequence[Say]:
    """The adviser's or court's details, put before the colleague who has the ticket."""
    if ctx.question_data.get("represented"):
        return _representative(ctx)
    number = str(ctx.question_data.get("ticket", ""))
    placing.add_to_ticket(ctx.session, number=number, words=ctx.turn.raw, now=ctx.now)
    ctx.close()
    return [Say("adviser_contact", {"number": number}, (PERSON,))]


def _representative(ctx: Context) -> Sequence[Say]:
    placed = placing.representative(ctx.session, words=ctx.turn.raw, **place(ctx))
    ctx.close()
    return [Say("representative", {"number": placed.number}, (PERSON,))]


SURE_OF_DANGER = 0.35
"""Below it a reading of danger, without the words of the safety net, is a question."""


@action("action_self_harm")
def self_harm(ctx: Context) -> Sequence[Say]:
    """Nothing about money: crisis numbers, staff at once, the conversation stays open (rule 35).

    A doubtful reading is put to staff, and the debtor is asked: a hold is not placed on a guess.
    """
    if ctx.ranking and float(ctx.ranking[0]["confidence"]) < SURE_OF_DANGER:
        placing.perhaps_self_harm(ctx.session, **place(ctx))
        return [Say("self_harm_unsure", {"crisis": crisis(ctx), "emergency": ctx.profile.emergency_number}, (PERSON,))]
    placed = placing.self_harm(ctx.session, **place(ctx))
    ctx.close()
    return [Say("self_harm", {"crisis": crisis(ctx), "emergency": ctx.profile.emergency_number,
                              "staffed": placed.staffed, "phone": ctx.operator.phone})]


@action("action_complaint")
def complaint(ctx: Context) -> Sequence[Say]:
    """Any dissatisfaction is a complaint: acknowledged, with the ombudsman (rule 38)."""
    placed = placing.complaint(ctx.session, **place(ctx))
    if ctx.question == "more_for_ticket" and ctx.question_data.get("ticket") == placed.number:
        return more_for_ticket(ctx)
    complaints, by_law = ctx.operator.complaints, ctx.profile.complaint_days
    ombudsman = complaints.ombudsman_in(ctx.profile.country)
    ctx.ask("more_for_ticket", ticket=placed.number)
    return [Say("complaint", {"number": placed.number, "email": complaints.email, "phone": complaints.phone,
                              "ombudsman": ombudsman.name if ombudsman else None,
                              "ombudsman_website": ombudsman.website if ombudsman else None,
                              "ombudsman_phone": ombudsman.phone if ombudsman else None,
                              "days": complaints.answer_within_days if by_law else None}, (PERSON,))]


_PRIVACY = (
    ("erase", r"\b(?:delete|erase|wipe|remove|forget|forgotten|get rid)\b"),
    ("copy", r"\b(?:copy|subject access|sar|dsar|everything you (?:hold|have|know)|"
             r"(?:hold|got|have|keep|know) (?:on|about) me|what (?:data|info\w*|details))\b"),
    ("safe", r"\b(?:safe|secure|private|encrypted|confidential|who (?:can|else|will)|shared?|sharing|sell)\b"),
)
_WANTS = {"erase": "Erasure", "copy": "A copy"}


@action("action_privacy", aside=True)
def privacy(ctx: Context) -> Sequence[Say]:
    """What we hold and the right to see it or have it erased; a request becomes a ticket (rule 33)."""
    wants = next((kind for kind, pattern in _PRIVACY if re.search(pattern, ctx.words)), "question")
    if wants == "safe":
        return [Say("privacy_safe", {"operator": ctx.operator.trading_name, "phone": ctx.operator.phone}, (PERSON,))]
    placed = placing.privacy_request(ctx.session, wants=_WANTS.get(wants, "Question or request"), **place(ctx))
    return [Say("privacy", {"wants": wants, "number": placed.number, "days": ctx.profile.data_request_days}, (PERSON,))]
