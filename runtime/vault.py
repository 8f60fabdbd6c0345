"""Encryption at rest, and the secrets that processes of one machine share.

Secrets that are not given by the environment are made once and kept in the data folder, readable by
its owner only.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import secrets
import tempfile
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from runtime.errors import OperatorError
from runtime.redaction import never_show
from runtime.settings import settings


def kept_secret(name: str, make: bytes) -> bytes:
    """The secret ``name`` of this installation; ``make`` becomes it when there is none yet.

    It is written beside and then linked into place, so that of several processes that start at once all have the
    same one, and none reads half of it.
    """
    folder = settings().data_dir / "secrets"
    path: Path = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            handle, beside = tempfile.mkstemp(dir=folder, prefix=f".{name}-")  # readable by its owner only
            with open(handle, "wb") as file:
                file.write(make)
            with contextlib.suppress(FileExistsError):
                os.link(beside, path)
            os.unlink(beside)
        found = path.read_bytes()
    except OSError as error:
        raise OperatorError(f"DEBTDESK_DATA_DIR: {folder} cannot be used: {error.strerror}") from None
    if not found:
        raise OperatorError(f"{path} is empty; remove it only if nothing was ever encrypted with it")
    never_show(found.decode(errors="ignore"))
    return found


@cache
def engine_secret() -> str:
    """What engine and action server show each other on every call."""
    given = settings().engine_secret
    return given.get_secret_value() if given else kept_secret("engine", secrets.token_hex(32).encode()).decode()


@cache
def _at_rest() -> bytes:
    given = settings().secret_key
    return given.get_secret_value().encode() if given else kept_secret("at-rest", Fernet.generate_key())


@cache
def _cipher() -> Fernet:
    try:
        return Fernet(_at_rest())
    except ValueError:
        raise OperatorError("DEBTDESK_SECRET_KEY must be 32 bytes in URL-safe base64") from None


def encrypt(text: str) -> str:
    """``text`` encrypted with this installation's key, as ASCII."""
    return _cipher().encrypt(text.encode()).decode()


def encrypt_many(texts: Sequence[str]) -> list[str]:
    """Each of ``texts`` as ``encrypt`` would give it, at a fraction of the cost for thousands.

    The same key and the same form (Fernet, version 0x80: AES-128-CBC with a random vector each, then HMAC-SHA-256
    over all of it), so that ``decrypt`` reads it. All texts go through the cipher in one chain, a block of random
    bits before each: enciphered, that block is as random, and it is the vector of the text behind it (as in TLS 1.1).
    """
    raw = base64.urlsafe_b64decode(_at_rest())
    _cipher()  # says so when the key is unusable
    signing, secret = raw[:16], raw[16:]
    padded = [text.encode() for text in texts]
    padded = [text + bytes([16 - len(text) % 16]) * (16 - len(text) % 16) for text in padded]
    random = os.urandom(16 * len(padded))
    chain = b"".join([part for place, text in enumerate(padded) for part in (random[16 * place:16 * place + 16], text)])
    made = Cipher(algorithms.AES(secret), modes.CBC(os.urandom(16))).encryptor().update(chain)
    head = b"\x80" + int(time.time()).to_bytes(8, "big")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in signing.ljust(64, b"\0")))  # HMAC, its keys mixed in once
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in signing.ljust(64, b"\0")))
    tokens, at = [], 0
    for text in padded:
        signed = head + made[at:at + 16 + len(text)]
        at += 16 + len(text)
        inside, outside = inner.copy(), outer.copy()
        inside.update(signed)
        outside.update(inside.digest())
        tokens.append(base64.urlsafe_b64encode(signed + outside.digest()).decode())
    return tokens


_SHORTEST = 1 + 8 + 16 + 16 + 32
"""Of a Fernet token: version, time, vector, one block, HMAC."""


def decrypt_many(stored: Sequence[str]) -> list[str]:
    """The text behind each of ``stored``, as ``decrypt`` gives it, at a fraction of the cost for thousands.

    Each is checked by its HMAC first; then all go through the cipher in one chain: CBC needs nothing but the block
    before, and before a text stands its vector. Raises OperatorError when one was made with another key.
    """
    raw = base64.urlsafe_b64decode(_at_rest())
    _cipher()  # says so when the key is unusable
    signing, secret = raw[:16], raw[16:]
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in signing.ljust(64, b"\0")))  # HMAC, its keys mixed in once
    outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in signing.ljust(64, b"\0")))
    chained, ends, end = [], [], 0
    for token in stored:
        try:
            made = base64.urlsafe_b64decode(token)
        except ValueError:
            made = b""
        inside, outside = inner.copy(), outer.copy()
        inside.update(made[:-32])
        outside.update(inside.digest())
        whole = len(made) >= _SHORTEST and (len(made) - _SHORTEST) % 16 == 0 and made[0] == 0x80
        if not (whole and hmac.compare_digest(outside.digest(), made[-32:])):
            raise OperatorError("The database was encrypted with another key than DEBTDESK_SECRET_KEY")
        chained.append(made[9:-32])
        end += len(made) - 41
        ends.append(end)
    plain = Cipher(algorithms.AES(secret), modes.CBC(bytes(16))).decryptor().update(b"".join(chained))
    starts = [0, *ends][:len(ends)]  # where a vector stands
    return [plain[start + 16:stop - plain[stop - 1]].decode() for start, stop in zip(starts, ends, strict=True)]


def decrypt(stored: str) -> str:
    """The text behind ``stored``. Raises OperatorError when the key is not the one it was made with."""
    try:
        return _cipher().decrypt(stored.encode()).decode()
    except InvalidToken:
        raise OperatorError("The database was encrypted with another key than DEBTDESK_SECRET_KEY") from None


def is_encrypted(stored: str) -> bool:
    """Whether ``stored`` is what ``encrypt`` makes, with this installation's key."""
    if not stored.startswith("gAAAA"):
        return False
    try:
        _cipher().decrypt(stored.encode())
    except InvalidToken:
        return False
    return True


def keyed_hash(purpose: str, text: str) -> str:
    """A hash of ``text`` that only this installation can make, in hex. For what could be guessed: addresses, codes.

    ``purpose`` keeps hashes of the same text apart.
    """
    made = _keyed(purpose).copy()
    made.update(text.encode())
    return made.hexdigest()


@cache
def _keyed(purpose: str) -> hmac.HMAC:
    return hmac.new(_at_rest(), f"{purpose}\0".encode(), hashlib.sha256)
