"""How identity is proved here: ``identity.yml`` of the operator. Without the file, what this module says.

What is asked first is the same for everybody, because a question that depended on the reference would tell who is in
the books. A creditor may ask for more: that is said only to somebody who has given what is asked first, all right.
"""

from collections.abc import Mapping, Set
from functools import cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, field_validator, model_validator
from pydantic_core import CoreSchema

from compliance.files import Part, WrongFile, content, read
from compliance.host_sites import HostSite
from compliance.profile import Waits
from ledger.policy.problems import Problem
from runtime.errors import OperatorError
from runtime.settings import settings

Factor = Literal["reference", "date_of_birth", "postcode", "last_name", "code"]
FACTORS: tuple[Factor, ...] = get_args(Factor)
STRONG = frozenset({"date_of_birth", "code"})
"""What does not stand on an envelope or a letter."""


class Requirement(Part):
    """Some of these factors, at least so many. In the file a single factor is written as its name alone."""

    of: tuple[Factor, ...] = Field(min_length=1)
    """The factors to choose from."""
    at_least: Annotated[int, Field(ge=1)] = 1
    """How many of them."""

    @model_validator(mode="before")
    @classmethod
    def _one_name(cls, value: Any) -> Any:
        return {"of": [value]} if isinstance(value, str) else {"of": value} if isinstance(value, list) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, whole: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [handler(whole), {"enum": list(FACTORS)},
                          {"type": "array", "items": {"enum": list(FACTORS)}, "minItems": 1}]}

    @model_validator(mode="after")
    def _possible(self) -> "Requirement":
        if len(set(self.of)) < len(self.of):
            raise ValueError(f"names a factor twice: {', '.join(self.of)}")
        if self.at_least > len(self.of):
            raise ValueError(f"wants {self.at_least} of {len(self.of)}")
        return self

    def met(self, have: Mapping[str, bool]) -> bool:
        """Whether enough of the factors are among those that are true."""
        return sum(bool(have.get(factor)) for factor in self.of) >= self.at_least

    def lacking(self, have: Mapping[str, bool]) -> str:
        """What to ask for yet, as ``postcode_or_name``. A code is asked for only where nothing else would do."""
        left = [factor for factor in self.of if not have.get(factor)]
        typed = [factor for factor in left if factor != "code"] or left
        return "_or_".join("name" if factor == "last_name" else factor for factor in typed)


def missing(requirements: tuple[Requirement, ...], have: Mapping[str, bool]) -> frozenset[str]:
    """What is not met yet, by the names that the texts know."""
    return frozenset(one.lacking(have) for one in requirements if not one.met(have))


class CreditorFactors(Part):
    """What one creditor asks for beyond what everybody is asked."""

    also: tuple[Requirement, ...] = Field(min_length=1)
    """A factor's name, or some of several: {of: [postcode, last_name], at_least: 1}."""


def _network(value: object) -> object:
    try:
        return ip_network(str(value))
    except ValueError as error:
        raise ValueError(f"expected a network such as 192.0.2.0/24: {error}") from None


Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(_network)]


class SharedAddress(Part):
    """Addresses that many people share (a library, an office, a carrier's gateway), and their own waits."""

    name: str
    """What you call them."""
    networks: tuple[Network, ...] = Field(min_length=1)
    """The networks, as in 192.0.2.0/24."""
    waits: Waits
    """The waits for failures from there, instead of the profile's."""


class Links(Part):
    """Personal links."""

    verifies_times: Annotated[int, Field(ge=1, le=100)] | None = None
    """How often a link made by staff verifies; after that it identifies. Null: for as long as it lives."""


class Codes(Part):
    """One-time codes."""

    by: tuple[Literal["email", "sms"], ...] = ("email", "sms")
    """The ways in order: the first that is set up, and for which the debtor has an address on file, is taken."""
    per_debtor_per_day: Annotated[int, Field(ge=1, le=50)] = 6
    """Codes to one person at most, from however many conversations. What is above is not sent; nobody learns that."""


DEFAULT_ASK = (Requirement(of=("reference",)), Requirement(of=("date_of_birth", "code")),
               Requirement(of=("postcode", "last_name")))


class IdentityRules(Part):
    """The file ``identity.yml``."""

    ask: tuple[Requirement, ...] = DEFAULT_ASK
    """What everybody is asked for, before anything is compared."""
    creditors: dict[str, CreditorFactors] = Field(default_factory=dict)
    """What a creditor asks for besides, by its reference."""
    fresh_minutes: Annotated[int, Field(ge=1, le=720)] = 15
    """How long ago identity may have been proved for an act that is sensitive."""
    per_account: Waits = Waits(free_failures=20, wait_minutes=(1, 2, 5, 15, 30, 60))
    """By the reference that was given, known or not, from wherever; and by the link that was opened."""
    per_channel: Waits = Waits(free_failures=2000, wait_minutes=(1, 2, 5))
    """All failures on one channel: a guessing machine with many addresses."""
    shared_addresses: tuple[SharedAddress, ...] = ()
    """Networks whose waits differ from those of the profile."""
    links: Links = Links()
    """Personal links."""
    codes: Codes = Codes()
    """One-time codes."""
    host_sites: tuple[HostSite, ...] = ()
    """Websites that may say who their visitor is."""

    @field_validator("ask")
    @classmethod
    def _enough(cls, value: tuple[Requirement, ...]) -> tuple[Requirement, ...]:
        if Requirement(of=("reference",)) not in value:
            raise ValueError("must ask for the reference: it says whose factors are compared")
        for chosen in _ways(value):
            if not chosen & STRONG:
                raise ValueError(f"{' and '.join(sorted(chosen))} would be enough, and all of that stands on a "
                                 "letter: ask for date_of_birth or code too")
            if "code" not in chosen and len(chosen) < 3:
                raise ValueError(f"{' and '.join(sorted(chosen))} would be enough: a family member knows that; ask "
                                 "for one more factor, or for a code")
        return value

    @model_validator(mode="after")
    def _sites_differ(self) -> "IdentityRules":
        issuers = [(site.issuer, site.audience) for site in self.host_sites]
        if len(set(issuers)) < len(issuers):
            raise ValueError("host_sites: two sites have the same issuer and audience")
        return self

    def needed(self) -> list[str]:
        """What everybody is asked for, by the names that the texts know."""
        return [one.lacking({}) for one in self.ask]

    def also(self, creditors: Set[str]) -> tuple[Requirement, ...]:
        """What these creditors ask for besides, each once."""
        asked = [one for ref in sorted(creditors) if ref in self.creditors for one in self.creditors[ref].also]
        return tuple(dict.fromkeys(asked))

    def waits_at(self, address: str, otherwise: Waits) -> Waits:
        """The waits for failures from ``address``."""
        try:
            where = ip_address(address)
        except ValueError:
            return otherwise  # a chat id
        return next((shared.waits for shared in self.shared_addresses
                     if any(where in network for network in shared.networks)), otherwise)


def _ways(requirements: tuple[Requirement, ...]) -> list[frozenset[str]]:
    """Every smallest set of factors that meets all of ``requirements``."""
    found = [frozenset(factor for place, factor in enumerate(FACTORS) if bits >> place & 1)
             for bits in range(1 << len(FACTORS))]
    enough = [chosen for chosen in found if all(one.met(dict.fromkeys(chosen, True)) for one in requirements)]
    return [chosen for chosen in enough if not any(other < chosen for other in enough)]


def identity_rules() -> IdentityRules:
    """The rules of this installation. Raises OperatorError with one clear line per mistake."""
    return _current()


@cache
def _current() -> IdentityRules:
    path = settings().identity_file
    if not path.exists() and "identity_file" not in settings().model_fields_set:
        return IdentityRules()
    return read_rules(path)


def read_rules(path: Path) -> IdentityRules:
    """The rules in a file, its host sites' keys read. Raises OperatorError, one line with all that is wrong."""
    if not path.is_file():
        raise OperatorError(f"there is no file at {path}; DEBTDESK_IDENTITY_FILE names it")
    rules = read(path, IdentityRules, may_be_empty=True)
    wrong = []
    for number, site in enumerate(rules.host_sites):
        try:
            site.keys_in(path.parent)  # a key that cannot be used is found now
        except OperatorError as error:
            line = content(path).line(("host_sites", number, "keys"))
            wrong.append(Problem(line, f"host_sites[{number + 1}].keys", str(error)))
    if wrong:
        raise WrongFile(path.name, wrong)
    return rules
