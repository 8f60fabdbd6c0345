"""Which debt was meant, and how an amount is divided."""

from datetime import date

import pytest

from actions.choosing import everything, meant, picked, split_evenly, split_over
from ledger.balances import DebtLine
from ledger.money import Money
from runtime.ids import CreditorId, DebtId


def line(number: int, creditor: str, description: str, minor: int) -> DebtLine:
    nothing = Money(0, "GBP")
    balance = Money(minor, "GBP")
    return DebtLine(
        debt_id=DebtId(number), ref=f"REF-{number}", creditor_id=CreditorId(ord(creditor[0])), creditor=creditor,
        kind="card", description=description, original_creditor=None, opened_on=date(2025, 1, number), due_on=None,
        balance=balance, principal=balance, interest=nothing, fees=nothing, costs=nothing, disputed=False, hold=None,
        hold_until=None, payable=True, askable=True, time_barred=None, version=1)


GAS = line(1, "Northern Gas", "Gas at the flat", 31200)
COAT = line(2, "Parcel & Co", "Winter coat and boots", 12870)
KETTLE = line(3, "Parcel & Co", "Kettle", 4550)
CARD = line(4, "Riverbank Cards", "Classic card", 64000)
LINES = [GAS, COAT, KETTLE]


@pytest.mark.parametrize(("words", "wanted"), [
    ("pay the gas one", [GAS]),
    ("GAS", [GAS]),
    ("nothern gas", [GAS]),
    ("nothern", [GAS]),
    ("the parcel stuff", [COAT, KETTLE]),
    ("towards the boot", [COAT]),
    ("ref-3 please", [KETTLE]),
    ("pay 50 now", []),
    ("the gas and the parcels", []),
    ("what do i owe", []),
])
def test_a_debt_is_found_by_creditor_description_reference_and_slips(words: str, wanted: list[DebtLine]) -> None:
    assert meant(LINES, words) == wanted


@pytest.mark.parametrize("words", ["take it off my card", "pay by debit card", "with a card", "my new bank card"])
def test_a_card_to_pay_with_is_not_the_card_that_is_owed_on(words: str) -> None:
    assert meant([GAS, CARD], words) == []


def test_the_card_that_is_owed_on_is_found() -> None:
    assert meant([GAS, CARD], "the riverbank card") == [CARD]
    assert meant([GAS, CARD], "pay the card one") == [CARD]


@pytest.mark.parametrize(("words", "wanted"), [
    ("the second one", COAT), ("first", GAS), ("the last one", KETTLE), ("the biggest", GAS), ("smallest", KETTLE),
])
def test_an_answer_may_be_a_place_or_a_size(words: str, wanted: DebtLine) -> None:
    assert picked(LINES, words) == [wanted]
    assert meant(LINES, words) == []


@pytest.mark.parametrize("words", ["both", "all of it", "the lot", "everything", "both of them together"])
def test_everything(words: str) -> None:
    assert everything(words)


def test_not_everything() -> None:
    assert not everything("the gas one")


def test_a_part_goes_to_the_oldest_first() -> None:
    assert split_over([KETTLE, COAT], Money(13000, "GBP")) == {COAT: Money(12870, "GBP"), KETTLE: Money(130, "GBP")}
    assert split_over([COAT], Money(100, "GBP")) == {COAT: Money(100, "GBP")}


@pytest.mark.parametrize("minor", [1, 2, 3, 4549, 5100, 9101, 20000, 48620])
def test_even_parts_add_up_and_are_never_more_than_is_owed(minor: int) -> None:
    split = split_evenly(LINES, Money(minor, "GBP"))
    assert sum(part.minor for part in split.values()) == minor
    assert all(part <= debt.balance and part.minor > 0 for debt, part in split.items())


def test_even_parts_are_even_while_there_is_room() -> None:
    assert [p.minor for p in split_evenly(LINES, Money(9000, "GBP")).values()] == [3000, 3000, 3000]
    assert [p.minor for p in split_evenly([GAS, KETTLE], Money(10000, "GBP")).values()] == [5450, 4550]
