"""A small builder of what an audit reads: people with a debt, what was said and sent, what the books hold.

Rows are written as the rooms write them, but nothing is prevented: the failing fixtures need what the rooms refuse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from sqlalchemy.orm import Session

from compliance.models import Channel, ContactPreference, ContactWish, Level, Verification
from compliance.operator import operator
from compliance.profile import profile
from conversations.models import Author, Button, Conversation, Message, OutboxItem, Ticket, Turn, TurnState
from ledger.kinds import Bucket, CreditorAccount, HoldReason, PostingKind
from ledger.models import Creditor, Debt, Debtor, Hold, Plan, PlanDebt, Promise, PromiseDebt
from ledger.money import Money
from ledger.opening import open_debt
from ledger.posting import begin_posting, finish_posting, lock_balances, on_creditor, on_debt
from payments.models import CheckoutSession, CheckoutStatus, PayLink, PayLinkPart, Payment, PaymentStatus
from runtime.ids import ConversationId, DebtId, DebtorId

HELLO = "Hello. I'm Harbour & Vale's automated assistant. A person is one tap away."
OWED = {"GB": Money(31_200, "GBP"), "US": Money(31_200, "USD")}


@dataclass
class Person:
    """Somebody who owes £312.00 or $312.00, and one conversation of theirs."""

    world: "World"
    debtor: Debtor
    debt: Debt
    conversation: ConversationId
    talking: Conversation

    @property
    def owed(self) -> Money:
        """What is owed on the debt."""
        return OWED[self.debtor.country]

    # Said and done ----------------------------------------------------------------------------------------------

    def said(
        self,
        text: str,
        *,
        name: str | None = None,
        values: Mapping[str, Any] | None = None,
        turn: Turn | None = None,
        buttons: Mapping[str, str] | None = None,
        card: Mapping[str, Any] | None = None,
        author: Author = Author.BOT,
        at: datetime | None = None,
    ) -> Message:
        """We say something; ``buttons`` are titles with their intents."""
        at = at or self.world.tick()
        session = self.world.session
        shown = [{"id": f"b{next(self.world.numbers)}", "title": title} for title in buttons or {}]
        message = Message(
            conversation_id=self.conversation,
            event_id=self.talking.next_event,
            author=author,
            text=text,
            say=name,
            values=dict(values) if values is not None else None,
            buttons=shown,
            card=dict(card) if card else None,
            turn_id=turn.id if turn else None,
            at=at,
        )
        session.add(message)
        self.talking.next_event += 1
        self.talking.last_activity_at = max(at, self.talking.last_activity_at)
        session.flush()
        session.add_all(
            Button(
                id=one["id"],
                conversation_id=self.conversation,
                message_id=message.id,
                title=one["title"],
                intent=(buttons or {})[one["title"]],
                expires_at=at + timedelta(days=7),
            )
            for one in shown
        )
        session.flush()
        return message

    def staff(self, text: str, **more: Any) -> Message:
        """A colleague says something."""
        return self.said(text, author=Author.STAFF, **more)

    def typed(
        self,
        text: str,
        *actions: str,
        forced: str | None = None,
        state: TurnState = TurnState.DONE,
        terms: Mapping[str, Any] | None = None,
        raw: str | None = None,
    ) -> Turn:
        """The debtor types something, and ``actions`` are done."""
        at = self.world.tick()
        turn = Turn(
            conversation_id=self.conversation,
            provider_id=f"audit:{next(self.world.numbers)}",
            state=state,
            raw=raw or text,
            masked=text,
            terms=dict(terms or {}),
            factors={},
            forced_intent=forced,
            intent="read" if actions else None,
            actions=list(actions),
            received_at=at,
            done_at=at,
        )
        self.world.session.add(turn)
        self.world.session.flush()
        self.said(text, author=Author.DEBTOR, turn=turn, at=at)
        return turn

    def ticket(
        self,
        kind: str,
        *,
        urgent: bool = False,
        at: datetime | None = None,
        closed_at: datetime | None = None,
        summary: str = "Please look.",
        mine: bool = True,
    ) -> Ticket:
        """A ticket."""
        made = Ticket(
            key=f"audit:{next(self.world.numbers)}",
            conversation_id=self.conversation,
            debtor_id=self.debtor.id if mine else None,
            kind=kind,
            urgent=urgent,
            summary=summary,
            opened_at=at or self.world.now,
            closed_at=closed_at,
            state="closed" if closed_at else "open",
        )
        self.world.session.add(made)
        self.world.session.flush()
        return made

    # Wishes, holds, what is sent --------------------------------------------------------------------------------

    def hold(
        self, reason: HoldReason, *, days: int | None = None, at: datetime | None = None, one: bool = False
    ) -> Hold:
        """A hold on everything, or on ``one`` debt."""
        placed_at = at or self.world.now
        made = Hold(
            key=f"audit:{next(self.world.numbers)}",
            debtor_id=self.debtor.id,
            debt_id=self.debt.id if one else None,
            reason=reason,
            placed_at=placed_at,
            actor="debtor",
            cause="audit",
            until=placed_at.date() + timedelta(days=days) if days is not None else None,
        )
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def stopped(self, channel: Channel, reason: str = "stop_contact") -> None:
        """The debtor stopped a channel."""
        self.world.session.add(
            ContactPreference(
                debtor_id=self.debtor.id, channel=channel, allowed=False, reason=reason, since=self.world.now
            )
        )
        self.world.session.flush()

    def wishes(self, not_before: time) -> None:
        """The debtor wants nothing before an hour."""
        self.world.session.add(ContactWish(debtor_id=self.debtor.id, not_before=not_before, since=self.world.now))
        self.world.session.flush()

    def sent(self, kind: str, text: str, *, at: datetime | None = None, **payload: Any) -> OutboxItem:
        """Something leaves by the outbox."""
        at = at or self.world.tick()
        item = OutboxItem(
            key=f"audit:{next(self.world.numbers)}",
            kind=kind,
            conversation_id=self.conversation,
            payload={"to": "somewhere", "text": text, "debtor_id": self.debtor.id, **payload},
            state="sent",
            next_attempt_at=at,
            created_at=at,
            sent_at=at,
        )
        self.world.session.add(item)
        self.world.session.flush()
        return item

    # Books ------------------------------------------------------------------------------------------------------

    def link(self, minor: int = 5000) -> PayLink:
        """A payment link."""
        number, at = next(self.world.numbers), self.world.tick()
        made = PayLink(
            key=f"audit:{number}",
            token_hash=f"audit:{number}",
            token="-",
            reference=f"P{number}",
            debtor_id=self.debtor.id,
            conversation_id=self.conversation,
            currency=self.debt.currency,
            created_at=at,
            expires_at=at + timedelta(days=30),
        )
        self.world.session.add(made)
        self.world.session.flush()
        self.world.session.add(PayLinkPart(pay_link_id=made.id, debt_id=self.debt.id, amount=minor))
        self.world.session.flush()
        self.world.session.refresh(made)
        return made

    def checkout(
        self, link: PayLink, *, split: int | None = None, name: str | None = None, **request: Any
    ) -> CheckoutSession:
        """The page of a link at the processor."""
        minor = link.amount.minor if split is None else split
        made = CheckoutSession(
            pay_link_id=link.id,
            number=1,
            key=f"audit:{next(self.world.numbers)}",
            status=CheckoutStatus.COMPLETE,
            fingerprint="x",
            amount=minor,
            currency=link.currency,
            split={str(self.debt.id): minor},
            created_at=self.world.now,
            request={
                "mode": "payment",
                "line_items": [{"price_data": {"product_data": {"name": name or "Payment PX"}}}],
                **request,
            },
        )
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def posting(
        self,
        bucket: Bucket,
        minor: int,
        *,
        kind: PostingKind = PostingKind.ADJUSTMENT,
        on: date | None = None,
        account: CreditorAccount = CreditorAccount.PLACED,
    ) -> int:
        """A posting that adds to (or takes from) one part of the debt."""
        session, amount = self.world.session, Money(minor, self.debt.currency)
        txn, _ = begin_posting(
            session,
            key=f"audit:{next(self.world.numbers)}",
            kind=kind,
            actor="audit",
            cause="audit",
            effective_on=on or self.world.now.date(),
            posted_at=self.world.tick(),
            content=[minor],
        )
        balances = lock_balances(session, [DebtId(self.debt.id)])
        finish_posting(
            session,
            txn,
            [on_debt(DebtId(self.debt.id), bucket, amount), on_creditor(self.debt.creditor_id, account, -amount)],
            balances,
        )
        return txn.id

    def payment(self, checkout: CheckoutSession, minor: int) -> Payment:
        """What was posted of a paid page."""
        txn_id = self.posting(
            Bucket.PRINCIPAL, -minor, kind=PostingKind.PAYMENT, account=CreditorAccount.PROCESSOR_CLEARING
        )
        made = Payment(
            object_key=f"audit:{next(self.world.numbers)}",
            payment_intent="pi",
            checkout_session_id=checkout.id,
            pay_link_id=checkout.pay_link_id,
            debtor_id=self.debtor.id,
            amount=minor,
            currency=checkout.currency,
            livemode=False,
            status=PaymentStatus.POSTED,
            txn_id=txn_id,
            paid_at=self.world.now,
        )
        self.world.session.add(made)
        self.world.session.flush()
        return made

    def plan(self, *, actor: str = "debtor") -> Plan:
        """A plan over the debt."""
        made = Plan(
            key=f"audit:{next(self.world.numbers)}",
            debtor_id=self.debtor.id,
            currency=self.debt.currency,
            total=self.owed.minor,
            instalment=3900,
            every=1,
            unit="month",
            first_on=self.world.now.date(),
            grace_days=3,
            actor=actor,
            agreed_at=self.world.tick(),
        )
        self.world.session.add(made)
        self.world.session.flush()
        self.world.session.add(PlanDebt(plan_id=made.id, debt_id=self.debt.id, amount=self.owed.minor, paid_before=0))
        self.world.session.flush()
        return made

    def promise(self, minor: int, turn: Turn) -> Promise:
        """A promise made in a turn."""
        today = self.world.now.date()
        made = Promise(
            key=f"{turn.id}:action_promise_yes",
            debtor_id=self.debtor.id,
            currency=self.debt.currency,
            amount=minor,
            made_on=today,
            due_on=today + timedelta(days=5),
            grace_days=3,
            actor="debtor",
            made_at=self.world.now,
        )
        self.world.session.add(made)
        self.world.session.flush()
        self.world.session.add(PromiseDebt(promise_id=made.id, debt_id=self.debt.id))
        self.world.session.flush()
        return made


@dataclass
class World:
    """One database while it is filled. Time goes on by itself, a little with each thing that happens."""

    session: Session
    now: datetime
    numbers: Any = field(default_factory=lambda: count(1))

    def tick(self, **time: int) -> datetime:
        """Time goes on."""
        self.now += timedelta(**(time or {"seconds": 5}))
        return self.now

    def person(
        self,
        country: str = "GB",
        *,
        verified: bool = True,
        greeted: bool = True,
        disclosed: bool = True,
        own_collector: bool = False,
        region: str | None = None,
        timezone: str | None = "",
        channel: str = "web",
        language: str = "en",
        kind: str = "card",
        method: str = "factors",
        opened: int = 300,
        time_barred: bool | None = None,
    ) -> Person:
        """Somebody new, with a debt and a conversation that began a moment ago."""
        self.tick(seconds=30)
        number = next(self.numbers)
        american = country == "US"
        zone = timezone if timezone != "" else "America/Chicago" if american else "Europe/London"
        debtor = Debtor(
            ref=f"A-{number}",
            first_name="Robin",
            last_name="Tester",
            country=country,
            timezone=zone,
            region=region or ("TX" if american else "England"),
            created_at=self.now,
            vulnerable=False,
        )
        creditor = Creditor(
            ref=f"C-{number}",
            name="Prairie Finance" if american else "Northern Gas",
            country=country,
            currency="USD" if american else "GBP",
            policy="us-standard" if american else "uk-standard",
            own_collector=own_collector,
        )
        self.session.add_all([debtor, creditor])
        self.session.flush()
        began = self.now.date() - timedelta(days=opened)
        debt = open_debt(
            self.session,
            key=f"audit:{number}",
            ref=f"D-{number}",
            debtor_id=DebtorId(debtor.id),
            creditor_id=creditor.id,
            kind=kind,
            opened_on=began,
            due_on=began,
            effective_on=began,
            principal=OWED[country],
            now=self.now,
            actor="test",
            time_barred=time_barred,
        )
        talking = Conversation(
            id=f"audit-{number}",
            channel=channel,
            locale=f"{language}-{country}",
            language=language,
            created_at=self.now,
            last_activity_at=self.now,
            next_event=1,
            owner_version=0,
            engine_session=1,
            engine_turns=0,
            misunderstandings=0,
        )
        self.session.add(talking)
        self.session.flush()
        made = Person(self, debtor, debt, ConversationId(talking.id), talking)
        if greeted:
            made.said(HELLO, name="greeting")
        if verified:
            self.session.add(
                Verification(
                    conversation_id=talking.id,
                    debtor_id=debtor.id,
                    level=Level.VERIFIED,
                    method=method,
                    verified_at=self.now,
                    last_used_at=self.now,
                )
            )
            self.session.flush()
        if american and disclosed and verified:
            words = profile("US").disclosure(first=True, language=language) or ""
            words = words.format(operator=operator().legal_name)
            made.said(words, name="disclosure_first", values={"words": words}, turn=made.typed("hi"))
        return made


def balance(person: Person, minor: int | None = None) -> tuple[str, dict[str, Any]]:
    """The words and values of a balance."""
    money = person.owed if minor is None else Money(minor, person.owed.currency)
    sign = "£" if money.currency == "GBP" else "$"
    words = f"{sign}{money.decimal} in total today, Robin, to {creditor_of(person)}."
    return words, {
        "name": "Robin",
        "totals": [money.json()],
        "disputed": [],
        "debts": [{"creditor": creditor_of(person), "balance": money.json()}],
    }


def creditor_of(person: Person) -> str:
    """The creditor's name."""
    return "Prairie Finance" if person.debtor.country == "US" else "Northern Gas"


def crisis() -> Sequence[Mapping[str, str]]:
    """Crisis contacts, as a text wants them."""
    return [{"name": "Samaritans", "phone": "116 123"}]
