"""Images of registries by the OCI distribution protocol.

Tokens are fetched where a registry asks for them (``WWW-Authenticate: Bearer``), anonymously or
with the user's name and password. A registry on this machine's loopback may speak plain HTTP, as
docker allows it.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import msgspec

from virtctl.errors import LocalError
from virtctl.local.images import manifests
from virtctl.local.images.logins import Logins, nobody
from virtctl.local.images.manifests import Descriptor, Index, Manifest
from virtctl.local.images.references import DEFAULT_REGISTRY, RegistryReference
from virtctl.local.images.sources import ImageManifest, Progress, check_digest

_API_HOSTS = {DEFAULT_REGISTRY: "registry-1.docker.io"}
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_LARGEST_MANIFEST = 4 << 20
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class _Token(msgspec.Struct):
    token: str = ""
    access_token: str = ""


class _Fault(msgspec.Struct):
    code: str = ""
    message: str = ""


class _Faults(msgspec.Struct):
    errors: tuple[_Fault, ...] = ()


class RegistrySource:
    """``sources.Source`` for an image of a registry; to be closed."""

    scope = "pull"
    """What a token is asked for."""

    def __init__(
        self,
        reference: RegistryReference,
        architecture: str,
        logins: Logins = nobody,
        transport: httpx.BaseTransport | None = None,
        *,
        authority: str = "",
    ) -> None:
        """``authority`` is a CA in PEM that is trusted beside the system's."""
        self._reference = reference
        self._architecture = architecture
        self._login = logins(reference.host)
        self._where = f"registry {reference.host}"
        self._http = httpx.Client(
            timeout=_TIMEOUT,
            follow_redirects=True,
            transport=transport,
            verify=_trusting(authority) if authority else True,
        )
        self._authorization = ""
        self._base = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def manifest(self) -> ImageManifest:
        """Find the image, for this machine's architecture where there are several."""
        version = self._reference.version
        while True:
            data = self._manifest(version)
            digest = manifests.digest_of(data)
            if version.startswith("sha256:"):
                check_digest(digest, version, self._where)
            found = manifests.parse(data, f"`{self._reference}`")
            if isinstance(found, Manifest):
                return ImageManifest(digest=digest, layers=found.layers)
            version = self._choose(found)

    def fetch(self, layer: Descriptor, target: Path, progress: Progress | None = None) -> None:
        """Write a layer to ``target``; its digest is verified."""
        hashed, done = hashlib.sha256(), 0
        with self._get(f"blobs/{layer.digest}") as response, target.open("wb") as file:
            for chunk in response.iter_raw():
                hashed.update(chunk)
                file.write(chunk)
                done += len(chunk)
                if layer.size and done > layer.size:
                    raise LocalError(f"{self._where} gave more than {layer.size} bytes")
                if progress:
                    progress(done)
        check_digest(f"sha256:{hashed.hexdigest()}", layer.digest, self._where)

    def _choose(self, index: Index) -> str:
        where = f"`{self._reference}`"
        return manifests.choose(index.manifests, self._architecture, where).digest

    def _manifest(self, version: str) -> bytes:
        data = b""
        with self._get(f"manifests/{version}") as response:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _LARGEST_MANIFEST:
                    raise LocalError(f"{self._where} gave a manifest of more than 4 MiB")
        return data

    @contextmanager
    def _get(self, path: str) -> Iterator[httpx.Response]:
        """The good answer to a GET below the repository, its body still to be read."""
        try:
            with self._answered(path) as response:
                if not response.is_success:
                    response.read()
                    raise self._refusal(response, path)
                yield response
        except httpx.HTTPError as error:
            raise LocalError(f"{self._where} cannot be reached: {_said(error)}") from error

    @contextmanager
    def _answered(self, path: str) -> Iterator[httpx.Response]:
        with self._send(path) as response:
            if response.status_code != httpx.codes.UNAUTHORIZED:
                yield response
                return
            challenge = response.headers.get("www-authenticate", "")
        self._authorization = self._authorize(challenge)
        with self._send(path) as response:
            yield response

    @contextmanager
    def _send(self, path: str) -> Iterator[httpx.Response]:
        headers = {"accept": manifests.ACCEPT if path.startswith("manifests/") else "*/*"}
        # Layers are compressed already, and their digests are of what is sent.
        headers["accept-encoding"] = "identity"
        url = self._url(path)
        with self._http.stream("GET", url, headers=self._proving(url, headers)) as response:
            yield response

    def _url(self, path: str) -> str:
        """Where ``path`` is below the repository."""
        return f"{self._find_base()}/v2/{self._reference.repository}/{path}"

    def _proving(self, url: str, headers: Mapping[str, str]) -> dict[str, str]:
        """``headers`` with what proves who we are, which is for the registry's own host only."""
        ours = url.startswith(f"{self._base}/")
        proof = {"authorization": self._authorization} if self._authorization and ours else {}
        return {**headers, **proof}

    def _find_base(self) -> str:
        if not self._base:
            host = _API_HOSTS.get(self._reference.host, self._reference.host)
            self._base = f"https://{host}"
            if _is_loopback(host):
                try:
                    self._http.get(f"{self._base}/v2/")
                except httpx.TransportError:
                    self._base = f"http://{host}"
        return self._base

    def _authorize(self, challenge: str) -> str:
        """The authorization that a challenge asks for (RFC 6750, and distribution's token.md)."""
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self._login:
            request = httpx.Request("GET", self._base)
            flow = httpx.BasicAuth(self._login.user, self._login.password).auth_flow(request)
            return next(flow).headers["authorization"]
        wants = dict(_CHALLENGE.findall(rest))
        realm = wants.pop("realm", "")
        if scheme.lower() != "bearer" or not realm.startswith(("https://", "http://")):
            raise LocalError(f"{self._where} wants a login")
        wants.setdefault("scope", f"repository:{self._reference.repository}:{self.scope}")
        auth = (self._login.user, self._login.password) if self._login else None
        answer = self._http.get(realm, params=wants, auth=auth)
        if not answer.is_success:
            raise LocalError(
                f"{self._where} gives no token: {answer.status_code} {_detail(answer)}"
            )
        try:
            token = msgspec.json.decode(answer.content, type=_Token)
        except msgspec.MsgspecError as error:
            raise LocalError(f"{self._where} gives no token that can be read") from error
        return f"Bearer {token.token or token.access_token}"

    def _refusal(self, response: httpx.Response, path: str) -> LocalError:
        status = response.status_code
        if status == httpx.codes.NOT_FOUND:
            what = "blob" if path.startswith("blobs/") else "image"
            return LocalError(f"{self._where} has no such {what} ({_detail(response)})")
        if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            return LocalError(
                f"{self._where} does not let us read `{self._reference.repository}`; it may not"
                f" exist ({_detail(response)})"
            )
        return LocalError(f"{self._where} answered {status} ({_detail(response)})")


def _trusting(authority: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    try:
        context.load_verify_locations(cadata=authority)
    except (ssl.SSLError, ValueError) as error:
        raise LocalError(f"the registry's CA cannot be used: {error}") from error
    return context


def _is_loopback(host: str) -> bool:
    name = host.rpartition(":")[0] if re.search(r":\d+$", host) else host
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


def _detail(response: httpx.Response) -> str:
    """The first error of a registry's body, else the status line's reason; never a whole body."""
    try:
        faults = msgspec.json.decode(response.content, type=_Faults).errors
    except msgspec.MsgspecError:
        faults = ()
    text = (faults[0].message or faults[0].code) if faults else response.reason_phrase
    return text[:200].lower()


def _said(error: httpx.HTTPError) -> str:
    return (str(error) or type(error).__name__).rstrip(".").lower()
