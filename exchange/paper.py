"""A paper: what a letter, statement or remittance says, before it is HTML or PDF.

Every word and figure in it is text already, in one language; how it looks is ``exchange.html``'s and ``exchange.pdf``'s
matter, so that the two never differ in what they say.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Heading:
    """Opens a part of the paper. ``level`` 1 is the first below the title."""

    text: str
    level: int = 1


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph. ``marked``: set apart, because it matters."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table. ``strong``: a sum."""

    cells: tuple[str, ...]
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table. Columns in ``figures`` (from 0) hold amounts; ``widths`` are relative. Without ``columns``: no head."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    figures: frozenset[int]
    widths: tuple[int, ...]


Block = Heading | Words | Table


@dataclass(frozen=True)
class Logo:
    """The operator's mark: a PNG or JPEG file."""

    path: Path
    alt: str

    @cached_property
    def url(self) -> str:
        """As a data URL, so that a page needs no other file."""
        content = self.path.read_bytes()
        kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
        return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


@dataclass(frozen=True)
class Paper:
    """One document. ``language`` is a BCP 47 tag; ``sender`` and ``recipient`` are lines; ``foot`` is on each page."""

    title: str
    language: str
    sender: tuple[str, ...]
    recipient: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    blocks: Sequence[Block]
    foot: str
    page: str
    """``Page {page} of {pages}`` in the paper's language."""
    logo: Logo | None = None
    letter_size: str = field(default="A4")


@dataclass(frozen=True, slots=True)
class File:
    """A finished file: what it is called, what it is, and its bytes."""

    name: str
    media_type: str
    content: bytes
