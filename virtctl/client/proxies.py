"""Proxies: which one, and a connection through it.

``http`` and ``https`` proxies tunnel to TLS servers (CONNECT, RFC 9110 §9.3.6) and are asked for
the whole URL of plain ones (§7.1); ``socks5`` ones (RFC 1928) carry everything, and resolve names.
"""

from __future__ import annotations

import http.client
import socket
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from virtctl.client.kubeconfig import Target
from virtctl.errors import ConfigError

_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
_SOCKS_ERRORS = {
    1: "general failure", 2: "not allowed by its rules", 3: "network unreachable",
    4: "host unreachable", 5: "connection refused", 6: "time to live exceeded",
    7: "command not supported", 8: "address type not supported",
}  # fmt: skip


class Proxy(NamedTuple):
    """A proxy. ``scheme`` is http, https, socks5 or socks5h."""

    url: str
    scheme: str
    host: str
    port: int
    username: str = ""
    password: str = ""

    @property
    def authorization(self) -> str:
        """A ready ``Proxy-Authorization`` value; empty without a user."""
        if not self.username:
            return ""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {b64encode(pair).decode()}"

    def connection(
        self, host: str, port: int, context: ssl.SSLContext | None, timeout: float | None, name: str
    ) -> http.client.HTTPConnection:
        """A connection to ``host:port``, with TLS inside it when ``context`` is given.

        ``name`` is the name that the certificate must bear; empty means ``host``.
        """
        if self.scheme.startswith("socks5"):
            return _Socks(self, (host, port), context, timeout, name or host)
        if context is None:
            return _Absolute(self, (host, port), timeout)
        headers = {"Proxy-Authorization": self.authorization} if self.authorization else {}
        connection = _Tunnel(self, context, timeout, name or host)
        connection.set_tunnel(host, port, headers)
        return connection


def _dial(proxy: Proxy, timeout: float | None) -> socket.socket:
    """A socket to the proxy itself; https ones are trusted as the system says."""
    plain = socket.create_connection((proxy.host, proxy.port), timeout)
    if proxy.scheme != "https":
        return plain
    return ssl.create_default_context().wrap_socket(plain, server_hostname=proxy.host)


def _secure(outer: socket.socket, context: ssl.SSLContext, name: str) -> socket.socket:
    """TLS on ``outer``, which may be a TLS socket itself."""
    if not isinstance(outer, ssl.SSLSocket):
        return context.wrap_socket(outer, server_hostname=name)
    from urllib3.util.ssltransport import SSLTransport  # the ssl module cannot nest sockets

    return SSLTransport(outer, context, name)  # type: ignore[return-value]  # has what http.client needs


class _Tunnel(http.client.HTTPConnection):
    def __init__(
        self, proxy: Proxy, context: ssl.SSLContext, timeout: float | None, name: str
    ) -> None:
        super().__init__(proxy.host, proxy.port, timeout=timeout)
        self._proxy = proxy
        self._inner = context
        self._name = name
        self._create_connection = lambda *_: _dial(proxy, timeout)

    def connect(self) -> None:
        super().connect()
        self.sock = _secure(self.sock, self._inner, self._name)


class _Absolute(http.client.HTTPConnection):
    def __init__(self, proxy: Proxy, server: tuple[str, int], timeout: float | None) -> None:
        super().__init__(*server, timeout=timeout)
        self._proxy = proxy
        self._create_connection = lambda *_: _dial(proxy, timeout)

    def putrequest(
        self,
        method: str,
        url: str,
        skip_host: bool = False,  # noqa: FBT001, FBT002 - the overridden method's
        skip_accept_encoding: bool = False,  # noqa: FBT001, FBT002 - the overridden method's
    ) -> None:
        host = f"[{self.host}]" if ":" in self.host else self.host
        whole = f"http://{host}:{self.port}{url}"
        super().putrequest(method, whole, skip_host, skip_accept_encoding)
        if self._proxy.authorization:
            self.putheader("Proxy-Authorization", self._proxy.authorization)


class _Socks(http.client.HTTPConnection):
    def __init__(
        self, proxy: Proxy, server: tuple[str, int], context: ssl.SSLContext | None,
        timeout: float | None, name: str,
    ) -> None:  # fmt: skip
        super().__init__(*server, timeout=timeout)
        self._proxy = proxy
        self._inner = context
        self._name = name

    def connect(self) -> None:
        self.sock = socks(self._proxy, self.host, self.port, self.timeout)
        if self._inner is not None:
            self.sock = self._inner.wrap_socket(self.sock, server_hostname=self._name)


def socks(proxy: Proxy, host: str, port: int, timeout: float | None) -> socket.socket:
    """A socket to ``host:port`` through a SOCKS 5 proxy. Raises OSError saying why not."""
    sock = socket.create_connection((proxy.host, proxy.port), timeout)
    try:
        _greet(sock, proxy)
        name = host.encode("idna")
        sock.sendall(b"\x05\x01\x00\x03" + bytes((len(name),)) + name + port.to_bytes(2, "big"))
        _read_answer(sock)
    except BaseException:
        sock.close()
        raise
    return sock


def _read_answer(sock: socket.socket) -> None:
    _, code, _, kind = _exactly(sock, 4)
    if code:
        raise OSError(f"the SOCKS proxy refused: {_SOCKS_ERRORS.get(code, f'code {code}')}")
    length = {1: 4, 4: 16}.get(kind) or _exactly(sock, 1)[0]
    _exactly(sock, length + 2)  # its own address and port


def _greet(sock: socket.socket, proxy: Proxy) -> None:
    """Agree on no authentication, or on user and password (RFC 1929)."""
    sock.sendall(b"\x05\x02\x00\x02" if proxy.username else b"\x05\x01\x00")
    version, method = _exactly(sock, 2)
    if version != 5 or method not in {0, 2}:
        raise OSError("the SOCKS proxy wants another authentication")
    if method == 2:
        user, password = proxy.username.encode(), proxy.password.encode()
        sock.sendall(b"\x01" + bytes((len(user),)) + user + bytes((len(password),)) + password)
        if _exactly(sock, 2)[1]:
            raise OSError("the SOCKS proxy did not accept user and password")


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise OSError("the SOCKS proxy closed the connection")
        data += more
    return data


def proxy_for(target: Target, environ: Mapping[str, str]) -> Proxy | None:
    """The kubeconfig's ``proxy-url``, else the environment's as Go reads it; None goes straight.

    Raises ``ConfigError`` for kinds of proxies that we cannot use.
    """
    url = urlsplit(target.server)
    if url.scheme not in {"http", "https"}:
        return None
    chosen = target.proxy_url
    if not chosen:
        name = f"{url.scheme}_proxy"
        chosen = environ.get(name.upper()) or environ.get(name) or ""
        port = url.port or _PORTS[url.scheme]
        if not chosen or _bypassed(url.hostname or "", port, environ):
            return None
    return parse_proxy(chosen)


def parse_proxy(text: str) -> Proxy:
    """Read ``[http|https|socks5|socks5h://][user:password@]host[:port]``."""
    whole = text if "://" in text else f"http://{text}"
    known = ", ".join(_PORTS)
    refused = ConfigError(
        f"proxy `{text}` cannot be used: it must be one of {known}, then ://HOST:PORT"
    )
    try:
        url = urlsplit(whole)
        host, port = url.hostname, url.port
    except ValueError:
        raise refused from None
    if url.scheme not in _PORTS or not host:
        raise refused
    return Proxy(
        whole, url.scheme, host, port or _PORTS[url.scheme],
        unquote(url.username or ""), unquote(url.password or ""),
    )  # fmt: skip


def _bypassed(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Whether ``NO_PROXY`` names the host; this machine is never reached through a proxy."""
    from ipaddress import ip_address, ip_network  # 2 ms, and few have a proxy

    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    for entry in (environ.get("NO_PROXY") or environ.get("no_proxy") or "").split(","):
        name = entry.strip().lower()
        if not name:
            continue
        if name == "*" or name in {host, f"{host}:{port}"} or host.endswith(f".{name.lstrip('.')}"):
            return True
        if address is not None and "/" in name and address in ip_network(name, strict=False):
            return True
    return False
