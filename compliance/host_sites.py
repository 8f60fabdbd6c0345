"""Websites that may say who their visitor is: what each may say, and the keys it signs with.

Keys come from the operator's own files and are never fetched. They are read anew for each assertion, so that a key is
added or taken away without a restart; ``kid`` says which one signed, so that the old and the new are good side by side.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import PyJWK
from jwt.exceptions import PyJWTError
from pydantic import Field, field_validator

from compliance.files import Part
from runtime.errors import OperatorError

Algorithm = Literal["ES256", "ES384", "ES512", "EdDSA", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "HS256"]
LEAST_SECRET = 32
"""Bytes of a shared secret: as many as the hash gives (RFC 7518, 3.2)."""
LEAST_RSA = 2048
_CURVES: dict[str, Algorithm] = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}


@dataclass(frozen=True)
class HostKey:
    """One key of a site, and the algorithms that it may be used with."""

    kid: str
    material: Any
    algorithms: frozenset[Algorithm]


class HostSite(Part):
    """One website whose signed word is taken."""

    name: str
    """What you call it."""
    issuer: Annotated[str, Field(min_length=1)]
    """What its assertions say in iss."""
    audience: Annotated[str, Field(min_length=1)]
    """What they say in aud."""
    algorithms: tuple[Algorithm, ...] = Field(min_length=1)
    """How they are signed."""
    keys: str
    """A folder with KID.pem (public keys) or KID.secret (HS256), or a JWK set in a .json file; from this file on."""
    subject: Literal["debtor", "account"] = "debtor"
    """What ``sub`` holds: the debtor's reference or an account's."""
    creditors: tuple[str, ...] = ()
    """The site speaks only of debtors of these creditors; empty: of any."""
    proves: Literal["identifies", "verifies"] = "identifies"
    """Whether its word is enough, or one factor is asked yet."""
    longest_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    """From ``iat`` to ``exp`` at most."""
    leeway_seconds: Annotated[int, Field(ge=0, le=120)] = 30
    """How far the two clocks may be apart."""

    @field_validator("algorithms")
    @classmethod
    def _one_kind(cls, value: tuple[Algorithm, ...]) -> tuple[Algorithm, ...]:
        if "HS256" in value and len(value) > 1:
            raise ValueError("HS256 goes with no other: a public key must never pass for a shared secret")
        return value

    def keys_in(self, folder: Path) -> dict[str, HostKey]:
        """The site's keys by ``kid``. Raises OperatorError for one that cannot be used, or when there is none."""
        path = folder / self.keys
        found: dict[str, HostKey] = {}
        try:
            for key in _read(path):
                if key.kid in found:
                    raise OperatorError(f"host site {self.name}: two keys are called {key.kid!r} in {path}")
                if not key.algorithms & set(self.algorithms):
                    raise OperatorError(f"host site {self.name}: the key {key.kid!r} is of another kind than "
                                        f"{', '.join(self.algorithms)}")
                found[key.kid] = key
        except (OSError, UnicodeDecodeError) as error:
            raise OperatorError(f"host site {self.name}: {path} cannot be read: {error}") from None
        except ValueError as error:
            raise OperatorError(f"host site {self.name}: {error}") from None
        if not found:
            raise OperatorError(f"host site {self.name}: there is no key in {path}: put KID.pem, KID.secret or a JWK "
                                "set there")
        return found


def _read(path: Path) -> Iterator[HostKey]:
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if file.suffix == ".pem":
            yield _public(file.stem, file.read_bytes(), file.name)
        elif file.suffix == ".secret":
            secret = file.read_bytes().strip()
            if len(secret) < LEAST_SECRET:
                raise ValueError(f"{file.name}: a shared secret has at least {LEAST_SECRET} bytes")
            yield HostKey(file.stem, secret, frozenset({"HS256"}))
        elif file.suffix == ".json":
            yield from _jwk_set(file)


def _public(kid: str, pem: bytes, name: str) -> HostKey:
    if b"PRIVATE KEY" in pem:
        raise ValueError(f"{name} is a private key: the site keeps that; put its public key here")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{name} is no public key in PEM") from None
    return HostKey(kid, key, _algorithms(key, name))


def _jwk_set(file: Path) -> Iterator[HostKey]:
    try:
        listed = json.loads(file.read_text("utf-8"))["keys"]
        for one in listed:
            if not isinstance(one.get("kid"), str):
                raise ValueError(f"{file.name}: a key has no kid")
            if one.get("kty") == "oct":
                raise ValueError(f"{file.name}: {one['kid']} is a shared secret: put it into {one['kid']}.secret")
            if "d" in one:
                raise ValueError(f"{file.name}: {one['kid']} is a private key: the site keeps that")
            key = PyJWK(one).key
            yield HostKey(one["kid"], key, _algorithms(key, f"{file.name}: {one['kid']}"))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, PyJWTError) as error:
        raise ValueError(f"{file.name} is no JWK set: {type(error).__name__}") from None


def _algorithms(key: object, name: str) -> frozenset[Algorithm]:
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return frozenset({_CURVES[key.curve.name]})
    if isinstance(key, ed25519.Ed25519PublicKey):
        return frozenset({"EdDSA"})
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < LEAST_RSA:
            raise ValueError(f"{name}: an RSA key has at least {LEAST_RSA} bits")
        return frozenset(one for one in get_args(Algorithm) if one[:2] in ("RS", "PS"))
    raise ValueError(f"{name}: keys are of the kinds P-256, P-384, P-521, Ed25519 or RSA")
