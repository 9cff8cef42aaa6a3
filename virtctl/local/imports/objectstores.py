"""Objects of S3 and of Google Cloud Storage as requests of the web, signed by us.

S3: Signature Version 4 (AWS, "Signing AWS API requests"), path style, so that any server with that
API will do. Google: a service account's key is traded for a token (RFC 7523).
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import msgspec

from virtctl.errors import LocalError
from virtctl.local.imports.job import Refused, Source
from virtctl.local.imports.web import Request, trusting

_UNSIGNED = "UNSIGNED-PAYLOAD"
_REGION = "us-east-1"
_GOOGLE = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def s3(source: Source, now: datetime | None = None) -> Request:
    """A GET of ``https://HOST/BUCKET/KEY`` (or ``s3://``), signed where a key is given."""
    parts = urlsplit(source.url)
    url = source.url if parts.scheme in {"http", "https"} else f"https://{parts.netloc}{parts.path}"
    if not source.user:
        return Request(url=url, authority=source.authority)

    def sign(where: SplitResult, headers: Mapping[str, str]) -> Mapping[str, str]:
        del headers
        return signature(where, source.user, source.password, now or datetime.now(UTC))

    return Request(url=url, sign=sign, authority=source.authority)


def signature(parts: SplitResult, key: str, secret: str, now: datetime) -> dict[str, str]:
    """Headers that sign a GET of ``parts``."""
    stamp, day = f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    region = _region(parts.hostname or "")
    signed = {"host": parts.netloc, "x-amz-content-sha256": _UNSIGNED, "x-amz-date": stamp}
    names = ";".join(signed)
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    query = "&".join(sorted(parts.query.split("&"))) if parts.query else ""
    path = quote(parts.path or "/", safe="/~%")
    request = f"GET\n{path}\n{query}\n{lines}\n{names}\n{_UNSIGNED}"
    scope = f"{day}/{region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signing = f"AWS4{secret}".encode()
    for word in (day, region, "s3", "aws4_request"):
        signing = hmac.new(signing, word.encode(), hashlib.sha256).digest()
    proof = hmac.new(signing, text.encode(), hashlib.sha256).hexdigest()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={proof}"
    )
    return {
        "x-amz-content-sha256": _UNSIGNED,
        "x-amz-date": stamp,
        "Authorization": authorization,
    }


def _region(host: str) -> str:
    """The region in a host name of AWS, such as ``s3.eu-west-1.amazonaws.com``."""
    words = host.split(".")
    if host.endswith(".amazonaws.com") and len(words) >= 4 and words[-3] not in {"s3", "s3-1"}:
        return words[-3].removeprefix("s3-")
    return _REGION


class _ServiceAccount(msgspec.Struct):
    client_email: str
    private_key: str
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    private_key_id: str = ""


class _Token(msgspec.Struct):
    access_token: str


def gcs(source: Source, now: float | None = None) -> Request:
    """A GET of ``gs://BUCKET/OBJECT``, or of a web address of it; anonymous without a key."""
    parts = urlsplit(source.url)
    url = f"{_GOOGLE}/{parts.netloc}{parts.path}" if parts.scheme == "gs" else source.url
    if not source.service_account:
        return Request(url=url, authority=source.authority)
    token = google_token(source, time.time() if now is None else now)
    return Request(
        url=url, headers={"Authorization": f"Bearer {token}"}, authority=source.authority
    )


def google_token(source: Source, now: float) -> str:
    """A token for the service account. Raises ``Refused`` and ``LocalError``."""
    try:
        account = msgspec.json.decode(source.service_account, type=_ServiceAccount)
    except msgspec.MsgspecError as error:
        raise Refused(f"the secret's service account cannot be read: {error}") from error
    body = urlencode({"grant_type": _GRANT, "assertion": _assertion(account, int(now))})
    parts = urlsplit(account.token_uri)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection = _connected(parts, source.authority)
    try:
        connection.request("POST", parts.path or "/", body, headers)
        answer = connection.getresponse()
        data = answer.read(1 << 20)
    except (OSError, http.client.HTTPException) as error:
        raise LocalError(f"`{account.token_uri}` cannot be reached: {error}") from error
    finally:
        connection.close()
    if answer.status != 200:
        raise LocalError(f"`{account.token_uri}` gives no token: {answer.status} {answer.reason}")
    try:
        return msgspec.json.decode(data, type=_Token).access_token
    except msgspec.MsgspecError as error:
        raise LocalError(f"`{account.token_uri}` gives no token that can be read") from error


def _connected(parts: SplitResult, authority: str) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port, timeout=30)
    return http.client.HTTPSConnection(host, parts.port, timeout=30, context=trusting(authority))


def _assertion(account: _ServiceAccount, now: int) -> str:
    """A signed statement of who we are (RFC 7515, RS256)."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    head = {"alg": "RS256", "typ": "JWT", "kid": account.private_key_id}
    claims = {
        "iss": account.client_email,
        "scope": _SCOPE,
        "aud": account.token_uri,
        "iat": now,
        "exp": now + 3600,
    }
    signed = f"{_base64(msgspec.json.encode(head))}.{_base64(msgspec.json.encode(claims))}"
    try:
        key = serialization.load_pem_private_key(account.private_key.encode(), None)
    except ValueError as error:
        raise Refused("the service account's private key cannot be read") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Refused("the service account's private key must be an RSA key")
    proof = key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_base64(proof)}"


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")
