"""Downloads that mend themselves."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fakes.webserver import WebServer
from virtctl.errors import LocalError
from virtctl.local import pki
from virtctl.local.imports import web as module
from virtctl.local.imports.job import Refused
from virtctl.local.imports.unpacking import pieces
from virtctl.local.imports.web import Download, Request, basic, header_lines, trusting

DATA = bytes(range(256)) * 4000


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(module, "_PAUSE", 0.0)
    with WebServer() as server:
        server.files["disk"] = DATA
        yield server


def read(request: Request, start: int = 0, tag: str = "") -> bytes:
    with closing(Download(request, start, tag)) as download:
        return b"".join(bytes(piece) for piece in pieces(download))


def test_a_file_comes_whole(web: WebServer) -> None:
    with closing(Download(Request(url=web.url("disk")))) as download:
        assert (download.total, download.tag, download.begins) == (len(DATA), '"1"', 0)
    assert read(Request(url=web.url("disk"))) == DATA


def test_broken_connections_go_on(web: WebServer) -> None:
    web.breaks["disk"] = [1000, 300_000, 0, 5]
    assert read(Request(url=web.url("disk"))) == DATA
    assert web.requests[1] == ("disk", "bytes=1000-")


def test_a_server_without_ranges_is_given_up(web: WebServer) -> None:
    web.ranges = False
    web.breaks["disk"] = [1000]
    with pytest.raises(LocalError, match="gives no parts"):
        read(Request(url=web.url("disk")))


def test_a_server_that_promises_more_than_it_has_is_given_up(web: WebServer) -> None:
    web.claimed["disk"] = len(DATA) + 10
    with pytest.raises(LocalError, match="broke off"):
        read(Request(url=web.url("disk")))


def test_a_file_that_changes_meanwhile_is_not_mixed(web: WebServer) -> None:
    web.breaks["disk"] = [1000]
    with closing(Download(Request(url=web.url("disk")))) as download:
        web.tags["disk"] = '"2"'
        with pytest.raises(LocalError):
            list(pieces(download))


def test_an_earlier_download_goes_on(web: WebServer) -> None:
    assert read(Request(url=web.url("disk")), 1000, '"1"') == DATA[1000:]


def test_another_version_begins_anew(web: WebServer) -> None:
    with closing(Download(Request(url=web.url("disk")), 1000, '"0"')) as download:
        assert download.begins == 0
        assert b"".join(bytes(piece) for piece in pieces(download)) == DATA


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410, 429, 500, 503])
def test_no_status_of_a_server_is_the_last_word(web: WebServer, code: int) -> None:
    web.answers["disk"] = [(code, {})]
    with pytest.raises(LocalError, match=str(code)) as caught:
        read(Request(url=web.url("disk")))
    assert not isinstance(caught.value, Refused)


def test_redirects_are_followed(web: WebServer) -> None:
    web.answers["old"] = [(302, {"location": "/disk"})]
    assert read(Request(url=web.url("old"))) == DATA
    web.answers["round"] = [(302, {"location": "/round"})] * 20
    with pytest.raises(LocalError, match="circles"):
        read(Request(url=web.url("round")))
    web.answers["file"] = [(302, {"location": "file:///etc/passwd"})]
    with pytest.raises(Refused, match="no web page"):
        read(Request(url=web.url("file")))


def test_secrets_stay_with_their_host(web: WebServer) -> None:
    seen = []
    web.check = lambda path, headers: seen.append((path, headers.get("authorization"))) or 0
    with WebServer() as other:
        other.files["disk"] = DATA
        others = []
        other.check = lambda path, headers: others.append(headers.get("authorization")) or 0
        web.answers["disk"] = [(307, {"location": other.url("disk")})]
        read(Request(url=web.url("disk"), headers=basic("jane", "secret")))
    assert seen == [("disk", "Basic amFuZTpzZWNyZXQ=")]
    assert others == [None]


def test_a_signature_is_made_for_each_request(web: WebServer) -> None:
    seen = []
    web.check = lambda path, headers: seen.append(headers["x-proof"]) or 0
    web.breaks["disk"] = [1000]
    made = iter(("one", "two"))
    request = Request(url=web.url("disk"), sign=lambda parts, headers: {"X-Proof": next(made)})
    assert read(request) == DATA
    assert seen == ["one", "two"]


def test_nobody_there_is_no_refusal() -> None:
    with WebServer() as server:
        url = server.url("disk?token=secret")
    with pytest.raises(LocalError, match="cannot be reached") as caught:
        read(Request(url=url))
    assert not isinstance(caught.value, Refused)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "disk", "http:///x"])
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(Refused, match="not an http or https URL"):
        Download(Request(url=url))


def test_header_lines() -> None:
    assert header_lines(("X-A: 1", "X-B:two:3")) == {"X-A": "1", "X-B": "two:3"}
    assert basic("", "x") == {}
    for line in ("no colon", ": x", "X-A: 1\nX-B: 2"):
        with pytest.raises(Refused, match="extraHeaders"):
            header_lines((line,))


def test_a_server_is_trusted_by_the_authority_that_is_given(tmp_path: Path) -> None:
    keys = pki.ensure(tmp_path / "pki", ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.server, keys.server_key)
    with WebServer(tls=context) as server:
        server.files["disk"] = DATA
        authority = keys.ca.read_text()
        assert read(Request(url=server.url("disk"), authority=authority)) == DATA
        with pytest.raises(LocalError, match=r"cannot be reached.*certificate"):
            read(Request(url=server.url("disk")))


def test_certificates_that_are_none_are_refused() -> None:
    assert urlsplit("https://x").scheme == "https"
    with pytest.raises(Refused, match="certConfigMap"):
        trusting("no certificate")
