"""For each rule what keeps it and what breaks it. The violations here are deliberate, and nowhere else."""

from collections.abc import Callable
from datetime import datetime, time, timedelta, timezone

from compliance.models import Channel
from compliance.operator import operator
from compliance.profile import profile
from conversations.models import Message, TurnState
from ledger.kinds import Bucket, CreditorAccount, HoldReason, PostingKind
from tests.audit.world import Person, World, balance, crisis

Build = Callable[[World], object]
KEEPS: dict[int, Build] = {}
BREAKS: dict[int, list[Build]] = {}


def keeps(rule: int) -> Callable[[Build], Build]:
    """What is right by this rule (and by every other)."""

    def add(build: Build) -> Build:
        KEEPS[rule] = build
        return build

    return add


def breaks(rule: int) -> Callable[[Build], Build]:
    """What this rule forbids."""

    def add(build: Build) -> Build:
        BREAKS.setdefault(rule, []).append(build)
        return build

    return add


def night(world: World) -> datetime:
    """Three in the morning in London, of the coming day."""
    return datetime.combine(world.now.date() + timedelta(days=1), time(3), timezone.utc)


def tell_balance(person: Person, minor: int | None = None) -> Message:
    """Somebody asks what they owe."""
    words, values = balance(person, minor)
    return person.said(words, name="balance", values=values, turn=person.typed("what do i owe", "action_balance"))


# 1, 2: the collector's disclosure -------------------------------------------------------------------------------


@keeps(1)
def _(world: World) -> None:
    person = world.person("US")
    tell_balance(person)
    world.person("US", own_collector=True, disclosed=False)


@breaks(1)
def _(world: World) -> None:
    tell_balance(world.person("US", disclosed=False))


@breaks(1)
def _(world: World) -> None:
    words = profile("US").disclosure(first=False, language="en")
    later = world.person("US", disclosed=False)
    later.said(words or "", name="disclosure_later", values={"words": words})


@keeps(2)
def _(world: World) -> None:
    world.person("US", language="es")


@breaks(2)
def _(world: World) -> None:
    person = world.person("US", language="es", disclosed=False)
    words = profile("US").disclosure(first=True, language="en") or ""
    person.said(words, name="disclosure_first", values={"words": words})


# 3, 4: before identity, outside ---------------------------------------------------------------------------------


@keeps(3)
def _(world: World) -> None:
    person = world.person(verified=False)
    person.said(
        "I'll gladly help. First I have to be sure it's you.",
        name="identity_ask",
        buttons={"Talk to a person": "request_human"},
        turn=person.typed("what do i owe £500", "action_balance"),
    )
    person.said(
        "StepChange Debt Charity can help, free and separate from us.",
        name="hardship_unverified",
        values={"advice": [{"name": "StepChange Debt Charity", "phone": "0800 138 1111"}]},
        turn=person.typed("i cant pay", "action_cannot_pay"),
    )


@breaks(3)
def _(world: World) -> None:
    tell_balance(world.person(verified=False))


@breaks(3)
def _(world: World) -> None:
    person = world.person(verified=False)
    person.staff("About Northern Gas: shall we talk?")


@breaks(3)
def _(world: World) -> None:
    person = world.person(verified=False)
    person.said("What would you like to do?", name="hello", buttons={"What do I owe?": "ask_balance"})


@breaks(3)
def _(world: World) -> None:
    person = world.person()
    person.ticket("wrong_person")
    tell_balance(person)


@keeps(4)
def _(world: World) -> None:
    person = world.person()
    person.sent("code_email", "Your code is 123456. It works for 10 minutes. Harbour and Vale")
    person.checkout(person.link())


@breaks(4)
def _(world: World) -> None:
    world.person().sent("email", "About your debt: please write to us. Reply STOP to end these.")


@breaks(4)
def _(world: World) -> None:
    person = world.person()
    person.checkout(person.link(), name="Debt repayment")


# 5 to 10: contact nobody asked for ------------------------------------------------------------------------------

REMINDER = "A message for you is waiting. Reply STOP to get no more messages like this."


@keeps(5)
def _(world: World) -> None:
    person = world.person()
    person.said(REMINDER, name="nudge")
    person.sent("email", REMINDER)


@breaks(5)
def _(world: World) -> None:
    person = world.person()
    person.said(REMINDER, name="nudge", at=night(world))


@breaks(5)
def _(world: World) -> None:
    world.person(timezone=None).sent("email", REMINDER)


@breaks(5)
def _(world: World) -> None:
    person = world.person()
    person.wishes(time(23, 0))
    person.sent("sms", REMINDER)


@keeps(6)
def _(world: World) -> None:
    person = world.person()
    for _day in range(2):
        person.sent("email", REMINDER)


@breaks(6)
def _(world: World) -> None:
    person = world.person()
    for _day in range(9):
        person.sent("email", REMINDER)


@breaks(6)
def _(world: World) -> None:
    person = world.person()
    for _day in range(9):
        person.said(REMINDER, name="nudge")


@keeps(7)
def _(world: World) -> None:
    person = world.person()
    person.stopped(Channel.SMS, "asked")
    person.sent("email", REMINDER)


@breaks(7)
def _(world: World) -> None:
    person = world.person()
    person.stopped(Channel.EMAIL, "asked")
    world.tick(minutes=5)
    person.sent("email", REMINDER)


@breaks(7)
def _(world: World) -> None:
    person = world.person()
    person.talking.contact_stopped_at = world.now
    world.tick(minutes=5)
    person.said(REMINDER, name="nudge")


@keeps(8)
def _(world: World) -> None:
    world.person("US").sent("sms", REMINDER)


@breaks(8)
def _(world: World) -> None:
    world.person("US").sent("sms", "A message for you is waiting.")


@keeps(9)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("stop texting me", "action_stop_contact", forced="stop_contact")
    person.talking.contact_stopped_at = world.now
    person.stopped(Channel.SMS)
    person.ticket("stop_contact")
    person.said("Done. We won't send you any more reminders.", name="stopped", values={"keep": False}, turn=turn)


@breaks(9)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "Sorry, I didn't quite get that.", name="not_understood", turn=person.typed("please stop texting me", "x")
    )


@keeps(10)
def _(world: World) -> None:
    person = world.person("US")
    person.stopped(Channel.EMAIL)
    person.stopped(Channel.SMS)
    world.tick(minutes=5)
    person.sent("letter", "A notice that the law requires.", required="1006.6(c)(2)")


@breaks(10)
def _(world: World) -> None:
    person = world.person("US")
    person.stopped(Channel.EMAIL)
    world.tick(minutes=5)
    person.sent("sms", REMINDER)


@breaks(10)
def _(world: World) -> None:
    person = world.person("US")
    person.stopped(Channel.EMAIL)
    world.tick(minutes=5)
    words, values = balance(person)
    person.said(words, name="balance", values={**values, "invite": True}, turn=person.typed("what do i owe", "x"))


# 11 to 15: representation, proof, disputes, age -----------------------------------------------------------------


@keeps(11)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("talk to my lawyer", "action_represented")
    person.ticket("represented")
    person.hold(HoldReason.REPRESENTED)
    person.said(
        "Thank you. We'll deal with them instead of you.", name="represented", values={"number": "D-1"}, turn=turn
    )


@breaks(11)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.REPRESENTED)
    world.tick(minutes=5)
    person.said(
        "What would you like to do?", buttons={"Pay now": "pay_now"}, turn=person.typed("hello", "action_greet")
    )


@breaks(11)
def _(world: World) -> None:
    person = world.person()
    person.said("Hello again.", turn=person.typed("please talk to my lawyer", "action_greet"))


@breaks(11)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.REPRESENTED)
    world.tick(minutes=5)
    person.link()


@keeps(12)
def _(world: World) -> None:
    person = world.person("US")
    person.ticket("validation", at=world.now - timedelta(days=20), closed_at=world.now - timedelta(days=17))


@breaks(12)
def _(world: World) -> None:
    world.person("US").ticket("validation", at=world.now - timedelta(days=20))


@keeps(13)
def _(world: World) -> None:
    person = world.person("US")
    turn = person.typed("this debt is not mine", "action_dispute")
    person.ticket("dispute")
    person.hold(HoldReason.DISPUTE, one=True)
    person.said("Your dispute is recorded, number D-1.", name="dispute", values={"number": "D-1"}, turn=turn)
    person = world.person("US")
    person.staff("Ana here. What can I do for you?")
    person.typed("this debt is not mine", "heard_dispute")
    person.ticket("dispute")
    person.hold(HoldReason.DISPUTE)


@breaks(13)
def _(world: World) -> None:
    person = world.person("US")
    person.said("Hello again.", turn=person.typed("i don't owe you this, not my debt", "action_greet"))


@breaks(13)
def _(world: World) -> None:
    person = world.person("US")
    person.staff("Ana here. What can I do for you?")
    person.typed("this debt is not mine")


@breaks(13)
def _(world: World) -> None:
    person = world.person("US")
    person.hold(HoldReason.DISPUTE, one=True)
    world.tick(minutes=5)
    person.plan()


@keeps(14)
def _(world: World) -> None:
    world.person("US").staff("You can dispute it: just tell us, and we stop asking until you have the answer.")


@breaks(14)
def _(world: World) -> None:
    world.person("US").staff("A dispute won't change anything.")


@keeps(15)
def _(world: World) -> None:
    person = world.person(time_barred=True)
    person.said(
        "It is very old. We aren't asking you to pay it.",
        name="balance_too_old",
        values={"totals": [person.owed.json()], "debts": []},
        turn=person.typed("what do i owe", "action_balance"),
    )


@breaks(15)
def _(world: World) -> None:
    person = world.person(time_barred=True)
    person.said("Any time.", buttons={"Pay now": "pay_now"}, turn=person.typed("hello", "action_greet"))


@breaks(15)
def _(world: World) -> None:
    world.person(opened=3700).link()


# 16 to 19 -------------------------------------------------------------------------------------------------------


@keeps(16)
def _(world: World) -> None:
    person = world.person()
    lawful = operator().consequence_text("card", country="GB")
    person.said(
        f"{lawful} Nothing needs to come to that.",
        name="consequences",
        values={"texts": [lawful], "advice": []},
        turn=person.typed("what if i dont pay", "action_consequences"),
    )


@breaks(16)
def _(world: World) -> None:
    world.person().staff("Otherwise we take you to court.")


@breaks(16)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "We write to the creditor.",
        name="consequences",
        values={"texts": ["We write to the creditor."]},
        turn=person.typed("what if i dont pay", "action_consequences"),
    )


@keeps(17)
def _(world: World) -> None:
    person = world.person("US")
    person.payment(person.checkout(person.link(4000)), 4000)


@breaks(17)
def _(world: World) -> None:
    person = world.person("US")
    person.payment(person.checkout(person.link(4000)), 3000)


@breaks(17)
def _(world: World) -> None:
    person = world.person("US")
    person.payment(person.checkout(person.link(4000), split=5000), 5000)


@keeps(18)
def _(world: World) -> None:
    world.person().posting(Bucket.FEES, 1500, kind=PostingKind.OPENING)


@breaks(18)
def _(world: World) -> None:
    world.person().posting(Bucket.FEES, 1500)


@breaks(18)
def _(world: World) -> None:
    world.person().posting(Bucket.INTEREST, 150, kind=PostingKind.ACCRUAL, account=CreditorAccount.ACCRUED_INTEREST)


@keeps(19)
def _(world: World) -> None:
    world.person("US").sent("email", REMINDER, at_work=False)


@breaks(19)
def _(world: World) -> None:
    world.person("US").sent("email", REMINDER, at_work=True)


# 20 to 29 -------------------------------------------------------------------------------------------------------


@keeps(20)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("he has died", "action_deceased")
    person.ticket("deceased", urgent=True)
    person.hold(HoldReason.DECEASED)
    person.said(
        "I'm very sorry for your loss. A colleague takes over.", name="deceased", values={"number": "D-1"}, turn=turn
    )


@breaks(20)
def _(world: World) -> None:
    person = world.person(method="link")
    person.ticket("deceased")
    person.hold(HoldReason.DECEASED)
    world.tick(minutes=5)
    tell_balance(person)


@breaks(20)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("she passed away", "action_deceased")
    person.ticket("deceased")
    person.hold(HoldReason.DECEASED)
    person.said("Thank you, that's noted.", name="deceased", values={"number": "D-1"}, turn=turn)


@keeps(21)
def _(world: World) -> None:
    person = world.person()
    person.said("Is there anything else?", turn=person.typed("thanks", "action_thanks"))


@breaks(21)
def _(world: World) -> None:
    person = world.person()
    gone = person.said("Is there anything else?", turn=person.typed("thanks", "action_thanks"))
    world.session.delete(gone)
    world.session.flush()


@keeps(22)
def _(world: World) -> None:
    person = world.person("US")
    turn = person.typed("STOP", "action_stop_contact", forced="stop_contact")
    person.talking.contact_stopped_at = world.now
    person.stopped(Channel.SMS)
    person.ticket("stop_contact")
    person.said("Done. No need to reply.", name="stopped", values={"keep": False}, turn=turn)


@breaks(22)
def _(world: World) -> None:
    person = world.person("US")
    turn = person.typed("STOP", "action_stop_contact", forced="stop_contact")
    person.talking.contact_stopped_at = world.now
    for _twice in range(2):
        person.said("Done. No need to reply.", name="stopped", values={"keep": False}, turn=turn)


@breaks(22)
def _(world: World) -> None:
    person = world.person("US")
    person.stopped(Channel.SMS)
    world.tick(minutes=5)
    person.sent("sms", REMINDER)


@keeps(23)
def _(world: World) -> None:
    world.person().staff("Please don't borrow or miss rent for it. Any amount helps, and there is no hurry.")


@breaks(23)
def _(world: World) -> None:
    world.person().staff("Could you borrow it from a friend?")


@keeps(24)
def _(world: World) -> None:
    person = world.person()
    offered = {"minor": 500, "currency": "GBP"}
    person.typed("5 a month is my limit", terms={"amounts": [offered]})
    turn = person.typed("ask them please", "action_plan")
    person.ticket("offer")
    hold = person.hold(HoldReason.STAFF_REVIEW, days=14)
    person.said(
        "I've put your £5.00 to a colleague. Nobody will chase you.",
        name="plan_to_colleague",
        values={"number": "D-1", "asked": offered, "until": {"date": f"{hold.until}"}},
        turn=turn,
    )


@breaks(24)
def _(world: World) -> None:
    world.person().staff("Sorry, we can't accept that.")


@breaks(24)
def _(world: World) -> None:
    person = world.person()
    for words in ("5 a month", "6 a month"):
        person.said(
            "The lowest I can set up myself is £25.00 a month.",
            name="plan_below",
            values={"total": person.owed.json()},
            turn=person.typed(words, "action_plan"),
        )


@breaks(24)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "I've put it to a colleague.",
        name="plan_to_colleague",
        values={"number": "D-1", "asked": None},
        turn=person.typed("ask them", "action_plan"),
    )


@keeps(25)
def _(world: World) -> None:
    world.person().hold(HoldReason.ADVICE, days=30)


@breaks(25)
def _(world: World) -> None:
    world.person().hold(HoldReason.ADVICE, days=10)


@breaks(25)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.HARDSHIP, days=30)
    world.tick(minutes=5)
    person.sent("email", REMINDER)


@keeps(26)
def _(world: World) -> None:
    person = world.person()
    offer = {
        "creditor": "Northern Gas",
        "balance": person.owed.json(),
        "amount": {"minor": 25000, "currency": "GBP"},
        "payments": 1,
        "until": {"date": f"{world.now.date() + timedelta(days=20)}"},
    }
    person.said(
        "On Northern Gas £312.00, £250.00 could close it. We are not obliged to repeat this offer.",
        name="settlement",
        values={"offers": [offer], "number": "D-1", "asked": None},
        turn=person.typed("would you take less", "action_settlement"),
    )


@breaks(26)
def _(world: World) -> None:
    world.person().staff("This is our final offer.")


@breaks(26)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "£250.00 could close it.",
        name="settlement",
        values={"offers": [{"creditor": "Northern Gas"}]},
        turn=person.typed("would you take less", "action_settlement"),
    )


@keeps(27)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("that isn't my account", "action_dispute")
    person.ticket("dispute")
    person.hold(HoldReason.DISPUTE, one=True)
    person.said("Your dispute is recorded, number D-1.", name="dispute", values={"number": "D-1"}, turn=turn)


@breaks(27)
def _(world: World) -> None:
    person = world.person()
    person.said("Hello again.", turn=person.typed("this isn't my debt", "action_dispute"))


@breaks(27)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.FRAUD)
    world.tick(minutes=5)
    person.link()


@keeps(28)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("i have depression", "action_vulnerability")
    person.ticket("vulnerability")
    person.hold(HoldReason.VULNERABILITY, days=30)
    person.said(
        "Thank you for telling me. Nothing needs sorting today.",
        name="vulnerability",
        values={"number": "D-1"},
        turn=turn,
    )


@breaks(28)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "Thank you. How would you like to pay?",
        buttons={"Pay now": "pay_now"},
        turn=person.typed("i have depression", "action_vulnerability"),
    )


@breaks(28)
def _(world: World) -> None:
    world.person().debtor.vulnerability_note = "A remark that nobody agreed to."
    world.session.flush()


@keeps(29)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.BREATHING_SPACE, days=60)
    world.tick(minutes=5)
    person.said(
        'You\'re in the legal "breathing space": nobody here will chase you.',
        name="breathing_space_running",
        values={"until": None},
        turn=person.typed("is it running", "action_breathing_space"),
    )


@breaks(29)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "I've put you into breathing space for 30 days.",
        name="hardship_held",
        values={},
        turn=person.typed("yes", "action_hardship_hold"),
    )


@breaks(29)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.BREATHING_SPACE, days=60, at=world.now - timedelta(days=20))
    person.posting(Bucket.INTEREST, 150, kind=PostingKind.ACCRUAL, account=CreditorAccount.ACCRUED_INTEREST)


@breaks(29)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.BREATHING_SPACE, days=60)
    world.tick(minutes=5)
    person.said(REMINDER, name="nudge")


# 30 to 35 -------------------------------------------------------------------------------------------------------


@keeps(30)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "I'm a computer program, not a person.",
        name="bot_challenge",
        turn=person.typed("are you a bot?", "action_bot_challenge"),
    )


@breaks(30)
def _(world: World) -> None:
    person = world.person(greeted=False)
    person.said("How can I help?", name="hello", turn=person.typed("hello", "action_greet"))


@breaks(30)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "I'm Harbour & Vale. How can I help?", name="hello", turn=person.typed("are you a robot?", "action_greet")
    )


@keeps(31)
def _(world: World) -> None:
    person = world.person()
    for _twice in range(2):
        person.said(
            "Sorry, I didn't quite get that.", name="not_understood", turn=person.typed("xyzzy", "action_misunderstood")
        )
    turn = person.typed("get me a person", "action_human")
    person.ticket("human", urgent=True)
    person.said("Of course. I'm getting a colleague now.", name="human_now", values={"number": "D-1"}, turn=turn)


@breaks(31)
def _(world: World) -> None:
    person = world.person()
    for _often in range(3):
        person.said(
            "Sorry, I didn't quite get that.", name="not_understood", turn=person.typed("xyzzy", "action_misunderstood")
        )


@breaks(31)
def _(world: World) -> None:
    world.person().typed("hello?", state=TurnState.FAILED)


@breaks(31)
def _(world: World) -> None:
    person = world.person()
    person.said("Of course.", name="human_now", turn=person.typed("get me a person", "action_human"))


@keeps(32)
def _(world: World) -> None:
    person = world.person()
    person.said("Please never send a card number in this chat.", turn=person.typed("my card is [card]", "action_pay"))


@breaks(32)
def _(world: World) -> None:
    world.person().typed("my card is 4242 4242 4242 4242", "action_pay")


@breaks(32)
def _(world: World) -> None:
    world.person().typed("my card is [card]", "action_pay", raw="my card is 4242424242424242")


@breaks(32)
def _(world: World) -> None:
    world.person().ticket("human", summary="Card 4242-4242-4242-4242, please ring.")


@breaks(32)
def _(world: World) -> None:
    world.person().staff("What are the three digits on the back?")


@keeps(33)
def _(world: World) -> None:
    person = world.person()
    person.ticket("privacy", at=world.now - timedelta(days=50), closed_at=world.now - timedelta(days=30))
    person.ticket("privacy", at=world.now - timedelta(days=5))


@breaks(33)
def _(world: World) -> None:
    world.person().ticket("privacy", at=world.now - timedelta(days=50))


@keeps(34)
def _(world: World) -> None:
    person = world.person()
    tell_balance(person)
    due = world.now.date() + timedelta(days=5)
    person.typed("12.50 then", terms={"amounts": [{"minor": 1250, "currency": "GBP"}], "dates": [f"{due}"]})
    turn = person.typed("yes", "action_promise_yes")
    person.promise(1250, turn)
    person.said(
        f"Thank you. I've noted £12.50 by {due}.",
        name="promise_made",
        turn=turn,
        values={"amount": {"minor": 1250, "currency": "GBP"}, "on": {"date": f"{due}"}},
    )
    held = person.hold(HoldReason.HARDSHIP)
    held.lifted_at = world.now - timedelta(days=3)  # a day on which nothing else was
    world.session.flush()
    today = held.lifted_at.astimezone(operator().zone).date()
    person.said(f"Done. The hold ended today, {today}.", name="hold_ended", values={"on": {"date": f"{today}"}},
                turn=person.typed("end the hold", "action_breathing_space"))


@breaks(34)
def _(world: World) -> None:
    tell_balance(world.person(), 31_300)


@breaks(34)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "£17.00 is due on a day.",
        name="next_payment",
        turn=person.typed("what is next", "action_next_payment"),
        values={
            "dues": [
                {
                    "creditor": "Northern Gas",
                    "amount": {"minor": 1700, "currency": "GBP"},
                    "on": {"date": "2026-04-01"},
                    "overdue": {"minor": 0, "currency": "GBP"},
                }
            ],
            "promised": [],
        },
    )


@breaks(34)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "You could pay £19.99 a month.",
        name="hello",
        values={"name": "Robin"},
        turn=person.typed("hello", "action_greet"),
    )


@keeps(35)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("i want to kill myself", "action_self_harm", forced="self_harm_risk")
    person.talking.safeguarded_at = world.now
    person.ticket("self_harm", urgent=True)
    person.hold(HoldReason.SELF_HARM)
    person.said(
        "Please talk to someone now: Samaritans, 116 123.", name="self_harm", values={"crisis": crisis()}, turn=turn
    )


@breaks(35)
def _(world: World) -> None:
    person = world.person()
    person.ticket("self_harm")
    person.said("I'm sorry to hear that.", turn=person.typed("i want to kill myself", "action_greet"))


@breaks(35)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "Samaritans, 116 123.",
        values={"crisis": crisis()},
        name="self_harm",
        turn=person.typed("i want to kill myself", "action_self_harm"),
    )


@breaks(35)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.SELF_HARM)
    world.tick(minutes=5)
    tell_balance(person)


# 36 to 41 -------------------------------------------------------------------------------------------------------


@keeps(36)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("i am bankrupt", "action_bankruptcy")
    person.ticket("bankruptcy")
    person.hold(HoldReason.BANKRUPTCY)
    person.said(
        "Thank you for telling me. We won't ask you to pay.", name="bankruptcy", values={"number": "D-1"}, turn=turn
    )


@breaks(36)
def _(world: World) -> None:
    person = world.person()
    person.said("Hello again.", turn=person.typed("i've been made bankrupt", "action_greet"))


@breaks(36)
def _(world: World) -> None:
    person = world.person()
    person.hold(HoldReason.BANKRUPTCY)
    world.tick(minutes=5)
    person.link()


@keeps(37)
def _(world: World) -> None:
    person = world.person()
    person.checkout(person.link(), submit_type="pay")


@breaks(37)
def _(world: World) -> None:
    person = world.person()
    person.checkout(person.link(), payment_intent_data={"setup_future_usage": "off_session"})


@keeps(38)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("i want to make a complaint", "action_complaint")
    person.ticket("complaint", urgent=True)
    person.hold(HoldReason.COMPLAINT)
    office = operator().complaints.ombudsman_in("GB")
    name = office.name if office else ""
    person.said(
        f"Your complaint is recorded. The {name} can look at it, free of charge.",
        name="complaint",
        values={"number": "D-1", "ombudsman": name},
        turn=turn,
    )


@breaks(38)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "Sorry, I didn't quite get that.",
        name="not_understood",
        turn=person.typed("i want to make a formal complaint", "action_misunderstood"),
    )


@breaks(38)
def _(world: World) -> None:
    person = world.person()
    turn = person.typed("i want to complain", "action_complaint")
    person.ticket("complaint")
    person.hold(HoldReason.COMPLAINT)
    person.said("Your complaint is recorded.", name="complaint", values={"number": "D-1"}, turn=turn)


@breaks(38)
def _(world: World) -> None:
    world.person().ticket("complaint", at=world.now - timedelta(days=80))


@keeps(39)
def _(world: World) -> None:
    person = world.person()
    person.said(
        "I can't tell what a score will do. StepChange can help with all your bills.",
        name="credit_impact",
        turn=person.typed("my score?", "action_credit_impact"),
    )


@breaks(39)
def _(world: World) -> None:
    world.person().staff("Paying it will boost your credit score.")


@keeps(40)
def _(world: World) -> None:
    person = world.person()
    person.said("Any time.", buttons={"Pay now": "pay_now"}, turn=person.typed("hello", "action_greet"))


@keeps(41)
def _(world: World) -> None:
    world.person().staff("£39.00 was due on Friday. You don't have to pay it today. Would Monday suit you better?")


@breaks(41)
def _(world: World) -> None:
    world.person().staff("You must pay this, or else.")


@breaks(40)
def _(world: World) -> None:
    person = world.person()
    person.debtor.country = "FR"
    world.session.flush()
    person.said("Any time.", buttons={"Pay now": "pay_now"}, turn=person.typed("hello", "action_greet"))
