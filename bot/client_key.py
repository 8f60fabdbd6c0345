"""A client's half of the session's key, for clients in Python: the terminal, the benchmark, tests, another system."""

import base64

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from compliance.session_keys import message_words, renewal_words


def _text(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).decode().rstrip("=")


class ClientKey:
    """A key made for one session. ``public`` goes with ``POST /session``; the private half stays here."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        self.public = {"kty": "EC", "crv": "P-256", "x": _text(numbers.x), "y": _text(numbers.y)}

    def sign(self, words: str) -> str:
        """The signature over ``words``: r and s, URL-safe base64."""
        made = decode_dss_signature(self._key.sign(words.encode(errors="replace"), ec.ECDSA(hashes.SHA256())))
        return base64.urlsafe_b64encode(b"".join(part.to_bytes(32, "big") for part in made)).decode().rstrip("=")

    def proof(self, conversation_id: str, message_id: str, text: str) -> str:
        """What goes with a text message as its ``proof``."""
        return self.sign(message_words(conversation_id, message_id, text))

    def renewal(self, conversation_id: str, nonce: str) -> dict[str, str]:
        """The body of ``POST /session/renew``."""
        return {"nonce": nonce, "signature": self.sign(renewal_words(conversation_id, nonce))}
