"""After every dialogue of this folder: what was said and done in all of them keeps the rules.

The file's name puts it last, so that nothing is said after it. A finding is a fault of the desk, or of a rule.
"""

from sqlalchemy import select

from audit.report import readable
from audit.running import audit
from audit.scope import Scope
from conversations.models import Message
from tests.end_to_end.conftest import Desk


def test_all_that_was_said_keeps_the_rules(desk: Desk) -> None:
    with desk.database.read() as session:
        report = audit(session, Scope(now=desk.now))
        texts = [
            f"{finding.rule} {finding.conversation} {finding.subject}: {found.author} {found.say}: {found.text[:200]}"
            for finding in report.findings if finding.message is not None and (found := session.scalars(
                select(Message).where(Message.conversation_id == finding.conversation,
                                      Message.event_id == finding.message)).one_or_none())]
    assert report.clean, "\n".join([*readable(report), *texts])
    assert report.unreadable == 0
