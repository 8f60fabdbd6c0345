"""What takes effect in law the moment it is said: dispute, fraud, death, insolvency, a lawyer, the wrong person.

Each says the truth and places its effect through ``compliance.placing``; a person who is not verified is heard
too, without a word about any debt.
"""

from collections.abc import Sequence
from typing import Any

from actions.balance import nothing
from actions.choosing import debt_choices, meant
from actions.context import Context
from actions.offered import PERSON
from actions.registry import action
from actions.running import PERSON as ONE_PERSON
from actions.running import require_identity
from compliance import placing
from conversations.say import Choice, Say
from ledger.balances import DebtLine


def place(ctx: Context) -> dict[str, Any]:
    """What every placing needs to know."""
    return {"key": ctx.key, "conversation_id": ctx.conversation_id, "debtor_id": ctx.standing.verified,
            "now": ctx.now, "today": ctx.today}


def _which(ctx: Context) -> tuple[DebtLine | None, list[DebtLine]]:
    """The one debt that is meant, and all that could be."""
    lines = [d for d in ctx.balance.lines if not d.balance.is_zero]
    chosen = ctx.choice.get("debt")
    if chosen:
        return next((d for d in lines if d.debt_id == chosen), None), lines
    named = meant(lines, ctx.words)
    if len(lines) == 1:
        return lines[0], lines
    return (named[0] if len(named) == 1 else None), lines


@action("action_dispute")
def dispute(ctx: Context) -> Sequence[Say]:
    """A dispute typed here is a written one; asking stops at once (rules 13, 27)."""
    if ctx.standing.verified is None:
        asked = require_identity(ctx, "action_dispute")
        if asked:
            placed = placing.dispute(ctx.session, debt_id=None, **place(ctx))
            return [Say("dispute_unverified", {"number": placed.number}, ONE_PERSON)]
    debt, lines = _which(ctx)
    if not lines:
        return [nothing(ctx)]
    placed = placing.dispute(ctx.session, debt_id=debt.debt_id if debt else None, **place(ctx))
    if debt is None and not ctx.choice.get("all"):
        ctx.ask("dispute_which")
        return [Say("dispute_which", {"number": placed.number},
                    [*debt_choices(lines, "dispute_debt"), Choice("all_of_them", "dispute_debt", {"all": True})])]
    ctx.close()
    return [Say("dispute", {"number": placed.number, "creditor": debt.creditor if debt else None,
                            "others": len(lines) > 1 and debt is not None},
                (Choice("someone_used_my_name", "report_fraud", {"debt": int(debt.debt_id)} if debt else {}), PERSON))]


@action("action_dispute_which", needs_identity=True)
def dispute_which(ctx: Context) -> Sequence[Say]:
    """A typed answer to "which one?"."""
    return dispute(ctx)


@action("action_fraud")
def fraud(ctx: Context) -> Sequence[Say]:
    """Someone else opened it: everything stops, staff look at once."""
    if ctx.standing.verified is None and (asked := require_identity(ctx, "action_fraud")):
        placed = placing.fraud(ctx.session, debt_id=None, **place(ctx))
        return [Say("fraud_unverified", {"number": placed.number}, ONE_PERSON)] if asked else []
    debt, lines = _which(ctx)
    placed = placing.fraud(ctx.session, debt_id=debt.debt_id if debt else None, **place(ctx))
    ctx.close()
    return [Say("fraud", {"number": placed.number, "creditor": debt.creditor if debt else None,
                          "any": bool(lines), "report_to": ctx.profile.fraud_report}, (PERSON,))]


@action("action_validation")
def validation(ctx: Context) -> Sequence[Say]:
    """Prove it: the documents are asked for, asking rests until they are there (rule 12)."""
    if ctx.standing.verified is None and (asked := require_identity(ctx, "action_validation")):
        return [Say("validation_unverified", {}), *asked[:1]]
    placed = placing.validation(ctx.session, **place(ctx))
    return [Say("validation", {"number": placed.number}, (Choice("not_mine", "dispute_debt"), PERSON))]


@action("action_wrong_person")
def wrong_person(ctx: Context) -> Sequence[Say]:
    """Nobody of that name here: not a word more, and no more messages."""
    placing.wrong_person(ctx.session, **place(ctx))
    ctx.close()
    return [Say("wrong_person", {})]


@action("action_third_party")
def third_party(ctx: Context) -> Sequence[Say]:
    """Someone who speaks for another: nothing can be said, but a colleague can take their authority."""
    placed = placing.third_party(ctx.session, **place(ctx))
    ctx.close()
    return [Say("third_party", {"number": placed.number}, ONE_PERSON)]


@action("action_deceased")
def deceased(ctx: Context) -> Sequence[Say]:
    """Condolence, everything stops, a person takes over (rule 20)."""
    placed = placing.deceased(ctx.session, **place(ctx))
    ctx.close()
    return [Say("deceased", {"number": placed.number}, ONE_PERSON)]


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
    ctx.ask("adviser_contact", ticket=placed.number)
    return [Say("represented", {"number": placed.number, "verified": ctx.standing.verified is not None}, (PERSON,))]


@action("action_adviser_contact")
def adviser_contact(ctx: Context) -> Sequence[Say]:
    """The adviser's or court's details, put before the colleague who has the ticket."""
    number = str(ctx.question_data.get("ticket", ""))
    placing.add_to_ticket(ctx.session, number=number, words=ctx.turn.raw, now=ctx.now)
    ctx.close()
    return [Say("adviser_contact", {"number": number})]


@action("action_self_harm")
def self_harm(ctx: Context) -> Sequence[Say]:
    """Nothing about money: crisis numbers, staff at once, the conversation stays open (rule 35)."""
    placed = placing.self_harm(ctx.session, **place(ctx))
    ctx.close()
    region = ctx.debtor.region if ctx.standing.verified else None
    return [Say("self_harm", {"crisis": [{"name": c.name, "phone": c.phone, "how": c.how}
                                         for c in ctx.profile.crisis_for(region)],
                              "emergency": ctx.profile.emergency_number, "staffed": placed.staffed,
                              "phone": ctx.operator.phone})]


@action("action_complaint")
def complaint(ctx: Context) -> Sequence[Say]:
    """Any dissatisfaction is a complaint: acknowledged, with the ombudsman (rule 38)."""
    placed = placing.complaint(ctx.session, **place(ctx))
    complaints = ctx.operator.complaints
    return [Say("complaint", {"number": placed.number, "email": complaints.email, "phone": complaints.phone,
                              "ombudsman": complaints.ombudsman if ctx.profile.country == "GB" else None, "days": complaints.answer_within_days},
                (PERSON,))]


@action("action_privacy", aside=True)
def privacy(ctx: Context) -> Sequence[Say]:
    """What we hold and the right to see it or have it erased; a request becomes a ticket (rule 33)."""
    placed = placing.privacy_request(ctx.session, **place(ctx))
    return [Say("privacy", {"number": placed.number, "days": ctx.profile.data_request_days}, (PERSON,))]
