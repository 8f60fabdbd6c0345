"""The database itself keeps double entry, whoever writes."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from runtime.database import Database
from tests.ledger.portfolio import Portfolio


def _txn(session: Session, key: str = "raw") -> int:
    number = session.execute(text(
        "INSERT INTO txn (idem_key, content_hash, kind, effective_on, posted_at, actor, cause)"
        " VALUES (:key, '', 'adjustment', '2026-03-03', '2026-03-03 12:00:00', 'test', 'test') RETURNING id"
    ), {"key": key}).scalar_one()
    return int(number)


def _entry(session: Session, txn: int, account: int, amount: int, currency: str = "GBP") -> None:
    session.execute(
        text("INSERT INTO entry (txn_id, account_id, currency, amount) VALUES (:txn, :account, :currency, :amount)"),
        {"txn": txn, "account": account, "currency": currency, "amount": amount},
    )


def _seal(session: Session, txn: int) -> None:
    session.execute(text("INSERT INTO seal (txn_id) VALUES (:txn)"), {"txn": txn})


def _post(db: Database, *amounts: int, account_ids: tuple[int, int], currency: str = "GBP", seal: bool = True) -> int:
    """Write a posting by hand, entries on the accounts in turn, and commit it."""
    with db.write() as session:
        txn = _txn(session)
        for number, amount in enumerate(amounts):
            _entry(session, txn, account_ids[number % 2], amount, currency)
        if seal:
            _seal(session, txn)
    return txn


def _run(db: Database, *statements: str) -> None:
    with db.write() as session:
        for statement in statements:
            session.execute(text(statement))


@pytest.fixture
def accounts(db: Database, portfolio: Portfolio) -> tuple[int, int]:
    """The accounts of one posted debt: its principal, and the creditor's."""
    portfolio.debt("A1", 10_000)
    with db.read() as session:
        found = session.execute(text("SELECT id FROM account ORDER BY debt_id IS NULL")).scalars().all()
    return found[0], found[1]


def test_a_balanced_sealed_posting_is_taken(db: Database, accounts: tuple[int, int]) -> None:
    txn = _post(db, 5, -5, account_ids=accounts)
    with db.read() as session:
        assert session.execute(text("SELECT count(*) FROM entry WHERE txn_id = :t"), {"t": txn}).scalar() == 2


def test_an_unbalanced_posting_is_refused(db: Database, accounts: tuple[int, int]) -> None:
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        _post(db, 5, -4, account_ids=accounts)
    with db.read() as session:
        assert session.execute(text("SELECT count(*) FROM txn WHERE idem_key = 'raw'")).scalar() == 0


@pytest.mark.parametrize("amounts", [(), (5, -5)])
def test_an_unsealed_posting_is_refused_at_commit(
    db: Database, accounts: tuple[int, int], amounts: tuple[int, ...]
) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        _post(db, *amounts, account_ids=accounts, seal=False)


def test_a_posting_without_entries_is_refused(db: Database, accounts: tuple[int, int]) -> None:
    with pytest.raises(DBAPIError, match="needs entries"):
        _post(db, account_ids=accounts)


def test_a_seal_without_posting_is_refused(db: Database, accounts: tuple[int, int]) -> None:
    with pytest.raises(DBAPIError, match="does not exist"):
        _run(db, "INSERT INTO seal (txn_id) VALUES (4711)")


def test_nothing_is_added_after_the_seal(db: Database, accounts: tuple[int, int]) -> None:
    add = "INSERT INTO entry (txn_id, account_id, currency, amount) VALUES (1, {}, 'GBP', {})"
    with pytest.raises(DBAPIError, match="no more entries"):
        _run(db, add.format(accounts[0], 5), add.format(accounts[1], -5))


@pytest.mark.parametrize("statement", [
    "UPDATE entry SET amount = amount + 1", "DELETE FROM entry", "UPDATE txn SET cause = 'other'", "DELETE FROM txn",
    "UPDATE seal SET txn_id = txn_id + 100", "DELETE FROM seal", "UPDATE account SET kind = 'fees'",
    "DELETE FROM account",
])
def test_rows_are_never_changed(db: Database, accounts: tuple[int, int], statement: str) -> None:
    with pytest.raises(DBAPIError, match="never changed"):
        _run(db, statement)


def test_rows_are_never_replaced_or_emptied(db: Database, accounts: tuple[int, int]) -> None:
    statements = {
        "sqlite": ["INSERT OR REPLACE INTO entry SELECT id, txn_id, account_id, currency, amount * 2 FROM entry",
                   "REPLACE INTO txn SELECT * FROM txn", "REPLACE INTO seal SELECT * FROM seal"],
        "postgresql": ["TRUNCATE entry CASCADE", "TRUNCATE txn CASCADE", "TRUNCATE seal CASCADE"],
    }[db.dialect]
    for statement in statements:
        with pytest.raises(DBAPIError, match=r"never changed|no more entries"):
            _run(db, statement)


def test_an_entry_is_in_its_accounts_currency(db: Database, accounts: tuple[int, int]) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        _post(db, 5, -5, account_ids=accounts, currency="USD")


def test_an_account_is_in_its_debts_currency(db: Database, portfolio: Portfolio) -> None:
    debt = portfolio.debt("A1", 10_000)
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        _run(db, f"INSERT INTO account (debt_id, kind, currency, exponent) VALUES ({debt}, 'fees', 'USD', 2)")  # noqa: S608


def test_a_cached_balance_is_never_negative(db: Database, portfolio: Portfolio) -> None:
    portfolio.debt("A1", 10_000)
    with pytest.raises(DBAPIError, match=r"not_negative"):
        _run(db, "UPDATE debt_balance SET fees = -1")


@pytest.mark.parametrize("statement", [
    "INSERT INTO entry (txn_id, account_id, currency, amount) VALUES (4711, {account}, 'GBP', 5)",
    "INSERT INTO entry (txn_id, account_id, currency, amount) VALUES ({txn}, 4711, 'GBP', 5)",
    "INSERT INTO account (debt_id, kind, currency, exponent) VALUES (4711, 'fees', 'GBP', 2)",
    "INSERT INTO account (creditor_id, kind, currency, exponent) VALUES (4711, 'write_off', 'GBP', 2)",
    "INSERT INTO debt_balance (debt_id, principal, interest, fees, costs, overpayment, version)"
    " VALUES (4711, 0, 0, 0, 0, 0, 0)",
    "UPDATE debt_balance SET debt_id = 4711",
    "DELETE FROM debt", "UPDATE debt SET id = id + 4711", "UPDATE debt SET currency = 'USD'",
])
def test_what_a_row_names_is_there_and_stays(db: Database, accounts: tuple[int, int], statement: str) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        _with_a_posting(db, statement, accounts)


def _with_a_posting(db: Database, statement: str, accounts: tuple[int, int]) -> None:
    with db.write() as session:
        txn = _txn(session)
        session.execute(text(statement.format(account=accounts[0], other=accounts[1], txn=txn)))


def test_one_row_among_many_that_names_nothing_is_found(db: Database, accounts: tuple[int, int]) -> None:
    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        _with_a_posting(db, "INSERT INTO entry (txn_id, account_id, currency, amount) VALUES ({txn}, {account}, "
                            "'GBP', 5), ({txn}, {other}, 'GBP', -5), ({txn}, 4711, 'GBP', 1)", accounts)


def test_a_posting_in_two_currencies_sums_to_zero_in_each(db: Database, accounts: tuple[int, int]) -> None:
    with db.write() as session:
        session.execute(text(
            "INSERT INTO account (creditor_id, kind, currency, exponent) SELECT creditor_id, 'write_off', 'USD', 2"
            " FROM account WHERE creditor_id IS NOT NULL"
        ))
    with db.read() as session:
        dollars = session.execute(text("SELECT id FROM account WHERE currency = 'USD'")).scalar_one()

    def post(*amounts: tuple[int, str]) -> None:
        with db.write() as session:
            txn = _txn(session)
            for amount, currency in amounts:
                _entry(session, txn, dollars if currency == "USD" else accounts[amount < 0], amount, currency)
            _seal(session, txn)

    with pytest.raises(DBAPIError, match="does not sum to zero"):
        post((5, "GBP"), (-5, "USD"))
    with pytest.raises(DBAPIError, match="does not sum to zero"):
        post((5, "GBP"), (-5, "GBP"), (5, "USD"))
    post((5, "GBP"), (-5, "GBP"), (7, "USD"), (-7, "USD"))
