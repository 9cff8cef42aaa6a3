"""Signed requests to object stores, checked against a server that checks signatures."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from tests.fakes.webserver import WebServer
from virtctl.errors import LocalError
from virtctl.local.imports.job import Refused, Source
from virtctl.local.imports.objectstores import gcs, s3, signature
from virtctl.local.imports.unpacking import pieces
from virtctl.local.imports.web import Download

NOW = datetime(2013, 5, 24, tzinfo=UTC)


def read(request) -> bytes:
    download = Download(request)
    try:
        return b"".join(bytes(piece) for piece in pieces(download))
    finally:
        download.close()


def test_a_signature_depends_on_key_place_and_time() -> None:
    parts = urlsplit("https://s3.eu-west-1.amazonaws.com/bucket/disk image.img")
    found = signature(parts, "KEY", "SECRET", NOW)
    assert found["x-amz-date"] == "20130524T000000Z"
    assert "Credential=KEY/20130524/eu-west-1/s3/aws4_request" in found["Authorization"]
    others = [
        signature(parts, "KEY", "OTHER", NOW),
        signature(urlsplit("https://s3.eu-west-1.amazonaws.com/bucket/b"), "KEY", "SECRET", NOW),
        signature(parts, "KEY", "SECRET", NOW.replace(hour=1)),
    ]
    assert len({each["Authorization"] for each in [found, *others]}) == 4


def test_s3_is_read_with_a_key_and_without() -> None:
    with WebServer() as web:
        web.files["bucket/disk"] = b"contents"

        def check(path: str, headers: dict[str, str]) -> int:
            if "authorization" not in headers:
                return 403
            moment = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            url = urlsplit(f"http://{headers['host']}/{path}")
            wanted = signature(url, "KEY", "SECRET", moment)
            return 0 if headers["authorization"] == wanted["Authorization"] else 403

        web.check = check
        url = web.url("bucket/disk")
        assert read(s3(Source(kind="s3", url=url, user="KEY", password="SECRET"))) == b"contents"
        for source in (
            Source(kind="s3", url=url),
            Source(kind="s3", url=url, user="KEY", password="WRONG"),
        ):
            with pytest.raises(LocalError, match="403") as caught:
                read(s3(source))
            assert not isinstance(caught.value, Refused)


def test_schemes_of_their_own() -> None:
    assert s3(Source(kind="s3", url="s3://host/bucket/key")).url == "https://host/bucket/key"
    found = gcs(Source(kind="gcs", url="gs://bucket/object")).url
    assert found == "https://storage.googleapis.com/bucket/object"


def account(key: object, uri: str) -> str:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return json.dumps({"client_email": "a@b", "private_key": pem.decode(), "token_uri": uri})


def test_google_gives_a_token_for_a_signed_statement() -> None:
    key = rsa.generate_private_key(65537, 2048)
    with WebServer() as web:
        web.files |= {"token": b'{"access_token": "t"}', "bucket/disk": b"contents"}
        web.check = lambda path, headers: 0 if headers.get("authorization") == "Bearer t" else 401
        source = Source(
            kind="gcs", url=web.url("bucket/disk"), service_account=account(key, web.url("token"))
        )
        assert read(gcs(source, now=1000.0)) == b"contents"
        assertion = web.posted[0].decode().rpartition("assertion=")[2]
    signed, _, proof = assertion.rpartition(".")
    padded = base64.urlsafe_b64decode(proof + "==")
    key.public_key().verify(padded, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    claims = json.loads(base64.urlsafe_b64decode(signed.partition(".")[2] + "=="))
    assert (claims["iss"], claims["iat"], claims["exp"]) == ("a@b", 1000, 4600)


def test_keys_that_are_none_are_refused() -> None:
    other = account(ec.generate_private_key(ec.SECP256R1()), "http://127.0.0.1:1/")
    broken = json.dumps({"client_email": "a@b", "private_key": "x"})
    for text, problem in (("{", "service account"), (broken, "private key"), (other, "RSA")):
        with pytest.raises(Refused, match=problem):
            gcs(Source(kind="gcs", url="gs://b/o", service_account=text))


def test_nobody_who_gives_tokens() -> None:
    key = rsa.generate_private_key(65537, 2048)
    with WebServer() as web:
        uri = web.url("token")
        web.files["token"] = b"no json"
        source = Source(kind="gcs", url="gs://b/o", service_account=account(key, uri))
        with pytest.raises(LocalError, match="no token that can be read"):
            gcs(source)
        web.answers["token"] = [(401, {})]
        with pytest.raises(LocalError, match="gives no token: 401") as caught:
            gcs(source)
        assert not isinstance(caught.value, Refused)
    with pytest.raises(LocalError, match="cannot be reached"):
        gcs(source)
