"""What a containerDisk's ``image`` can mean, read without looking anywhere.

* ``oci:DIR[:TAG]`` - an OCI image layout on this host
* ``docker-archive:FILE[:REFERENCE]`` - what ``docker save`` and ``podman save`` write
* anything else - a name of the local store, or an image of a registry, completed as docker does:
  ``fedora`` is ``docker.io/library/fedora:latest``

Grammar: the distribution project's reference format; a part before the first slash is a host when
it has a dot or a colon, or is ``localhost``.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass

from virtctl.errors import LocalError

DEFAULT_REGISTRY = "docker.io"
DEFAULT_TAG = "latest"

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_HOST = re.compile(r"(?:[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(?::\d+)?")
_SIMPLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True, kw_only=True)
class RegistryReference:
    """An image of a registry. ``digest`` is empty unless the user pinned one; it beats the tag."""

    host: str
    repository: str
    tag: str = ""
    digest: str = ""

    @property
    def version(self) -> str:
        """What to ask the registry for."""
        return self.digest or self.tag

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.host}/{self.repository}{tag}{digest}"


@dataclass(frozen=True, kw_only=True)
class LayoutReference:
    """An OCI layout. Without a tag it has to hold one image."""

    directory: str
    tag: str = ""

    def __str__(self) -> str:
        return f"oci:{self.directory}" + (f":{self.tag}" if self.tag else "")


@dataclass(frozen=True, kw_only=True)
class ArchiveReference:
    """A docker archive. Without a reference it has to hold one image."""

    file: str
    reference: str = ""

    def __str__(self) -> str:
        return f"docker-archive:{self.file}" + (f":{self.reference}" if self.reference else "")


Reference = RegistryReference | LayoutReference | ArchiveReference


def parse(text: str) -> Reference:
    """Read a reference; raises ``LocalError`` that names the part which is wrong."""
    scheme, _, rest = text.partition(":")
    if scheme == "oci" and rest:
        return _layout(rest.removeprefix("//"))
    if scheme == "docker-archive" and rest:
        return _archive(rest.removeprefix("//"))
    return parse_registry(text)


def parse_registry(text: str) -> RegistryReference:
    """Read and complete a registry's reference; raises ``LocalError``."""
    name, at, digest = text.removeprefix("docker://").partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise _bad(text, f"digest `{digest}` is not `sha256:` and 64 hex digits")
    host, slash, repository = name.partition("/")
    if not slash or not (set(host) & {".", ":"} or host == "localhost"):
        host, repository = DEFAULT_REGISTRY, name
    if not _HOST.fullmatch(host):
        raise _bad(text, f"`{host}` is no host name")
    repository, colon, tag = repository.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise _bad(text, f"`{tag}` is no tag")
    if not _REPOSITORY.fullmatch(repository):
        raise _bad(text, f"`{repository}` is no repository name")
    if host == DEFAULT_REGISTRY and "/" not in repository:
        repository = f"library/{repository}"
    tag = tag or ("" if digest else DEFAULT_TAG)
    return RegistryReference(host=host, repository=repository, tag=tag, digest=digest)


def store_names(text: str) -> tuple[str, ...]:
    """Names under which the local store may have what ``text`` means, the likeliest first."""
    names = [text]
    if text.endswith(f":{DEFAULT_TAG}"):
        names.append(text.removesuffix(f":{DEFAULT_TAG}"))
    with suppress(LocalError):
        names.append(str(parse(text)))
    return tuple(dict.fromkeys(names))


def store_name(text: str) -> str:
    """The name to store an image under: a plain word as it is, a reference completed.

    Raises ``LocalError`` for what is neither.
    """
    return text if _SIMPLE.fullmatch(text) else str(parse(text))


def _layout(rest: str) -> LayoutReference:
    # A tag has no slash, so what is behind the last colon is one only when it has none either.
    directory, colon, tag = rest.rpartition(":")
    if colon and directory and _TAG.fullmatch(tag):
        return LayoutReference(directory=directory, tag=tag)
    return LayoutReference(directory=rest)


def _archive(rest: str) -> ArchiveReference:
    file, _, reference = rest.partition(":")
    return ArchiveReference(file=file, reference=reference)


def _bad(text: str, problem: str) -> LocalError:
    return LocalError(
        f"`{text}` is no image: {problem}",
        "an image is NAME, HOST/REPOSITORY[:TAG][@DIGEST], oci:DIR[:TAG] or docker-archive:FILE",
    )
