"""Push an image to a registry by the OCI distribution protocol: blobs first, then the manifest."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urljoin

import httpx

from virtctl.errors import LocalError
from virtctl.local.images.manifests import MANIFEST_TYPES
from virtctl.local.images.packing import Blob, Packed, reader
from virtctl.local.images.registry import RegistrySource
from virtctl.local.images.sources import Progress

_CHUNK = 1 << 20


class RegistryTarget(RegistrySource):
    """An image's place in a registry; to be closed."""

    scope = "pull,push"

    def push(self, packed: Packed, progress: Progress | None = None) -> None:
        """Push an image under the reference. Raises ``LocalError``.

        ``progress`` is called with the bytes of blobs so far; what is there already is not sent.
        """
        done = 0
        for blob in packed.blobs:
            if not self._has(blob):
                self._upload(blob, done, progress)
            done += blob.size
            if progress:
                progress(done)
        headers = {"content-type": MANIFEST_TYPES[0]}
        answer = self._ask(
            "PUT", f"manifests/{self._reference.version}", headers=headers, blob=packed.manifest
        )
        self._check(answer, {httpx.codes.CREATED}, "the manifest")

    def _has(self, blob: Blob) -> bool:
        answer = self._ask("HEAD", f"blobs/{blob.digest}")
        return answer.status_code == httpx.codes.OK

    def _upload(self, blob: Blob, before: int, progress: Progress | None) -> None:
        answer = self._ask("POST", "blobs/uploads/")
        self._check(answer, {httpx.codes.ACCEPTED}, "an upload")
        place = urljoin(str(answer.url), answer.headers.get("location", ""))
        mark = "&" if "?" in place else "?"
        headers = {
            "content-type": "application/octet-stream",
            "content-length": str(blob.size),
        }
        answer = self._ask(
            "PUT",
            f"{place}{mark}digest={blob.digest}",
            headers=headers,
            blob=blob,
            told=lambda size: progress(before + size) if progress else None,
        )
        self._check(answer, {httpx.codes.CREATED}, f"the blob {blob.digest}")

    def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        blob: Blob | None = None,
        told: Progress | None = None,
    ) -> httpx.Response:
        """One request, once more with a token when the registry wants one."""
        url = path if "://" in path else self._url(path)
        answer = self._once(method, url, headers or {}, _pieces(blob, told))
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return answer
        self._authorization = self._authorize(answer.headers.get("www-authenticate", ""))
        return self._once(method, url, headers or {}, _pieces(blob, told))

    def _once(
        self, method: str, url: str, headers: dict[str, str], content: Iterator[bytes] | None
    ) -> httpx.Response:
        proving = self._proving(url, headers)
        try:
            return self._http.request(method, url, headers=proving, content=content)
        except httpx.HTTPError as error:
            raise LocalError(f"{self._where} cannot be reached: {error}") from error

    def _check(self, answer: httpx.Response, good: set[int], what: str) -> None:
        if answer.status_code not in good:
            raise LocalError(
                f"{self._where} does not take {what}: {answer.status_code} {answer.reason_phrase}",
                "log in with docker or podman; their `config.json` is read",
            )


def _pieces(blob: Blob | None, told: Progress | None) -> Iterator[bytes] | None:
    return _read(blob, told) if blob is not None else None


def _read(blob: Blob, told: Progress | None) -> Iterator[bytes]:
    done = 0
    with reader(blob) as file:
        while data := file.read(_CHUNK):
            yield data
            done += len(data)
            if told:
                told(done)
