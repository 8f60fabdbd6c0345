"""Rule 3: nothing of a debt before identity, nor after "wrong person"."""

from collections.abc import Iterator

from audit.case import Case, Said
from audit.rule import Found, Rule
from compliance.placing.closed import CLOSING


def check(case: Case) -> Iterator[Found]:
    for said in case.ours:
        if case.verified(said.at) is None:
            if what := case.speaks_of_debt(said):
                yield Found(f"speaks of a debt ({what}) to somebody who is not verified", said)
        elif (kind := _closed(case, said)) and case.method(said.at) != "link" and (what := case.speaks_of_debt(said)):
            yield Found(f"speaks of a debt ({what}) in a conversation that is closed ({kind})", said)


def _closed(case: Case, said: Said) -> str | None:
    kinds = (*CLOSING, "for_themselves")
    before = [t for t in case.tickets if t.conversation_id == case.id and t.kind in kinds and t.opened_at < said.at]
    latest = max(before, key=lambda t: t.id, default=None)
    closed = latest is not None and latest.kind in CLOSING and (latest.closed_at is None or latest.closed_at > said.at)
    return latest.kind if latest is not None and closed else None


RULE = Rule(3, "No debt is spoken of before identity", "15 USC 1692c(b), Reg F 1006.6(d); CONC 7.9",
            "everything said, cards and buttons included, and who was verified when",
            "Treat it as a disclosure to a third party: tell whoever answers for data protection today.",
            conversation=check)
