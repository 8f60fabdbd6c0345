"""Mapping files: what they can say, and what they are told when they say it wrongly."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from ledger.importing.mapping import load_mapping
from ledger.importing.native import LAYOUT
from runtime.errors import OperatorError
from runtime.settings import ROOT
from tests.importing.reading import Reading

Write = Callable[..., Path]
Read = Callable[..., Reading]

WHOLE = """
delimiter: ";"
dates: DD.MM.YYYY
numbers: {decimal: ",", thousands: "."}
creditor: {ref: TB, name: Tidewater Books, country: GB, currency: GBP, policy: gentle, own_collector: yes}
leave_out:
  - {column: State, values: ["void", "test"]}
fields:
  debtor_ref: {template: "TB-{Customer}"}
  debt_ref: {template: "{Customer}/{No}"}
  country: {column: Land, values: {"391": GB, "NO": US}}
  last_name: {column: Name, part: last word}
  first_name: {column: Name, part: first word}
  principal: Amount
  opened_on: Date
  due_on: {column: Due, dates: YYYY-MM-DD}
  kind: {constant: books}
  status: {column: State, values: {"1": open, "Yes": disputed, "paid": settled}, otherwise: open, default: open}
"""
ROWS = (
    "Customer;No;Name;Land;Amount;Date;Due;State;Colour",
    "17;0001;Ina May Holt;391;1.234,50;03.02.2026;2026-03-03;Yes;red",
    "18;0001;Holt;NO;7;03.02.2026;;void;red",
    "18;0002;Holt;NO;7;03.02.2026;;?;blue",
    "19;0003;Unwin;770;7;03.02.2026;;1;",
)


def test_a_whole_mapping(csv_file: Write, read: Read, tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(WHOLE)
    reading = read(csv_file(*ROWS), load_mapping(tmp_path / "m.yml"))
    first, second = reading.records
    assert (first.debtor.ref, first.debt_ref, first.debtor.first_name, first.debtor.last_name) == (
        "TB-17", "17/0001", "Ina", "Holt",
    )  # fmt: skip
    assert (str(first.total), first.opened_on, first.due_on) == ("1234.50 GBP", date(2026, 2, 3), date(2026, 3, 3))
    assert (first.disputed, first.creditor.policy, first.creditor.own_collector) == (True, "gentle", True)
    assert (second.debtor.country, second.disputed, second.due_on) == ("US", False, None)
    assert [str(p) for p in reading.problems] == ["line 5: Land (country): '770' is not one of 391, NO"]
    assert (reading.left_out, reading.unused_columns) == (1, ["Colour"])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("dates: DD", "dats: DD"), "dats: unknown setting (did you mean dates?)"),
        (("DD.MM.YYYY", "DD.MM"), "dates: 'DD.MM' is no date format"),
        (("delimiter: \";\"", "delimiter: \"?\""), "delimiter: Input should be"),
        (('decimal: ","', 'decimal: "."'), "decimal and thousands cannot be the same sign"),
        (("principal: Amount", "principle: Amount"), "'principle' is no field of the native layout (did you mean p"),
        (("  principal: Amount\n", ""), "fields lacks principal"),
        (("{constant: books}", "{constant: books, column: Kind}"), "fields.kind: give one of column, constant an"),
        (("{constant: books}", "{}"), "give one of column"),
        (("{constant: books}", "{template: books}"), "a template names columns in curly brackets"),
        (("{constant: books}", "{constant: books, clumn: x}"), "fields.kind.clumn: unknown setting (did you mean c"),
        (("  kind:", "  currency: Cur\n  kind:"), "currency: given under creditor and under fields"),
        (("creditor: {ref: TB, name", "creditor: {name"), "creditor.ref: is missing"),
        (("  kind: {constant: books}", "  kind: a\n  kind: b"), "'kind' is given twice"),
        (("fields:", "fields: ["), "is no YAML"),
    ],
)
def test_each_wrong_setting_is_named(tmp_path: Path, change: tuple[str, str], says: str) -> None:
    assert change[0] in WHOLE
    (tmp_path / "m.yml").write_text(WHOLE.replace(*change))
    with pytest.raises(OperatorError) as caught:
        load_mapping(tmp_path / "m.yml")
    assert says in str(caught.value)
    assert "function-" not in str(caught.value)
    assert "pydantic" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "just words", "- a\n- b\n", "fields:\n", "\x00"])
def test_what_is_no_mapping_at_all(tmp_path: Path, content: str) -> None:
    (tmp_path / "m.yml").write_text(content)
    with pytest.raises(OperatorError):
        load_mapping(tmp_path / "m.yml")


def test_a_column_the_file_lacks(csv_file: Write, read: Read, tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(WHOLE.replace("principal: Amount", "principal: Ammount"))
    with pytest.raises(OperatorError, match=r"no column 'Ammount' \(did you mean Amount\?\)"):
        read(csv_file(*ROWS), load_mapping(tmp_path / "m.yml"))


def test_a_constant_that_cannot_be_used_is_said_once(csv_file: Write, read: Read, tmp_path: Path) -> None:
    (tmp_path / "m.yml").write_text(WHOLE.replace("policy: gentle", "policy: harsh"))
    with pytest.raises(OperatorError, match=r"policy that cannot be used: There is no policy 'harsh'"):
        read(csv_file(*ROWS), load_mapping(tmp_path / "m.yml"))


def test_no_such_mapping_lists_the_shipped_ones() -> None:
    with pytest.raises(OperatorError, match="Shipped ones: accounts_receivable"):
        load_mapping("nothing")


@pytest.mark.parametrize("name", ["accounts_receivable", "accounts_receivable.yml", "mappings/accounts_receivable.yml"])
def test_shipped_mappings_are_found_by_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert load_mapping(name).dates == "M/D/YYYY"


def test_the_guide_describes_every_column_of_the_native_layout() -> None:
    guide = (ROOT / "docs/import.md").read_text()
    for field in LAYOUT:
        needed = "yes" if field.required else ""
        assert f"| `{field.name}` | {needed} | {field.meaning} |" in guide
