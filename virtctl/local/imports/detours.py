"""Connections to servers of images, by way of the proxy that CDIConfig's ``importProxy`` names.

TLS goes through a tunnel (CONNECT, RFC 9110 §9.3.6), plain requests name their whole URL (§7.1).
"""

from __future__ import annotations

import http.client
import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import SplitResult, unquote, urlsplit

from virtctl.local.imports.job import Refused

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True)
class Detours:
    """Proxies for the two kinds of URLs, empty for none.

    ``without`` is a list with commas of hosts, domains and networks that are reached directly;
    ``*`` is all of them.
    """

    http: str = ""
    https: str = ""
    without: str = ""

    def of(self, parts: SplitResult) -> str:
        """The proxy for a URL; empty when there is none."""
        proxy = self.https if parts.scheme == "https" else self.http
        return "" if _is_spared(parts.hostname or "", self.without) else proxy


@dataclass(frozen=True, kw_only=True)
class Way:
    """A connection that is not open yet, and how a request must be written for it."""

    connection: http.client.HTTPConnection
    prefix: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def way(parts: SplitResult, context: ssl.SSLContext | None, proxy: str, timeout: float) -> Way:
    """To the server of a URL; ``context`` is for https. Raises ``Refused`` for a bad proxy."""
    host = parts.hostname or ""
    if not proxy:
        return Way(connection=_connection(host, parts.port, context, timeout))
    through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if through.scheme != "http" or not through.hostname:
        raise Refused(f"the proxy of `importProxy` must be an http URL, not `{_shown(through)}`")
    port = through.port or _PORTS["http"]
    headers = _authorization(through)
    connection = _connection(through.hostname, port, context, timeout)
    if context is not None:
        connection.set_tunnel(host, parts.port or _PORTS["https"], headers)
        return Way(connection=connection)
    return Way(connection=connection, prefix=f"{parts.scheme}://{parts.netloc}", headers=headers)


def _connection(
    host: str, port: int | None, context: ssl.SSLContext | None, timeout: float
) -> http.client.HTTPConnection:
    if context is None:
        return http.client.HTTPConnection(host, port, timeout=timeout)
    return http.client.HTTPSConnection(host, port, timeout=timeout, context=context)


def _authorization(through: SplitResult) -> dict[str, str]:
    if not through.username:
        return {}
    pair = f"{unquote(through.username)}:{unquote(through.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _is_spared(host: str, without: str) -> bool:
    for entry in (one.strip().lower() for one in without.split(",")):
        domain = entry.removeprefix("*").removeprefix(".")
        if entry == "*" or (domain and (host == domain or host.endswith(f".{domain}"))):
            return True
        try:
            if "/" in entry and ip_address(host) in ip_network(entry, strict=False):
                return True
        except ValueError:
            continue  # a name, or no network
    return False


def _shown(proxy: SplitResult) -> str:
    """Without what may be a secret."""
    return proxy._replace(netloc=proxy.netloc.rpartition("@")[2]).geturl()
