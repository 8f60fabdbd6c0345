"""Outgoing webhooks as settings spell them: addresses, and secrets in the form of Standard Webhooks."""

import base64
import binascii
import re
import secrets
from urllib.parse import urlsplit

_LOOPBACK = ("127.0.0.1", "::1", "localhost")
PREFIX = "whsec_"


def new_secret() -> str:
    """A new secret: 32 random bytes."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def keys_of(setting: str) -> list[bytes]:
    """The keys in a setting: one secret or two, separated by white space. Raises ValueError for what is none."""
    words = setting.split()
    keys = []
    for word in words:
        try:
            key = base64.b64decode(word.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            key = b""
        if not word.startswith(PREFIX) or not 24 <= len(key) <= 64:
            raise ValueError("not whsec_ and the base64 of 24 to 64 bytes; make one with: debtdesk feed secret")
        keys.append(key)
    if not 1 <= len(keys) <= 2:
        raise ValueError("one secret, or the new one and the old one separated by a space")
    return keys


def creditors_of(setting: str) -> dict[str, frozenset[str]]:
    """Receiver → references of its creditors, from ``northern=NG,NG2 parcel=PARCEL``. Raises ValueError.

    A creditor has one receiver.
    """
    found: dict[str, frozenset[str]] = {}
    for word in setting.split():
        named = re.fullmatch(r"([a-z][a-z0-9-]{0,29})=([^,=]+(?:,[^,=]+)*)", word)
        if named is None:
            raise ValueError("not receivers and their creditors, such as northern=NG,NG2 parcel=PARCEL")
        name, refs = named[1], frozenset(ref.upper() for ref in named[2].split(","))
        if name in found or any(refs & others for others in found.values()):
            raise ValueError(f"{name} or one of its creditors is named twice: a creditor has one receiver")
        found[name] = refs
    return found


def addresses(setting: str) -> dict[str, str]:
    """Name → address, from ``https://…`` or ``dialler=https://… books=https://…``. Raises ValueError.

    Plain HTTP is for a receiver on this machine only.
    """
    found: dict[str, str] = {}
    for word in setting.split():
        named = re.fullmatch(r"([a-z][a-z0-9-]{0,29})=(.+)", word)
        name, url = (named[1], named[2]) if named else ("webhook", word)
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        if not safe or not parts.hostname:
            raise ValueError("not an address such as https://example.com/feed, or several as name=https://…")
        if name in found or name == "files":
            raise ValueError(f"{name} is named twice, or taken: give each receiver a name, as in dialler=https://…")
        found[name] = url
    return found
