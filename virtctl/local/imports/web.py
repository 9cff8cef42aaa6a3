"""A file on a web server as a stream that mends itself: broken connections go on by ranges.

Redirects are followed; what proves who we are goes to the first host only.
"""

from __future__ import annotations

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from virtctl.errors import LocalError
from virtctl.local.imports.detours import Detours, way
from virtctl.local.imports.job import Refused
from virtctl.version import VERSION

_SILENCE = 60.0  # seconds without a byte before a connection is given up
_TRIES = 5  # in a row without a byte
_PAUSE = 0.5  # seconds before the second try; longer before each further one
_REDIRECTS = {301, 302, 303, 307, 308}
_HOPS = 10
_ERRORS = (OSError, http.client.HTTPException)


Signer = Callable[[SplitResult, Mapping[str, str]], Mapping[str, str]]
"""From a URL and the headers of a GET to headers that prove who asks."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked for. ``headers`` and ``sign`` are for the URL's own host only."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    sign: Signer | None = None
    authority: str = ""
    detours: Detours = field(default_factory=Detours)


class Download:
    """The body of a file, from ``start`` on; to be closed.

    ``total`` is its whole length, None when the server does not say; ``tag`` its version, empty
    when the server has none; ``begins`` where the body really begins: 0 where the server knows no
    ranges or has another version than ``tag``. Raises ``Refused`` for what no further try mends,
    ``LocalError`` otherwise: whatever a server answers, 404 too, may be another answer tomorrow.
    """

    def __init__(self, request: Request, start: int = 0, tag: str = "") -> None:
        self._request = request
        self._parts = urlsplit(request.url)
        if self._parts.scheme not in {"http", "https"} or not self._parts.hostname:
            raise Refused(f"`{request.url}` is not an http or https URL")
        self._connection: http.client.HTTPConnection | None = None
        self._response: http.client.HTTPResponse | None = None
        self.tag = tag
        self.total: int | None = None
        response = self._open(start, tag)
        self.begins = self.position = start if response.status == 206 else 0

    def close(self) -> None:
        """End the connection."""
        if self._response is not None:
            self._response.close()  # it may have taken the socket over
        if self._connection is not None:
            self._connection.close()

    def readinto(self, buffer: memoryview) -> int:
        """Fill at least a part of ``buffer``; 0 at the end of the file, never before."""
        tries = 0
        while True:
            try:
                got = self._response.readinto(buffer) if self._response is not None else 0
            except _ERRORS as error:
                problem = str(error) or type(error).__name__
            else:
                if got or self._is_end():
                    self.position += got
                    return got
                problem = f"it ended after {self.position} of {self.total} bytes"
            tries = self._mend(tries, problem)

    def _is_end(self) -> bool:
        return self.total is None or self.position >= self.total

    def _mend(self, tries: int, problem: str) -> int:
        """Open the file anew where it broke off. Raises ``LocalError`` after too many tries."""
        tries += 1
        if tries >= _TRIES:
            raise LocalError(f"the download of `{self._shown}` broke off: {problem}")
        time.sleep(_PAUSE * (tries - 1))
        try:
            response = self._open(self.position, self.tag)
        except Refused:
            raise
        except LocalError as error:
            return self._mend(tries, str(error))
        if response.status != 206 and self.position:
            raise LocalError(f"`{self._shown}` broke off, and its server gives no parts of files")
        return tries

    def _open(self, start: int, tag: str) -> http.client.HTTPResponse:
        parts, secret = self._parts, True
        for _ in range(_HOPS):
            response = self._send(parts, start, tag, secret=secret)
            if response.status not in _REDIRECTS:
                try:
                    return self._checked(response, start)
                except LocalError:
                    self.close()
                    raise
            parts = urlsplit(urljoin(parts.geturl(), response.getheader("location") or ""))
            if parts.scheme not in {"http", "https"} or not parts.hostname:
                self.close()
                raise Refused(f"`{self._shown}` leads to `{parts.geturl()}`, which is no web page")
            secret = parts.netloc == self._parts.netloc
        self.close()
        raise LocalError(f"`{self._shown}` leads in circles")

    def _send(
        self, parts: SplitResult, start: int, tag: str, *, secret: bool
    ) -> http.client.HTTPResponse:
        self.close()
        context = trusting(self._request.authority) if parts.scheme == "https" else None
        chosen = way(parts, context, self._request.detours.of(parts), _SILENCE)
        self._connection = chosen.connection
        headers = {"User-Agent": f"virtctl/{VERSION}", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if tag:
                headers["If-Range"] = tag
        if secret:
            headers |= self._request.headers
            if self._request.sign is not None:
                headers |= self._request.sign(parts, headers)
        headers |= chosen.headers
        path = f"{chosen.prefix}{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        try:
            self._connection.request("GET", path, headers=headers)
            self._response = self._connection.getresponse()
        except _ERRORS as error:
            self.close()
            raise LocalError(f"`{self._shown}` cannot be reached: {_said(error)}") from error
        return self._response

    def _checked(self, response: http.client.HTTPResponse, start: int) -> http.client.HTTPResponse:
        if response.status == 206:
            place, _, whole = (response.getheader("content-range") or "").partition("/")
            if place != "" and not place.startswith(f"bytes {start}-"):
                raise LocalError(f"`{self._shown}` answered with another part than asked for")
            size = int(whole) if whole.isdigit() else self.total
            if self.total is not None and size != self.total:
                raise LocalError(f"`{self._shown}` changed while it was read")
            self.total = size
            return response
        if response.status == 200:
            self.total = response.length
            strong = response.getheader("etag", "")
            self.tag = strong if not strong.startswith("W/") else ""
            self.tag = self.tag or response.getheader("last-modified", "") or ""
            return response
        raise LocalError(f"`{self._shown}` answered {response.status} {response.reason}")

    @property
    def _shown(self) -> str:
        """The URL without what may be a secret."""
        host = self._parts.netloc.rpartition("@")[2]
        return f"{self._parts.scheme}://{host}{self._parts.path}"


def basic(user: str, password: str) -> dict[str, str]:
    """The header of a user's name and password; none without a name."""
    if not user:
        return {}
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def header_lines(lines: tuple[str, ...]) -> dict[str, str]:
    """``Name: value`` lines as headers. Raises ``Refused`` for what is none."""
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or "\n" in line.strip():
            raise Refused("`extraHeaders` must be lines of the form `Name: value`")
        found[name.strip()] = value.strip()
    return found


def trusting(authority: str) -> ssl.SSLContext:
    """A TLS context that trusts a CA in PEM beside the system's. Raises ``Refused``."""
    context = ssl.create_default_context()
    if authority:
        try:
            context.load_verify_locations(cadata=authority)
        except (ssl.SSLError, ValueError) as error:
            raise Refused(f"the certificates of `certConfigMap` cannot be used: {error}") from error
    return context


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
