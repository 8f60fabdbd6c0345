"""Whose right a command uses, and the record that it was used.

The command line knows no passwords: whoever reaches it owns the machine. What is asked is a name to be answerable by,
and that the account it belongs to may do the thing.
"""

import secrets
from datetime import datetime

from sqlalchemy.orm import Session

from compliance.evidence import record
from console.models import Role
from console.staff import account_of
from ledger.looking_up import find_debtors
from runtime.errors import StaffError
from runtime.ids import DebtorId


def debtor_of(session: Session, ref: str) -> DebtorId:
    """The debtor a reference stands for, their own or an account's; or an e-mail address or telephone number that is
    one debtor's alone. Raises StaffError."""
    found = find_debtors(session, ref)
    if not found:
        raise StaffError(f"There is no debtor or account {ref!r}")
    if len(found) > 1:
        raise StaffError(f"{ref!r} may be any of {', '.join(debtor.ref for debtor in found[:10])}: say which")
    return found[0].id


def may_export(session: Session, by: str | None) -> str:
    """Who exports personal data, as the record names them. Raises StaffError for anybody but a manager."""
    if not by:
        raise StaffError("Personal data leaves the house in somebody's name: say whose, with --by EMAIL")
    account = account_of(session, by)
    if account is None or not account.active or account.role is not Role.MANAGER:
        raise StaffError(f"{by} may not export personal data: that is a manager's right (debtdesk staff list)")
    return f"staff:{account.id}"


def record_export(session: Session, *, what: str, debtor_id: DebtorId | None, actor: str, personal: bool,
                  now: datetime) -> None:
    """Record as evidence that something was exported."""
    record(session, key=f"export:{secrets.token_urlsafe(16)}", kind="export.made", now=now,
           debtor_id=debtor_id, subject=what, actor=actor, facts={"personal_data": personal})
