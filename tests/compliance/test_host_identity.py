"""A host site's signed word: the good one is taken once, every bad one is refused, and keys change without a gap."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from compliance import host_identity
from compliance.host_identity import Refused, read_word, use_host_identity
from compliance.identity import Identified, Verified, offer_factors
from compliance.identity_rules import read_rules
from compliance.standing import touch, who
from ledger.models import Creditor, Debt
from runtime.database import Database
from runtime.errors import OperatorError
from runtime.ids import ConversationId
from tests.compliance.conftest import Household

ISSUER, AUDIENCE = "https://my.gas.example", "desk"
SITE: dict[str, Any] = {"name": "gas", "issuer": ISSUER, "audience": AUDIENCE, "algorithms": ["ES256"], "keys": "keys"}


def public(key: Any) -> bytes:
    return bytes(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


class Portal:
    """A creditor's website with its keys, and the operator's file about it."""

    def __init__(self, folder: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.now, self._monkeypatch = folder, now, monkeypatch
        (folder / "keys").mkdir()
        self.key: Any = ec.generate_private_key(ec.SECP256R1())
        self.put("2026-01", self.key)

    def put(self, kid: str, key: Any) -> None:
        (self.folder / "keys" / f"{kid}.pem").write_bytes(public(key))

    def set_up(self, **site: Any) -> None:
        """Write the file and read it, as a start does."""
        file = self.folder / "identity.yml"
        file.write_text(json.dumps({"host_sites": [SITE | site]}))
        rules = read_rules(file)
        self._monkeypatch.setattr("compliance.identity_rules._current", lambda: rules)
        self._monkeypatch.setattr(host_identity, "settings", lambda: type("Set", (), {"identity_file": file}))

    def word(self, *, key: Any = None, algorithm: str = "ES256", kid: str | None = "2026-01", **claims: Any) -> str:
        at = int(self.now.timestamp())
        said = {"iss": ISSUER, "aud": AUDIENCE, "sub": "DD-1042", "iat": at, "exp": at + 300, "jti": "one"} | claims
        return jwt.encode({name: value for name, value in said.items() if value is not None}, key or self.key,
                          algorithm=algorithm, headers={"kid": kid} if kid else None)


@pytest.fixture
def portal(tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Portal:
    made = Portal(tmp_path, now, monkeypatch)
    made.set_up()
    return made


@pytest.fixture
def use(db: Database, home: Household, now: datetime, talk: Callable[..., ConversationId]) -> Callable[..., Any]:
    def used(assertion: str, *, at: datetime = now) -> Any:
        here = talk()
        with db.write() as session:
            return use_host_identity(session, conversation_id=here, assertion=assertion, now=at)
    return used


def test_it_identifies_and_a_factor_is_asked(portal: Portal, db: Database, home: Household, now: datetime,
                                             talk: Callable[..., ConversationId]) -> None:
    here = talk()
    with db.write() as session:
        word = portal.word()
        assert use_host_identity(session, conversation_id=here, assertion=word, now=now) == Identified(home.jane)
    with db.write() as session:
        standing = touch(session, conversation_id=here, now=now)
        assert (standing.verified, standing.identified) == (None, home.jane)
        assert offer_factors(session, conversation_id=here, address=None, factors={"postcodes": ["SW1A 2AA"]},
                             now=now) == Verified(home.jane)
    with db.read() as session:
        assert who(session, here, now=now + timedelta(hours=13)).identified is None


def test_it_verifies_where_that_is_set(portal: Portal, use: Callable[..., Any], home: Household) -> None:
    portal.set_up(proves="verifies")
    assert use(portal.word()) == Verified(home.jane)


def test_a_creditors_site_verifies_only_who_owes_to_nobody_else(
        portal: Portal, use: Callable[..., Any], db: Database, home: Household) -> None:
    portal.set_up(proves="verifies", creditors=["GAS"], subject="account")
    assert use(portal.word(sub="NG-0001")) == Verified(home.jane)
    with db.write() as session:
        other = Creditor(ref="SHOP", name="A shop", country="GB", currency="GBP", policy="uk-standard")
        session.add(other)
        session.flush()
        session.get_one(Debt, home.parcel).creditor_id = other.id
    assert use(portal.word(sub="NG-0001", jti="two")) == Identified(home.jane)
    portal.set_up(proves="verifies", creditors=["OTHER"])
    assert use(portal.word(jti="three")) is None


def test_it_is_good_once(portal: Portal, use: Callable[..., Any], now: datetime) -> None:
    word = portal.word()
    use(word)
    with pytest.raises(Refused, match="used before"):
        use(word)
    with pytest.raises(Refused, match="used before"):  # the same jti in another envelope
        use(portal.word(exp=int(now.timestamp()) + 200))
    with pytest.raises(Refused, match="used before"):
        use(word, at=now + timedelta(seconds=310))  # within the leeway
    with pytest.raises(Refused, match="expired"):
        use(word, at=now + timedelta(minutes=6))
    assert use(portal.word(sub="DD-9999", jti="two")) is None
    with pytest.raises(Refused, match="used before"):
        use(portal.word(sub="DD-9999", jti="two"))


@pytest.mark.parametrize(("claims", "why"), [
    ({"aud": "another"}, "no site"), ({"iss": "https://evil.example"}, "no site"), ({"aud": None}, "no site"),
    ({"exp": None}, "exp"), ({"iat": None}, "iat"), ({"jti": None}, "jti"), ({"sub": None}, "sub"),
    ({"exp": 1}, "expired"), ({"exp": "soon"}, "unreadable|exp"), ({"iat": 2**33, "exp": 2**33 + 10}, "not yet"),
    ({"nbf": 2**33}, "not yet"), ({"exp": 2**33}, "longer"), ({"exp": 2**80}, "exp"), ({"jti": "x" * 300}, "jti"),
    ({"sub": ["DD-1042"]}, "sub"), ({"exp": True}, "exp"),
])
def test_a_claim_that_does_not_fit(portal: Portal, now: datetime, claims: dict[str, Any], why: str) -> None:
    with pytest.raises(Refused, match=why):
        read_word(portal.word(**claims), now=now)


def test_other_keys_and_algorithms(portal: Portal, now: datetime) -> None:
    public_pem = public(portal.key)
    header = {"kid": "2026-01", "alg": "none"}
    unsigned = jwt.encode({"iss": ISSUER, "aud": AUDIENCE}, None, algorithm="none", headers=header)
    wrong = [portal.word(key=ec.generate_private_key(ec.SECP256R1())), portal.word(kid=None), portal.word(kid="2025"),
             portal.word(kid="../keys/2026-01"), unsigned, portal.word(key=b"x" * 32, algorithm="HS256"),
             portal.word(key=ed25519.Ed25519PrivateKey.generate(), algorithm="EdDSA"), "", "a.b.c", "." * 4000,
             portal.word()[:-2] + "AA"]
    with pytest.raises(jwt.PyJWTError):  # the library refuses even to make the confused one
        portal.word(key=public_pem, algorithm="HS256")
    for one in wrong:
        with pytest.raises(Refused):
            read_word(one, now=now)
    assert read_word(portal.word(), now=now).reference == "DD-1042"


def test_a_key_is_changed_without_a_gap_and_a_restart(portal: Portal, now: datetime) -> None:
    new = ed25519.Ed25519PrivateKey.generate()
    portal.set_up(algorithms=["ES256", "EdDSA"])
    portal.put("2026-07", new)
    newer = portal.word(key=new, algorithm="EdDSA", kid="2026-07")
    assert read_word(newer, now=now).jti == read_word(portal.word(), now=now).jti
    (portal.folder / "keys" / "2026-01.pem").unlink()
    assert read_word(newer, now=now).jti == "one"
    with pytest.raises(Refused, match="kid"):
        read_word(portal.word(), now=now)


def test_a_shared_secret_and_a_jwk_set(portal: Portal, now: datetime) -> None:
    (portal.folder / "shared").mkdir()
    (portal.folder / "shared" / "a.secret").write_text("s" * 40 + "\n")
    portal.set_up(algorithms=["HS256"], keys="shared")
    assert read_word(portal.word(key=b"s" * 40, algorithm="HS256", kid="a"), now=now).jti == "one"
    jwk = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(portal.key.public_key())) | {"kid": "b"}
    (portal.folder / "set.json").write_text(json.dumps({"keys": [jwk]}))
    portal.set_up(keys="set.json")
    assert read_word(portal.word(kid="b"), now=now).jti == "one"


def test_what_is_wrong_with_a_site_is_said_at_the_start(portal: Portal) -> None:
    private = portal.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    small = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  (that is the point)
    (portal.folder / "empty").mkdir()
    for name, content in (("private.pem", private), ("junk.pem", b"x"), ("short.secret", b"short"),
                          ("small.pem", public(small)), ("set.json", b"[]")):
        (portal.folder / name).write_bytes(content)
    for site, why in (({"keys": "private.pem"}, "private key"), ({"keys": "junk.pem"}, "no public key"),
                      ({"keys": "short.secret"}, "32 bytes"), ({"keys": "small.pem"}, "2048"),
                      ({"keys": "set.json"}, "JWK set"), ({"keys": "empty"}, "no key"), ({"keys": "none.pem"}, "read"),
                      ({"algorithms": ["RS256"]}, "another kind"), ({"algorithms": ["HS256", "RS256"]}, "no other"),
                      ({"algorithms": ["none"]}, "algorithms"), ({"issuer": ""}, "issuer"), ({"kies": "x"}, "kies")):
        with pytest.raises(OperatorError, match=why):
            portal.set_up(**site)
