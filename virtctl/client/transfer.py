"""Large bodies to and from servers beside the API server: upload proxies and export servers."""

from __future__ import annotations

import http.client
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Protocol
from urllib.parse import urlsplit

from virtctl.client.connections import Wish, connection_to
from virtctl.client.kubeconfig import Target
from virtctl.client.rest import USER_AGENT, unreachable
from virtctl.client.tls import context_for
from virtctl.errors import ConfigError, Unreachable

_CHUNK = 256 * 1024
_SILENCE = 300.0  # seconds without a byte before a transfer is given up
_KEPT = 400  # of what a refusal says


class Source(Protocol):
    """What is sent."""

    def read(self, size: int) -> bytes:
        """At most ``size`` bytes; empty at the end."""


class Trust(NamedTuple):
    """How the server's certificate is checked: not at all, by a CA in PEM, else as the system."""

    insecure: bool = False
    authority: bytes = b""


class Reply(NamedTuple):
    """An answer whose body was read."""

    code: int
    reason: str
    text: str


class Incoming:
    """An answer whose body is still to come."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.code = response.status
        self.reason = response.reason
        self.length = response.length or 0
        """Bytes to come; 0 when the server did not say."""

    def chunks(self) -> Iterator[bytes]:
        """The body. Raises ``Unreachable`` when it breaks off."""
        got = 0
        try:
            while data := self._response.read1(_CHUNK):
                got += len(data)
                yield data
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"the download broke off: {error}") from error
        if self.length and got < self.length:
            raise Unreachable(f"the download broke off after {got} of {self.length} bytes")

    def text(self) -> str:
        """The beginning of the body."""
        return b"".join(self.chunks())[:_KEPT].decode(errors="replace").strip()


class Server:
    """Requests to one such server, each on a connection of its own."""

    def __init__(self, environ: Mapping[str, str], trust: Trust) -> None:
        self._environ = environ
        self._trust = trust

    @contextmanager
    def get(self, url: str, headers: Mapping[str, str]) -> Iterator[Incoming]:
        """GET ``url``. Raises ``Unreachable``, ``ConfigError`` for what is no URL."""
        connection, path = self._open(url)
        try:
            with _telling(url):
                _head(connection, "GET", path, headers)
                connection.endheaders()
                response = connection.getresponse()
            yield Incoming(response)
        finally:
            connection.close()

    def head(self, url: str, headers: Mapping[str, str]) -> int:
        """The status that HEAD ``url`` is answered with. Raises ``Unreachable``."""
        connection, path = self._open(url)
        try:
            with _telling(url):
                _head(connection, "HEAD", path, headers)
                connection.endheaders()
                return connection.getresponse().status
        finally:
            connection.close()

    def post(self, url: str, headers: Mapping[str, str], source: Source) -> Reply:
        """POST all of ``source``; ``headers`` say its length. Raises ``Unreachable``.

        A server may answer before it has all; its answer counts then.
        """
        connection, path = self._open(url)
        try:
            with _telling(url):
                _head(connection, "POST", path, headers)
                connection.endheaders()
                broken = _send_all(connection, source)
                try:
                    response = connection.getresponse()
                    text = response.read(_KEPT).decode(errors="replace").strip()
                except (OSError, http.client.HTTPException):
                    if broken is None:
                        raise
                    raise broken from None
                return Reply(response.status, response.reason, text)
        finally:
            connection.close()

    def _open(self, url: str) -> tuple[http.client.HTTPConnection, str]:
        parts = urlsplit(url)
        target = Target(
            server=f"{parts.scheme}://{parts.netloc}",
            certificate_authority=b"" if self._trust.insecure else self._trust.authority,
            insecure=self._trust.insecure,
        )
        context: ssl.SSLContext | None = None
        if parts.scheme == "https":
            context = context_for(target, b"", b"")
        elif parts.scheme != "http":
            raise ConfigError(f"`{url}` is not an http or https URL")
        path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        return connection_to(target, self._environ, Wish(context, _SILENCE)), path


def _head(
    connection: http.client.HTTPConnection, method: str, path: str, headers: Mapping[str, str]
) -> None:
    connection.putrequest(method, path, skip_accept_encoding=True)
    connection.putheader("User-Agent", USER_AGENT)
    for name, value in headers.items():
        connection.putheader(name, value)


def _send_all(connection: http.client.HTTPConnection, source: Source) -> OSError | None:
    """Send the body; returns what broke it, since an answer may still be there to read."""
    try:
        while data := source.read(_CHUNK):
            connection.send(data)
    except (BrokenPipeError, ConnectionResetError) as error:
        return error
    return None


@contextmanager
def _telling(url: str) -> Iterator[None]:
    parts = urlsplit(url)
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise unreachable(f"{parts.scheme}://{parts.netloc}", error, _SILENCE) from error
