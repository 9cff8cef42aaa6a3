"""Tokens that let their bearer upload into one claim, for some minutes.

JWTs (RFC 7519) with HMAC-SHA256; the key never leaves the instance.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error

import msgspec

LIFETIME = 300
"""Seconds."""

_UPLOAD = "Upload"


class Grant(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a token allows: an upload into the claim of ``uid``."""

    namespace: str
    name: str
    uid: str
    operation: str = _UPLOAD
    exp: int = 0


class Tokens:
    """Issues and reads tokens with ``key``."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def of_instance(cls, secret: str) -> Tokens:
        """With a key made from the instance's own secret."""
        return cls(hashlib.sha256(f"upload {secret}".encode()).digest())

    @property
    def key(self) -> bytes:
        """For the process that reads tokens."""
        return self._key

    def issue(self, grant: Grant, now: float) -> str:
        """A token that is good for ``LIFETIME``."""
        lasting = msgspec.structs.replace(grant, exp=int(now) + LIFETIME)
        head = _encoded(msgspec.json.encode({"alg": "HS256", "typ": "JWT"}))
        signed = f"{head}.{_encoded(msgspec.json.encode(lasting))}"
        return f"{signed}.{self._sign(signed)}"

    def read(self, token: str, now: float) -> Grant | None:
        """What a token allows; None when it is no good."""
        signed, _, proof = token.rpartition(".")
        if not hmac.compare_digest(self._sign(signed).encode(), proof.encode()):
            return None
        body = signed.partition(".")[2]
        try:
            data = urlsafe_b64decode(body + "=" * (-len(body) % 4))
            grant = msgspec.json.decode(data, type=Grant)
        except (Error, msgspec.MsgspecError):
            return None
        return grant if grant.operation == _UPLOAD and grant.exp >= now else None

    def _sign(self, text: str) -> str:
        return _encoded(hmac.new(self._key, text.encode(), hashlib.sha256).digest())


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
