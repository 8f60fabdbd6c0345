"""Triggers that write evidence when a row of another table is the thing to be shown later.

So no way of writing can forget it (a service, a bulk import, a statement typed by hand), it is in the same transaction,
and a turn waits for no statement more (docs/decisions/020). What is copied are ids, codes, amounts and dates.

The triggers are the program's, not a revision's: migrations run without them (SQLite rebuilds tables, and does not
rename one that a trigger names), and they are made anew at the newest revision.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, inspect, text

PREFIX = "evidence_of_"
OWN = "NEW.debtor_id"


@dataclass(frozen=True)
class Watched:
    """A table, the moment, and the record it makes. Values are SQL that both databases read alike.

    ``when`` limits it; ``columns``: an update of these, else an insert. ``kind``, ``at`` and the others may use the
    row (``NEW``), or the one before an update (``OLD``).
    """

    name: str
    table: str
    kind: str
    at: str
    subject: str
    facts: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    when: str | None = None
    debtor: str = OWN
    debt: str = "NULL"
    conversation: str = "NULL"
    actor: str = "''"


def _set(column: str) -> str:
    return f"OLD.{column} IS NULL AND NEW.{column} IS NOT NULL"


_BY_CONVERSATION = (
    "(SELECT v.debtor_id FROM verification v WHERE v.conversation_id = NEW.conversation_id ORDER BY v.id DESC LIMIT 1)")
_OF_TICKET = "(SELECT t.debtor_id FROM ticket t WHERE t.id = NEW.ticket_id)"
_OF_PLAN = "(SELECT p.debtor_id FROM plan p WHERE p.id = NEW.plan_id)"

WATCHED = (
    # Who was taken to be whom, and until when.
    Watched("verification", "verification", "'identity.' || NEW.level", "NEW.verified_at", "'verification:' || NEW.id",
            facts=("method", "link_id"), conversation="NEW.conversation_id"),
    Watched("verification_end", "verification", "'identity.ended'", "NEW.ended_at", "'verification:' || NEW.id",
            facts=("level", "method", "ended_reason"), columns=("ended_at",), when=_set("ended_at"),
            conversation="NEW.conversation_id"),
    Watched("attempt", "identity_attempt", "'identity.failed'", "NEW.at", "'attempt:' || NEW.id",
            when="NOT NEW.matched", debtor="NULL", conversation="NEW.conversation_id"),
    Watched("link", "personal_link", "'link.made'", "NEW.created_at", "'link:' || NEW.id",
            facts=("channel", "expires_at"), debt="NEW.debt_id", actor="NEW.created_by"),
    Watched("link_end", "personal_link", "'link.revoked'", "NEW.revoked_at", "'link:' || NEW.id",
            columns=("revoked_at",), when=_set("revoked_at"), debt="NEW.debt_id"),
    # What was asked of us.
    Watched("preference", "contact_preference",
            "CASE WHEN NEW.allowed THEN 'contact.allowed' ELSE 'contact.stopped' END", "NEW.since",
            "'contact:' || NEW.debtor_id || ':' || NEW.channel", facts=("channel", "reason")),
    Watched("preference_change", "contact_preference",
            "CASE WHEN NEW.allowed THEN 'contact.allowed' ELSE 'contact.stopped' END", "NEW.since",
            "'contact:' || NEW.debtor_id || ':' || NEW.channel", facts=("channel", "reason"), columns=("allowed",),
            when="NEW.allowed <> OLD.allowed"),
    Watched("contact_stop", "conversation", "'contact.stopped_here'", "NEW.contact_stopped_at", "''",
            facts=("channel",), columns=("contact_stopped_at",), when=_set("contact_stopped_at"),
            debtor=_BY_CONVERSATION.replace("NEW.conversation_id", "NEW.id"), conversation="NEW.id"),
    # What rests.
    Watched("hold", "hold", "'hold.placed'", "NEW.placed_at", "'hold:' || NEW.id", facts=("reason", "until"),
            debt="NEW.debt_id", actor="NEW.actor"),
    Watched("hold_end", "hold", "'hold.lifted'", "NEW.lifted_at", "'hold:' || NEW.id", facts=("reason",),
            columns=("lifted_at",), when=_set("lifted_at"), debt="NEW.debt_id", actor="NEW.lifted_by"),
    # What was agreed.
    Watched("plan", "plan_version", "'plan.' || NEW.act", "NEW.made_at", "'plan:' || NEW.plan_id",
            facts=("number", "total", "paid", "instalment", "every", "unit", "first_on"), debtor=_OF_PLAN,
            actor="NEW.actor"),
    Watched("plan_end", "plan", "'plan.' || NEW.status", "NEW.ended_at", "'plan:' || NEW.id", facts=("version",),
            columns=("ended_at",), when=_set("ended_at"), actor="NEW.ended_by"),
    Watched("promise", "promise", "'promise.made'", "NEW.made_at", "'promise:' || NEW.id",
            facts=("amount", "currency", "due_on"), actor="NEW.actor"),
    Watched("settlement", "settlement", "'settlement.offered'", "NEW.offered_at", "'settlement:' || NEW.id",
            facts=("amount", "balance", "currency", "payments", "accept_by", "pay_by"), debt="NEW.debt_id",
            actor="NEW.actor"),
    Watched("settlement_acceptance", "settlement", "'settlement.accepted'", "NEW.accepted_at",
            "'settlement:' || NEW.id", facts=("amount", "currency", "pay_by"), columns=("accepted_at",),
            when=_set("accepted_at"), debt="NEW.debt_id", actor="NEW.accepted_by"),
    Watched("settlement_end", "settlement", "'settlement.' || NEW.status", "NEW.ended_at", "'settlement:' || NEW.id",
            facts=("received", "currency"), columns=("ended_at",), when=_set("ended_at"), debt="NEW.debt_id",
            actor="NEW.ended_by"),
    # What was offered to pay.
    Watched("payment_offer", "pay_link_part", "'payment.offered'",
            "(SELECT l.created_at FROM pay_link l WHERE l.id = NEW.pay_link_id)", "'pay_link:' || NEW.pay_link_id",
            facts=("amount",), debt="NEW.debt_id",
            debtor="(SELECT l.debtor_id FROM pay_link l WHERE l.id = NEW.pay_link_id)",
            conversation="(SELECT l.conversation_id FROM pay_link l WHERE l.id = NEW.pay_link_id)"),
    # What staff looked at and did.
    Watched("staff", "staff_act", "'staff.' || NEW.what", "NEW.at", "'staff_act:' || NEW.id",
            facts=("ticket_id", "message_id"), when="NEW.what NOT IN ('signed_in', 'signed_out')",
            debtor=f"COALESCE(NEW.debtor_id, {_OF_TICKET}, {_BY_CONVERSATION})",
            conversation="NEW.conversation_id", actor="'staff:' || NEW.staff_id"),
)


def ensure(connection: Connection) -> None:
    """Make every trigger as it is here, in place of what there is. For a database at the newest revision."""
    drop(connection)
    for watched in WATCHED:
        columns = {column["name"] for column in inspect(connection).get_columns(watched.table)}
        if "debtor_id" in columns and watched.debtor != OWN:  # a row that names its debtor itself is that debtor's
            watched = replace(watched, debtor=f"COALESCE({OWN}, {watched.debtor})")
        for statement in _statements(watched, connection.dialect.name):
            connection.exec_driver_sql(statement)


def drop(connection: Connection) -> None:
    """Take the triggers away, while tables are changed."""
    for name, table in _there(connection):
        on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
        connection.exec_driver_sql(f"DROP TRIGGER {name}{on}")


def missing(connection: Connection) -> list[str]:
    """The triggers that are not there."""
    there = {name for name, _ in _there(connection)}
    return [watched.name for watched in WATCHED if PREFIX + watched.name not in there]


def possible(connection: Connection) -> bool:
    """Whether the log is there to be written to."""
    return inspect(connection).has_table("evidence")


def _there(connection: Connection) -> list[tuple[str, str]]:
    query = ("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger'" if connection.dialect.name == "sqlite"
             else "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal")
    return [(str(name), str(table)) for name, table in connection.execute(text(query)) if name.startswith(PREFIX)]


def _statements(watched: Watched, dialect: str) -> list[str]:
    build = {"sqlite": "json_object", "postgresql": "json_build_object"}[dialect]
    facts = ", ".join(f"'{column}', NEW.{column}" for column in watched.facts)
    insert = (
        "INSERT INTO evidence (kind, debtor_id, debt_id, conversation_id, subject, actor, at, facts) VALUES "  # noqa: S608
        f"({watched.kind}, {watched.debtor}, {watched.debt}, {watched.conversation}, {watched.subject}, "
        f"COALESCE({watched.actor}, ''), {watched.at}, {build}({facts}))")  # nosec B608  # all of it stands in WATCHED, above
    name = PREFIX + watched.name
    event = f"UPDATE OF {', '.join(watched.columns)}" if watched.columns else "INSERT"
    when = f" WHEN ({watched.when})" if watched.when else ""
    if dialect == "sqlite":
        return [f"CREATE TRIGGER {name} AFTER {event} ON {watched.table} FOR EACH ROW{when} BEGIN {insert}; END"]
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {insert}; RETURN NULL; END $$",
        f"CREATE TRIGGER {name} AFTER {event} ON {watched.table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()",
    ]
