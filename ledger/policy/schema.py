"""The published JSON schema of policy files: ``docs/schemas/policy.schema.json``."""

from typing import Any

from ledger.policy.model import Policy


def schema() -> dict[str, Any]:
    """The schema of a policy file, draft 2020-12. The name is not part of the file: it is the file's own."""
    found = Policy.model_json_schema()
    del found["properties"]["name"]
    found["required"].remove("name")
    for described in (found, *found["$defs"].values()):
        if "description" in described:
            described["description"] = described["description"].replace("``", "")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Debtdesk policy",
        "description": "What a creditor allows without asking anybody. See docs/policy.md.",
    } | {name: part for name, part in found.items() if name not in ("title", "description")}
