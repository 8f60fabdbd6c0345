"""The audit itself: every rule over every conversation, everything sent and the books, in one reading."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from sqlalchemy.orm import Session

from audit.case import Case
from audit.outgoing import Outgoing, outbox
from audit.reading import Reader, batches, cases, count, creditor_names
from audit.rule import Finding, Found, Rule
from audit.rules import RULES
from audit.scope import Scope, debtors_of

Progress = Callable[[int, int], None]


@dataclass
class Report:
    """What an audit found, and how much it looked at."""

    scope: Scope
    rules: tuple[Rule, ...]
    findings: list[Finding] = field(default_factory=list)
    conversations: int = 0
    messages: int = 0
    sent: int = 0
    unreadable: int = 0
    """Texts that cannot be read any more, for their key was destroyed when they were erased."""

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


def audit(session: Session, scope: Scope, *, progress: Progress = lambda done, whole: None,
          rules: Iterable[Rule] = RULES) -> Report:
    """Judge everything within ``scope``. Reads in batches, so memory does not grow with what there is."""
    chosen = tuple(rule for rule in rules if not scope.rules or rule.number in scope.rules)
    report = Report(scope, chosen)
    reader = Reader(session.get_bind().dialect)
    if scope.conversation is not None:
        scope = replace(scope, debtors=debtors_of(session, scope.conversation))
    _, whole = count(session, scope)
    if any(rule.conversation for rule in chosen):
        names = creditor_names(session)
        for ids in batches(session, scope):
            for case in cases(session, ids, reader, names, scope.now):
                report.conversations += 1
                report.messages += len(case.messages)
                report.findings += _of_case(chosen, case, scope)
            session.expunge_all()
            progress(report.messages, whole)
    if any(rule.outgoing for rule in chosen):
        for items in outbox(session, scope, reader):
            for item in items:
                report.sent += 1
                report.findings += _of_item(chosen, item, scope)
            session.expunge_all()
    for rule in chosen:
        if rule.books is not None:
            report.findings += [_finding(rule, found, None) for found in rule.books(session, scope)
                                if scope.holds(found.at)]
            session.expunge_all()
    progress(whole, whole)
    report.unreadable = reader.unreadable
    return report


def _of_case(rules: Iterable[Rule], case: Case, scope: Scope) -> Iterator[Finding]:
    for rule in rules:
        if rule.conversation is None or not rule.applies(case.country, collector=case.collector):
            continue
        for found in rule.conversation(case):
            if scope.holds(found.said.at if found.said else found.at):
                yield _finding(rule, found, case.id)


def _of_item(rules: Iterable[Rule], item: Outgoing, scope: Scope) -> Iterator[Finding]:
    country = item.estate.country if item.estate else None
    collector = item.estate is None or item.estate.collector
    for rule in rules:
        if rule.outgoing is not None and rule.applies(country, collector=collector):
            for found in rule.outgoing(item):
                subject = found.subject or f"outbox {item.id}"
                yield _finding(rule, replace(found, subject=subject, at=item.moment), item.conversation_id)


def _finding(rule: Rule, found: Found, conversation: str | None) -> Finding:
    said = found.said
    subject = found.subject or (f"message {said.event_id}" if said else "the conversation")
    return Finding(rule.number, rule.title, subject, conversation, said.event_id if said else None,
                   said.at if said else found.at, found.reason, rule.to_do)
