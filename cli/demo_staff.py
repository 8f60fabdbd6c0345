"""A login for the console of the demo: made once for this data folder, printed at every start."""

import secrets

from console.models import Role
from console.staff import account_of, add_staff
from runtime.clock import Clock
from runtime.database import Database
from runtime.vault import kept_secret

EMAIL = "demo@harbourvale.example"
NAME = "Sam (demo)"


def demo_login(db: Database) -> tuple[str, str]:
    """Address and password of the demo's manager, whose account is added when it is not there yet."""
    password = kept_secret("demo-login", f"demo-{secrets.token_hex(5)}".encode()).decode()
    with db.write() as session:
        if account_of(session, EMAIL) is None:
            add_staff(session, name=NAME, email=EMAIL, password=password, role=Role.MANAGER, now=Clock(db).now())
    return EMAIL, password
