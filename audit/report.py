"""The report: for people, and as JSON for other programs."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from audit.rule import Finding, Rule
from audit.running import Report
from compliance.operator import operator


def readable(report: Report) -> Iterator[str]:
    """Lines for people: rule by rule what was found and what to do, then what could not be judged, then a sum."""
    by_rule: dict[int, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        by_rule[finding.rule].append(finding)
    for rule in report.rules:
        if found := by_rule.get(rule.number):
            yield f"Rule {rule.number}: {rule.title} ({rule.source})"
            for finding in found:
                yield f"  {_where(finding)}: {finding.reason}"
            yield f"  What to do: {rule.to_do}"
            yield ""
    for rule in report.rules:
        for what in rule.not_judged:
            yield f"Not judged, rule {rule.number}: {what}."
    if report.unreadable:
        yield f"{report.unreadable} erased text(s) could not be read and were left out."
    yield _sum(report)


def _where(finding: Finding) -> str:
    when = f"{_local(finding.at):%Y-%m-%d %H:%M} " if finding.at else ""
    place = f"conversation {finding.conversation}, " if finding.conversation else ""
    return f"{when}{place}{finding.subject}"


def _local(at: datetime) -> datetime:
    return at.astimezone(operator().zone)


def _sum(report: Report) -> str:
    looked = (f"{len(report.rules)} rule(s), {report.conversations:,} conversation(s), {report.messages:,} message(s), "
              f"{report.sent:,} sent otherwise")
    if report.clean:
        return f"Nothing found: {looked}."
    broken = len({finding.rule for finding in report.findings})
    return f"{len(report.findings):,} finding(s) of {broken} rule(s): {looked}."


def as_json(report: Report) -> str:
    """The same for programs. Moments are in UTC, ISO 8601."""
    scope = report.scope
    return json.dumps({
        "at": scope.now.isoformat(), "clean": report.clean,
        "scope": {"since": _iso(scope.since), "until": _iso(scope.until), "conversation": scope.conversation,
                  "rules": [rule.number for rule in report.rules]},
        "looked_at": {"conversations": report.conversations, "messages": report.messages, "outbox": report.sent,
                      "erased": report.unreadable},
        "findings": [_finding(finding) for finding in report.findings],
        "not_judged": [{"rule": rule.number, "what": what} for rule in report.rules for what in rule.not_judged],
    }, ensure_ascii=False, indent=2)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def _finding(finding: Finding) -> dict[str, Any]:
    return {"rule": finding.rule, "title": finding.title, "subject": finding.subject,
            "conversation": finding.conversation, "message": finding.message, "at": _iso(finding.at),
            "reason": finding.reason, "do": finding.what_to_do}


def explain(rules: tuple[Rule, ...]) -> Iterator[str]:
    """Every rule in words: what it asks, whom it binds, what it reads, and what cannot be judged yet."""
    for rule in rules:
        where = ", ".join(sorted(rule.countries)) or "everywhere"
        whom = "third-party collectors" if rule.collectors_only else "collectors and creditors"
        yield f"{rule.number:>2}  {rule.title} ({where}; {whom}; {rule.source})"
        yield f"    Looks at {rule.reads}."
        for what in rule.not_judged:
            yield f"    Not judged: {what}."
