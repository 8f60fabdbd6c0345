"""Signatures in the manner of Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec, "Signatures").

``v1,`` and the base64 of HMAC-SHA256 over ``id.timestamp.body``. With two secrets there are two signatures, separated
by a space: a receiver that knows either is content, so that a secret can be changed without a gap.
"""

import base64
import hashlib
import hmac


def sign(keys: list[bytes], message_id: str, timestamp: int, body: bytes) -> str:
    """The signatures of ``body``, in the order of the keys. ``timestamp`` is in seconds since 1970."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join("v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode() for key in keys)
