"""A payment on one debt with which nothing else waits: the rows ``ledger.receipts`` writes, in few statements.

Most payments are of this kind, and an object for every row takes far longer than the rows. What is left out is what
would find nothing to do: no plan, promise or settlement counts on the debt, it stays open, and no interest is added.
On PostgreSQL it is two journeys to the server: one to begin the posting, lock the balance and ask, one to write.
"""

from datetime import date, datetime
from types import SimpleNamespace

from sqlalchemy.orm import Session
from sqlalchemy.orm.util import identity_key

from ledger.allocation import over_buckets
from ledger.feed import posting_rows, rows_straight
from ledger.kinds import OWED, Bucket, CreditorAccount, DebtStatus, PlanStatus, PostingKind, PromiseStatus
from ledger.models import DebtBalance, Txn
from ledger.money import Money
from ledger.policy import load_policy
from ledger.posting import begun, content_hash, on_creditor, on_debt
from runtime.ids import CreditorId, DebtId, DebtorId
from runtime.straight import Statement, instant, straight

_BEGIN = (
    "INSERT INTO txn (idem_key, content_hash, kind, effective_on, posted_at, actor, cause) "
    "SELECT ?, ?, ?, ?, ?, ?, ? FROM debt WHERE id = ? AND currency = ? "
    "ON CONFLICT (idem_key) DO NOTHING RETURNING id"
)
"""Nothing is begun on a debt there is not, or in another currency: the long way says so."""
_LOCK = "SELECT 1 FROM debt_balance WHERE debt_id = ? FOR UPDATE"
_FIGURES = ", ".join(f"b.{bucket}" for bucket in Bucket)
_ACCOUNT = "(SELECT id FROM account WHERE debt_id = d.id AND kind = ?)"
_ASK = f"""
    SELECT d.debtor_id, d.creditor_id, d.status, c.policy, {_FIGURES}, {', '.join([_ACCOUNT] * len(Bucket))},
        (SELECT id FROM account WHERE creditor_id = d.creditor_id AND kind = ? AND currency = d.currency),
        EXISTS (SELECT 1 FROM plan_debt JOIN plan ON plan.id = plan_debt.plan_id
                WHERE plan_debt.debt_id = d.id AND plan.status <> ?)
        OR EXISTS (SELECT 1 FROM promise WHERE promise.debtor_id = d.debtor_id AND promise.status <> ?)
        OR EXISTS (SELECT 1 FROM settlement WHERE settlement.debt_id = d.id)
    FROM debt d JOIN creditor c ON c.id = d.creditor_id JOIN debt_balance b ON b.debt_id = d.id WHERE d.id = ?
"""  # noqa: S608  # nosec B608  # the names of buckets alone
"""Asked once the balance is locked, so that what another transaction agreed is seen."""
_NEW = ", ".join(f"{bucket} = ?" for bucket in OWED)
_MOVE = (
    f"UPDATE debt_balance SET {_NEW}, version = version + 1 WHERE debt_id = ?"  # noqa: S608  # nosec B608  # the same
)
_ENTRY, _ENTRY_VALUES = "INSERT INTO entry (txn_id, account_id, currency, amount) VALUES ", "(?, ?, ?, ?)"
_NAMES = tuple(bucket.value for bucket in Bucket)
_SEAL = "INSERT INTO seal (txn_id) VALUES (?)"


def post_plain(
    session: Session, *, key: str, debt_id: DebtId, amount: Money, effective_on: date, posted_at: datetime,
    actor: str, cause: str, through: CreditorAccount, content: object,
) -> tuple[Txn | None, bool]:
    """Record a payment of ``amount`` on one debt, and whether it is done.

    It is not when the payment is not so plain: then the posting was only begun, as by ``begin_posting``, and the rest
    is to be written. None when it was not even begun: the key is used, or there is no such debt in that currency.
    """
    dialect = session.get_bind().dialect.name
    asked = content_hash([PostingKind.PAYMENT, effective_on.isoformat(), None, content])
    txn = Txn(idem_key=key, content_hash=asked, kind=PostingKind.PAYMENT, effective_on=effective_on,
              posted_at=posted_at, actor=actor, cause=cause, reverses_id=None)
    questions: list[Statement] = [
        (_BEGIN, (key, asked, PostingKind.PAYMENT.value, effective_on.isoformat(), instant(dialect, posted_at), actor,
                  cause, debt_id, amount.currency)),
        (_ASK, (*_NAMES, through.value, PlanStatus.CANCELLED.value, PromiseStatus.SUPERSEDED.value, debt_id)),
    ]  # fmt: skip
    if dialect != "sqlite":  # which has let nobody else write since the transaction began
        questions.insert(1, (_LOCK, (debt_id,)))
    answers = straight(session, questions)  # from here on others may wait for us
    if not answers[0]:
        return None, False
    txn.id = answers[0][0][0]
    begun(session, txn)
    if not answers[-1]:
        return txn, False
    debtor_id, creditor_id, status, policy_name, *found, creditor_account, waited_for = answers[-1][0]
    policy = load_policy(policy_name)
    before = dict(zip(_NAMES, found, strict=False))
    accounts = dict(zip(Bucket, found[len(_NAMES):], strict=True))
    parts = over_buckets(SimpleNamespace(**before), amount, policy.payments.buckets)
    owed = sum(before[bucket.value] for bucket in OWED)
    if (
        waited_for or status != DebtStatus.OPEN or amount.minor >= owed or policy.interest.method is not None
        or creditor_account is None or any(accounts[bucket] is None for bucket in parts)
    ):
        return txn, False
    lines = [*(on_debt(debt_id, bucket, -part) for bucket, part in parts.items()),
             on_creditor(CreditorId(creditor_id), through, amount)]
    entries = [(accounts[bucket], -part.minor) for bucket, part in parts.items()] + [(creditor_account, amount.minor)]
    events = posting_rows(
        PostingKind.PAYMENT, posting_id=txn.id, key=key, reverses_id=None, at=posted_at,
        effective_on=effective_on, lines=lines,
        after={debt_id: (DebtorId(debtor_id), Money(owed - amount.minor, amount.currency), before["overpayment"])})
    straight(session, [
        (_MOVE, (*(before[b.value] - (parts[b].minor if b in parts else 0) for b in OWED), debt_id)),
        (_ENTRY + ", ".join([_ENTRY_VALUES] * len(entries)),
         [value for account, minor in entries for value in (txn.id, account, amount.currency, minor)]),
        (_SEAL, (txn.id,)),
        *rows_straight(dialect, events),
    ])  # fmt: skip
    if (held := session.identity_map.get(identity_key(DebtBalance, debt_id))) is not None:
        session.expire(held)
    return txn, True
