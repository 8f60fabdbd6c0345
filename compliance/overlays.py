"""Places whose law beats the profile's: a state, nation or city with what differs there."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from compliance.files import Part


class Overlay(Part):
    """One place. A city is told by how its postcodes begin; it beats the state it lies in."""

    title: str
    """What people call it."""
    region: str
    """The state or nation, as ``regions`` of the profile spells it."""
    postcodes: tuple[str, ...] = ()
    """How postcodes of the place begin; empty: the whole state or nation."""
    set: dict[str, Any] = Field(min_length=1)
    """What differs: the profile's own fields, only those that do. Figures, texts and lists replace the profile's."""
    source: str
    """The law it comes from."""

    def covers(self, region: str | None, postcode: str | None) -> bool:
        """Whether somebody in ``region`` with this postcode lives there. An unknown postcode is not in a city."""
        begins = tuple(code.replace(" ", "").upper() for code in self.postcodes)
        return region == self.region and (
            not begins or (postcode or "").replace(" ", "").upper().startswith(begins))


def merged(profile: Mapping[str, Any], overlays: Sequence[Overlay]) -> dict[str, Any]:
    """The fields of a profile with those of ``overlays`` put over them, states before cities."""
    found = dict(profile)
    for overlay in sorted(overlays, key=lambda each: bool(each.postcodes)):
        found = _over(found, overlay.set)
    return found


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for name, value in above.items():
        kept = found.get(name)
        found[name] = _over(kept, value) if isinstance(kept, Mapping) and isinstance(value, Mapping) else value
    return found
