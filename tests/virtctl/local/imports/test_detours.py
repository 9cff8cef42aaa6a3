"""Connections through proxies."""

from __future__ import annotations

import ssl
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.fakes.proxying import proxy_server
from tests.fakes.webserver import WebServer
from virtctl.local import pki
from virtctl.local.imports import detours
from virtctl.local.imports.detours import Detours
from virtctl.local.imports.job import Refused
from virtctl.local.imports.unpacking import pieces
from virtctl.local.imports.web import Download, Request


@pytest.mark.parametrize(
    ("url", "without", "proxy"),
    [
        ("http://images.test/a", "", "p"),
        ("https://images.test/a", "", "q"),
        ("http://images.test/a", "images.test", ""),
        ("http://a.images.test/a", "x, .images.test", ""),
        ("http://a.images.test/a", "*.images.test", ""),
        ("http://otherimages.test/a", "images.test", "p"),
        ("http://10.1.2.3/a", "10.1.0.0/16", ""),
        ("http://10.2.2.3/a", "10.1.0.0/16,nonsense/x", "p"),
        ("http://images.test/a", "*", ""),
    ],
)
def test_which_proxy(url: str, without: str, proxy: str) -> None:
    assert Detours(http="p", https="q", without=without).of(urlsplit(url)) == proxy


def test_a_plain_download_through_a_proxy() -> None:
    with WebServer() as web, proxy_server("http") as proxy:
        web.files["disk"] = b"contents"
        chosen = Detours(http=proxy.url("jane:s%20t"))
        request = Request(url=web.url("disk"), detours=chosen)
        with closing(Download(request)) as download:
            assert b"".join(bytes(piece) for piece in pieces(download)) == b"contents"
        assert proxy.asked == [f"GET {web.url('disk')} HTTP/1.1"]
        assert proxy.users == ["Basic amFuZTpzIHQ="]


def test_tls_goes_through_a_tunnel() -> None:
    parts = urlsplit("https://images.test/a")
    found = detours.way(parts, ssl.create_default_context(), "proxy.test:3128", 5)
    assert (found.connection.host, found.connection.port) == ("proxy.test", 3128)
    assert (found.prefix, dict(found.headers)) == ("", {})
    found.connection.close()


def test_a_download_through_a_tunnel(tmp_path: Path) -> None:
    keys = pki.ensure(tmp_path, ("127.0.0.1",))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keys.server, keys.server_key)
    with WebServer(tls=context) as web, proxy_server("http") as proxy:
        web.files["disk"] = b"contents"
        chosen = Detours(https=proxy.url("jane:s%20t"), http="http://never.test")
        url, authority = web.url("disk"), keys.ca.read_text()
        request = Request(url=url, detours=chosen, authority=authority)
        with closing(Download(request)) as download:
            assert b"".join(bytes(piece) for piece in pieces(download)) == b"contents"
        (asked,) = proxy.asked
        assert asked.startswith(f"CONNECT {urlsplit(url).netloc} HTTP/1.")
        assert proxy.users == ["Basic amFuZTpzIHQ="]
        # What is asked for within is the server's own affair.
        assert web.requests == [("disk", "")]


def test_a_proxy_of_another_kind() -> None:
    with pytest.raises(Refused, match="must be an http URL, not `socks5://h`") as caught:
        detours.way(urlsplit("http://images.test/a"), None, "socks5://u:secret@h", 5)
    assert "secret" not in str(caught.value)
