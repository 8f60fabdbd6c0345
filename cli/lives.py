"""What happened to each person of the demo, done through the ledger's own services on the day it happened."""

from collections.abc import Mapping
from datetime import date, datetime, time, timezone
from decimal import Decimal

from sqlalchemy.orm import Session

from cli.portfolio import (
    DebtData,
    Happened,
    HoldStep,
    PayStep,
    Person,
    PlanStep,
    PromiseStep,
    RecallStep,
    StopStep,
    on,
)
from compliance.preferences import stop_all
from ledger.holds import place_hold
from ledger.kinds import CreditorAccount
from ledger.models import Creditor, Debt, DebtBalance, Debtor
from ledger.money import Money
from ledger.offers import Offer
from ledger.opening import open_debt, recall_debt
from ledger.plans import agree_plan
from ledger.promises import judge_promises, make_promise
from ledger.receipts import receive
from ledger.schedule import Frequency
from runtime.ids import DebtId

ACTOR = "demo"


def _at(day: date) -> datetime:
    return datetime.combine(day, time(10, 0), timezone.utc)


class Life:
    """One person: the debts, then what happened, in order."""

    def __init__(self, session: Session, person: Person, creditors: Mapping[str, Creditor], today: date) -> None:
        self.session, self.person, self.creditors, self.today = session, person, creditors, today
        self.debts: dict[str, Debt] = {}
        self.steps = 0

    def live(self) -> None:
        """Write all of it."""
        self.debtor = self._debtor()
        for data in self.person.debts:
            self.debts[data.ref] = self._debt(data)
        for step in self.person.happened:
            self._happen(step)

    def _day(self, day: str) -> date:
        return on(day, self.today)

    def _key(self) -> str:
        self.steps += 1
        return f"demo:{self.person.letter}:{self.steps}"

    def _debtor(self) -> Debtor:
        person = self.person
        debtor = Debtor(
            ref=person.ref, first_name=person.first_name, last_name=person.last_name,
            date_of_birth=person.born.isoformat(), postcode=person.postcode, country=person.country,
            region=person.region, timezone=person.timezone or ("Europe/London" if person.country == "GB" else None),
            language=person.language, email=person.email, phone=person.phone,
            vulnerable=person.vulnerability is not None, vulnerability_note=person.vulnerability,
            deceased_on=self._day(person.died) if person.died else None, representative=person.representative,
            created_at=_at(min(self._day(debt.opened) for debt in person.debts)),
        )  # fmt: skip
        self.session.add(debtor)
        self.session.flush()
        return debtor

    def _debt(self, data: DebtData) -> Debt:
        creditor = self.creditors[data.creditor]
        opened_on = self._day(data.opened)

        def money(amount: Decimal) -> Money:
            return Money.from_decimal(amount, creditor.currency)

        return open_debt(
            self.session, key=self._key(), ref=data.ref, debtor_id=self.debtor.id, creditor_id=creditor.id,
            kind=data.kind, description=data.description, original_creditor=data.original, opened_on=opened_on,
            due_on=self._day(data.due),
            last_acknowledged_on=self._day(data.acknowledged) if data.acknowledged else None,
            principal=money(data.amount), interest=money(data.interest), fees=money(data.fees), costs=money(data.costs),
            time_barred=data.time_barred, effective_on=opened_on, now=_at(opened_on), actor=ACTOR,
        )  # fmt: skip

    def _happen(self, step: Happened) -> None:
        match step:
            case Happened(plan=PlanStep() as plan):
                self._plan(plan)
            case Happened(pay=PayStep() as pay):
                self._pay({self.debts[ref].id: self._money(ref, amount) for ref, amount in pay.split.items()},
                          self._day(pay.on))  # fmt: skip
            case Happened(hold=HoldStep() as hold):
                self._hold(hold)
            case Happened(promise=PromiseStep() as promise):
                self._promise(promise)
            case Happened(recall=RecallStep() as recall):
                day = self._day(recall.on)
                recall_debt(self.session, key=self._key(), debt_id=self.debts[recall.debt].id, effective_on=day,
                            now=_at(day), actor=ACTOR)  # fmt: skip
            case Happened(stop=StopStep() as stop):
                stop_all(self.session, debtor_id=self.debtor.id, reason="stop_contact", now=_at(self._day(stop.on)))

    def _money(self, ref: str, amount: Decimal) -> Money:
        return Money.from_decimal(amount, self.debts[ref].currency)

    def _plan(self, step: PlanStep) -> None:
        ids = [self.debts[ref].id for ref in step.debts]
        currency = self.debts[step.debts[0]].currency
        owed = sum(self.session.get_one(DebtBalance, debt_id).owed for debt_id in ids)
        every, unit = step.every.removesuffix("s").split()
        offer = Offer(
            Money(owed, currency), Money.from_decimal(step.instalment, currency),
            Frequency.from_json({"every": int(every), "unit": unit}), self._day(step.first),
        )  # fmt: skip
        agree_plan(self.session, key=self._key(), debtor_id=self.debtor.id, debt_ids=ids, offer=offer, actor=ACTOR,
                   now=_at(self._day(step.on)))  # fmt: skip
        for due in offer.dues[: step.kept]:
            self._pay({ids[0]: due.amount}, due.on)

    def _pay(self, split: dict[DebtId, Money], day: date) -> None:
        receive(
            self.session, key=self._key(), split=split, effective_on=day, posted_at=_at(day), actor=ACTOR,
            cause="bank transfer", through=CreditorAccount.DIRECT,
        )  # fmt: skip

    def _hold(self, step: HoldStep) -> None:
        place_hold(
            self.session, key=self._key(), debtor_id=self.debtor.id,
            debt_id=self.debts[step.debt].id if step.debt else None, reason=step.reason, now=_at(self._day(step.on)),
            until=self._day(step.until) if step.until else None, actor=ACTOR, cause=step.cause,
        )  # fmt: skip

    def _promise(self, step: PromiseStep) -> None:
        day = self._day(step.on)
        judge_promises(self.session, today=day)  # so that an older one is broken, not superseded
        currency = next(iter(self.debts.values())).currency
        make_promise(
            self.session, key=self._key(), debtor_id=self.debtor.id, amount=Money.from_decimal(step.amount, currency),
            due_on=self._day(step.due), actor=ACTOR, now=_at(day),
        )  # fmt: skip
