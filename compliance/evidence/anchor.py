"""The end of the chain, kept outside the database: so that cutting off its last records is found."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from runtime.errors import OperatorError
from runtime.settings import settings


class AnchorMismatch(OperatorError):
    """The place holds the end of another chain than the database's."""


@dataclass(frozen=True)
class Anchor:
    """Where a chain ended: ``CHAIN POSITION HASH`` when written down."""

    chain: str
    position: int
    hash: str

    def __str__(self) -> str:
        return f"{self.chain} {self.position} {self.hash}"

    @classmethod
    def parse(cls, text: str) -> "Anchor":
        """The inverse of ``str``. Raises OperatorError for anything else."""
        words = text.split()
        if len(words) != 3 or not (words[1].isascii() and words[1].isdecimal()):
            raise OperatorError(f"not an anchor of the evidence log (CHAIN POSITION HASH): {text.strip()[:80]!r}")
        return cls(words[0], int(words[1]), words[2])


@dataclass(frozen=True)
class Place:
    """A file that holds the last anchor."""

    path: Path

    def read(self) -> Anchor | None:
        """What is kept; None before the first. Raises OperatorError when it is not an anchor or cannot be read."""
        try:
            return Anchor.parse(self.path.read_text(encoding="ascii", errors="replace"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise OperatorError(f"{self.path} cannot be read: {error.strerror}") from None

    def keep(self, anchor: Anchor) -> None:
        """Keep ``anchor``, unless a later one of the same chain is there. Raises AnchorMismatch, OperatorError."""
        before = self.read()
        if before is not None and before.chain != anchor.chain:
            raise AnchorMismatch(f"{self.path} holds the end of another evidence log. Move it away if this database is "
                                 "meant to be a new one")
        if before is not None and before.position >= anchor.position:
            return
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle, beside = tempfile.mkstemp(dir=self.path.parent, prefix=f".{self.path.name}-")
            with open(handle, "w", encoding="ascii") as file:
                file.write(f"{anchor}\n")
            os.replace(beside, self.path)
        except OSError as error:
            raise OperatorError(f"{self.path} cannot be written: {error.strerror}") from None


def usual_place() -> Place:
    """Where this installation keeps it: ``DEBTDESK_EVIDENCE_ANCHOR``, else a file in the data folder."""
    chosen = settings()
    return Place(chosen.evidence_anchor or chosen.data_dir / "evidence-anchor")
