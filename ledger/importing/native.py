"""The native layout: the columns of Debtdesk's own CSV, and what each may hold.

``docs/import.md`` describes the same columns for people; a test keeps the two together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "ref", "text", "amount", "date", "yes_or_no", "country", "region", "currency", "language",
    "timezone", "email", "phone", "postcode", "policy", "status", "word", "change", "rate",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """One column. ``required`` columns must exist and be filled in every row."""

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    longest: int = 100


LAYOUT: tuple[Field, ...] = (
    Field("creditor_ref", "ref", "Your short name for the creditor", required=True),
    Field("creditor_name", "text", "The creditor's name as the debtor knows it; the reference when empty", longest=200),
    Field("creditor_country", "country", "Where the creditor is; the debtor's country when empty"),
    Field("policy", "policy", "The creditor's policy file; `uk-standard` or `us-standard` by country when empty"),
    Field("own_collector", "yes_or_no", "Whether the creditor collects its own debts; no when empty"),
    Field("debtor_ref", "ref", "The debtor's reference: what the debtor quotes", required=True),
    Field("first_name", "text", "First name"),
    Field("last_name", "text", "Last name, or the name of a business"),
    Field("date_of_birth", "date", "Date of birth; an identity factor"),
    Field("country", "country", "Where the debtor lives: ISO 3166, two letters", required=True),
    Field("postcode", "postcode", "Postcode or ZIP code; an identity factor"),
    Field("region", "region", "State in the US (TX or Texas); in GB England, Scotland, Wales or Northern Ireland"),
    Field("email", "email", "E-mail address"),
    Field("phone", "phone", "Telephone, with the country in front; national numbers are completed in GB and US"),
    Field("language", "language", "Language of the debtor: en, es, …"),
    Field("timezone", "timezone", "IANA time zone; Europe/London when empty in GB, else unknown"),
    Field("vulnerable", "yes_or_no", "Whether you know of a vulnerability; a flag only, never the reason"),
    Field("debt_ref", "ref", "Reference of this debt; no other debt may have it", required=True),
    Field("kind", "word", "What sort of debt, one word: energy, catalogue, card, rent, invoice, …; `other` when empty"),
    Field("description", "text", "What it is for, in words the debtor understands", longest=300),
    Field("original_creditor", "text", "Who it was owed to at first, when that is somebody else", longest=200),
    Field("currency", "currency", "ISO 4217: GBP, USD, …", required=True),
    Field("principal", "amount", "The sum owed, without interest, fees and costs", required=True),
    Field("interest", "amount", "Interest so far; 0 when empty"),
    Field("fees", "amount", "Fees so far; 0 when empty"),
    Field("costs", "amount", "Costs so far; 0 when empty"),
    Field("total", "amount", "Control figure: when given it must equal the four amounts together"),
    Field("opened_on", "date", "The day it became a debt: invoice or agreement date", required=True),
    Field("due_on", "date", "The day it should have been paid"),
    Field("last_acknowledged_on", "date", "Last payment or written acknowledgement (limitation counts from it)"),
    Field("time_barred", "yes_or_no", "Whether it is too old to sue for; unknown when empty, and then staff decide"),
    Field("status", "status", "`open` (when empty), `disputed` or `settled`"),
    Field("disputed", "yes_or_no", "Whether the debtor disputes it; an open debt goes on hold"),
    Field("settled_on", "date", "The day it was paid in full; the day of the import for `settled` without one"),
    Field("change", "change", "In a delta file: `new`, `changed`, `closed`, `written_off` or `recalled`"),
    Field("interest_rate", "rate", "Per cent a year by its contract or judgment; the policy's when empty"),
    Field("stage", "word", "How far it has come: a word of your process, as in `operator.yml`; not said when empty"),
)
FIELDS: Mapping[str, Field] = {field.name: field for field in LAYOUT}
REQUIRED: tuple[str, ...] = tuple(field.name for field in LAYOUT if field.required)

US_STATES: Mapping[str, str] = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA", "colorado": "CO",
    "connecticut": "CT", "delaware": "DE", "district of columbia": "DC", "florida": "FL", "georgia": "GA",
    "hawaii": "HI", "idaho": "ID", "illinois": "IL", "indiana": "IN", "iowa": "IA", "kansas": "KS",
    "kentucky": "KY", "louisiana": "LA", "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI",
    "minnesota": "MN", "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY", "north carolina": "NC",
    "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR", "pennsylvania": "PA",
    "puerto rico": "PR", "rhode island": "RI", "south carolina": "SC", "south dakota": "SD", "tennessee": "TN",
    "texas": "TX", "utah": "UT", "vermont": "VT", "virginia": "VA", "washington": "WA", "west virginia": "WV",
    "wisconsin": "WI", "wyoming": "WY",
}  # fmt: skip
GB_NATIONS: Mapping[str, str] = {
    "england": "England", "eng": "England", "scotland": "Scotland", "sct": "Scotland", "wales": "Wales",
    "wls": "Wales", "cymru": "Wales", "northern ireland": "Northern Ireland", "nir": "Northern Ireland",
}  # fmt: skip
