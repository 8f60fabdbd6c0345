"""The map of personal data and the models agree, and the page shows the map."""

import pytest
from sqlalchemy import Column, Integer, MetaData, Table

from privacy import map as mapped
from privacy.map import as_markdown, places, problems, tables
from runtime.database import EncryptedText
from runtime.settings import ROOT


def test_every_column_of_every_table_is_placed() -> None:
    assert problems() == [], "place it in privacy/personal_data.yml, then: debtdesk privacy map"


def test_the_page_shows_the_map() -> None:
    assert as_markdown() in (ROOT / "docs" / "privacy.md").read_text("utf-8"), "debtdesk privacy map"


def test_whatever_is_encrypted_is_personal() -> None:
    for name, table in tables().items():
        for column in table.columns:
            if mapped.is_encrypted(column):
                assert column.name in places()[name].personal, f"{name}.{column.name}"


def test_a_new_column_or_table_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(tables())
    grown = known["staff_presence"].to_metadata(MetaData())
    grown.append_column(Column("diary", EncryptedText))
    new = Table("shoe_size", MetaData(), Column("id", Integer))
    monkeypatch.setattr(mapped, "tables", lambda: {**known, "staff_presence": grown, "shoe_size": new})
    assert problems() == ["shoe_size: the table is not in personal_data.yml: id",
                          "staff_presence.diary: the column is not in personal_data.yml"]


def test_a_column_that_is_gone_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    without = {name: table for name, table in tables().items() if name != "shoe_size" and name != "budget"}
    monkeypatch.setattr(mapped, "tables", lambda: without)
    assert "budget: there is no such table" in problems()
