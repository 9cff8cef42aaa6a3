"""One synchronous HTTP client on the standard library: TLS, Unix sockets, proxies, streams, -v.

Synchronous and without a third party because a command is one or two requests, and start-up is what
its user waits for: see ``docs/decisions/0001-http-client.md``.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from typing import Protocol
from urllib.parse import quote, urlsplit

from virtctl.client.answers import refusal, warnings
from virtctl.client.auth import Credentials
from virtctl.client.connections import Wish, connection_to
from virtctl.client.messages import Answer, Request, escaped
from virtctl.client.tls import context_for
from virtctl.errors import Unreachable
from virtctl.models.documents import JsonValue
from virtctl.version import VERSION

USER_AGENT = f"virtctl/{VERSION}"


class Talk(Protocol):
    """Where the client tells of requests and warnings."""

    @property
    def verbosity(self) -> int:
        """As ``-v``: 6 requests, 7 headers, 8 bodies cut at 1 KiB, 9 whole bodies."""

    def line(self, text: str) -> None:
        """One line for people."""


class Rest:
    """Requests to one server as one user; keeps its connection open between them."""

    def __init__(self, credentials: Credentials, talk: Talk, environ: Mapping[str, str]) -> None:
        self.target = credentials.target
        self.credentials = credentials
        self.talk = talk
        self.environ = environ
        self._open: http.client.HTTPConnection | None = None

    def send(self, request: Request) -> Answer:
        """Send ``request`` and read the whole answer.

        Raises an ``ApiError`` for 400 and more, ``Unreachable`` when there is none.
        """
        started = time.monotonic()
        response = self._attempt(request)
        try:
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(
                f"the answer of {self.target.server} broke off: {_said(error)}"
            ) from error
        if response.will_close:
            self.close()
        self._tell(request, response, body, time.monotonic() - started)
        if response.status >= 400:
            raise refusal(response.status, body, f"{request.method} {request.path}")
        return Answer(response.status, dict(response.getheaders()), body)

    def lines(self, request: Request) -> Iterator[bytes]:
        """Send ``request`` on a connection of its own; yield its lines as they come (a watch)."""
        yield from self.chunks(request, lines=True)

    def chunks(self, request: Request, *, lines: bool = False) -> Iterator[bytes]:
        """As ``lines`` for any bytes (a log): whatever has come, at most 64 KiB at once."""
        response, connection = self._exchange(request, stream=True)
        try:
            if response.status >= 400:
                body = response.read()
                self._tell(request, response, body, 0.0)
                raise refusal(response.status, body, f"{request.method} {request.path}")
            self._tell(request, response, b"", 0.0)
            while data := response.readline() if lines else response.read1(65536):
                yield data
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"the stream from {self.target.server} broke: {error}") from error
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connection that is kept."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _attempt(self, request: Request) -> http.client.HTTPResponse:
        response, _ = self._exchange(request)
        if response.status == 401 and self.credentials.renew():
            response.read()
            response, _ = self._exchange(request)
        return response

    def _exchange(
        self, request: Request, *, stream: bool = False
    ) -> tuple[http.client.HTTPResponse, http.client.HTTPConnection]:
        fresh = stream or self._open is None
        connection = self._connection(stream=stream) if fresh else self._open
        assert connection is not None  # noqa: S101 - for the type checker
        try:
            self._write(connection, request)
            response = connection.getresponse()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            connection.close()
            self._open = None
            if not fresh:
                return self._exchange(request)  # the kept connection had ended meanwhile
            said = f"{self.target.server} closed the connection without an answer"
            plain = self.target.server.startswith("http://")
            raise Unreachable(said, "does it speak https?" if plain else None) from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise unreachable(self.target.server, error, self.target.timeout) from error
        if not stream:
            self._open = connection
        return response, connection

    def _write(self, connection: http.client.HTTPConnection, request: Request) -> None:
        body = None if request.body is None else json.dumps(request.body).encode()
        connection.putrequest(request.method, self.url_path(request), skip_accept_encoding=True)
        connection.putheader("Accept", request.accept)
        connection.putheader("User-Agent", USER_AGENT)
        for name, value in self.credentials.headers():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Type", request.content_type)
            connection.putheader("Content-Length", str(len(body)))
        elif request.method in {"PUT", "POST", "PATCH"}:
            connection.putheader("Content-Length", "0")
        connection.endheaders(body)

    def url_path(self, request: Request) -> str:
        """Path and query as sent, with the server URL's own path before it."""
        prefix = urlsplit(self.target.server).path if self.target.server.startswith("http") else ""
        query = "&".join(f"{quote(k)}={quote(v, safe='')}" for k, v in request.query.items())
        return f"{prefix.rstrip('/')}{escaped(request.path)}{'?' + query if query else ''}"

    def _connection(self, *, stream: bool) -> http.client.HTTPConnection:
        timeout = (self.target.timeout or None) if not stream else None
        context = self.tls() if urlsplit(self.target.server).scheme == "https" else None
        return connection_to(self.target, self.environ, Wish(context, timeout))

    def tls(self) -> ssl.SSLContext:
        """A context with our certificate."""
        return context_for(self.target, *self.credentials.certificate())

    def _tell(
        self, request: Request, response: http.client.HTTPResponse, body: bytes, seconds: float
    ) -> None:
        for text in warnings(response.getheaders()):
            self.talk.line(f"Warning: {text}")
        level = self.talk.verbosity
        if level < 6:
            return
        url = f"{self.target.server}{self.url_path(request)}"
        said = f"{response.status} {response.reason} in {seconds * 1000:.0f} milliseconds"
        self.talk.line(f"{request.method} {url} {said}")
        if level >= 7:
            for name, value in self.credentials.headers():
                self.talk.line(f"  request {name}: {redact(name, value)}")
            for name, value in response.getheaders():
                self.talk.line(f"  answer {name}: {value}")
        if level >= 8:
            limit = None if level >= 9 else 1024
            if request.body is not None:
                shown = redact_body(json.dumps(request.body).encode())
                self.talk.line(f"  request body: {shown[:limit]}")
            self.talk.line(f"  answer body: {redact_body(body)[:limit]}")


def redact(name: str, value: str) -> str:
    """A header's value fit for a log."""
    if name.lower() == "authorization":
        return f"{value.partition(' ')[0]} <masked>"
    return value


_LOCAL = " (`virtctl local up` starts the one of this machine)"
_SECRET_KEYS = frozenset({"token", "password", "clientKeyData", "userData", "userDataBase64"})


def redact_body(body: bytes) -> str:
    """A body fit for a log: without the data of Secrets, tokens, passwords and user data."""
    text = body.decode(errors="replace")
    try:
        document: JsonValue = json.loads(text)
    except ValueError:
        return text
    masked = _masked(document)
    return text if masked == document else json.dumps(masked)


def _masked(value: JsonValue, *, secret: bool = False) -> JsonValue:
    if isinstance(value, list):
        return [_masked(one, secret=secret) for one in value]
    if not isinstance(value, dict):
        return value
    is_secret = secret or value.get("kind") in {"Secret", "SecretList"}
    found: dict[str, JsonValue] = {}
    for key, one in value.items():
        if key in _SECRET_KEYS and isinstance(one, str):
            found[key] = "<masked>"
        elif is_secret and key in {"data", "stringData"} and isinstance(one, dict):
            found[key] = dict.fromkeys(one, "<masked>")
        else:
            found[key] = _masked(one, secret=is_secret and key in {"items", "object"})
    return found


def unreachable(server: str, error: Exception, timeout: float) -> Unreachable:
    """Why no answer came from ``server``, in one sentence with a remedy where there is one."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return Unreachable(
            f"the certificate of {server} is not trusted: {error.verify_message}",
            "give --certificate-authority or --tls-server-name",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(
            f"{server} did not answer within {timeout:g} s",
            "does this machine reach it? --request-timeout gives it more time",
        )
    if isinstance(error, socket.gaierror):
        return Unreachable(
            f"the name of {server} cannot be resolved: {error.strerror}",
            "is it written as it should be, and does this machine reach a name server?",
        )
    if isinstance(error, (ConnectionRefusedError, FileNotFoundError)):
        start = _LOCAL if _is_here(server) else ""
        return Unreachable(
            f"nothing answers at {server}: connection refused",
            f"is the cluster up{start}, and is this the right context?",
        )
    if isinstance(error, http.client.BadStatusLine):
        return no_api_server(server)
    return Unreachable(f"cannot reach {server}: {_said(error)}")


def _is_here(server: str) -> bool:
    """Whether a server is on this machine, as the one of ``local up`` is."""
    return (urlsplit(server).hostname or "localhost") in {"127.0.0.1", "localhost", "::1"}


def no_api_server(server: str) -> Unreachable:
    """Something answers, but not in HTTP."""
    return Unreachable(f"what answers at {server} is no API server", "is this the right address?")


def _said(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
