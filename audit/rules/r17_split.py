"""Rule 17: one payment over several debts goes where the debtor directed it."""

from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit.rule import US, Found, Rule
from audit.scope import Scope
from ledger.models import Account, Debtor, Entry
from payments.models import CheckoutSession, PayLinkPart, Payment

PAGE = 500


def books(session: Session, scope: Scope) -> Iterator[Found]:
    last = 0
    query = (
        select(Payment.id, Payment.txn_id, Payment.paid_at, CheckoutSession.split, CheckoutSession.pay_link_id)
        .join(CheckoutSession, CheckoutSession.id == Payment.checkout_session_id)
        .join(Debtor, Debtor.id == Payment.debtor_id)
        .where(Payment.txn_id.is_not(None), Debtor.country.in_(US), scope.within(Payment.paid_at),
               scope.of_debtors(Payment.debtor_id)).order_by(Payment.id))
    while rows := session.execute(query.where(Payment.id > last).limit(PAGE)).all():
        last = rows[-1].id
        posted: dict[int, dict[int, int]] = {}
        for txn_id, debt_id, minor in session.execute(
                select(Entry.txn_id, Account.debt_id, func.sum(-Entry.amount))
                .join(Account, Account.id == Entry.account_id)
                .where(Entry.txn_id.in_([row.txn_id for row in rows]), Account.debt_id.is_not(None))
                .group_by(Entry.txn_id, Account.debt_id)):
            posted.setdefault(txn_id, {})[int(debt_id or 0)] = int(minor)
        directed: dict[int, dict[int, int]] = {}
        for link_id, debt_id, minor in session.execute(
                select(PayLinkPart.pay_link_id, PayLinkPart.debt_id, PayLinkPart.amount)
                .where(PayLinkPart.pay_link_id.in_({row.pay_link_id for row in rows}))):
            directed.setdefault(link_id, {})[debt_id] = minor
        for row in rows:
            shown = {int(debt_id): minor for debt_id, minor in row.split.items()}
            chosen = directed.get(row.pay_link_id, {})
            if posted.get(row.txn_id, {}) != shown:
                yield Found("was posted otherwise than the page showed", subject=f"payment {row.id}", at=row.paid_at)
            elif any(minor > chosen.get(debt_id, 0) for debt_id, minor in shown.items()):
                yield Found("was divided otherwise than the debtor directed", subject=f"payment {row.id}",
                            at=row.paid_at)


RULE = Rule(17, "A payment goes where the debtor directed it", "Reg F 1006.30(c)",
            "payment links, what their page showed, and what was posted (a disputed debt: see rule 13)",
            "Correct the posting by reversal, and tell the debtor.", countries=US, collectors_only=True, books=books)
