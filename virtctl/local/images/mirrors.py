"""Mirrors of registries, as podman and others are told of them (containers-registries.conf(5)).

Read are ``[[registry]]`` tables with ``prefix``, ``location``, ``blocked`` and their mirrors; the
one with the longest prefix counts. Mirrors are asked in their order, the registry itself last.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from virtctl.errors import ConfigError, LocalError
from virtctl.local.images.manifests import Descriptor
from virtctl.local.images.references import RegistryReference, parse_registry
from virtctl.local.images.registry import RegistrySource
from virtctl.local.images.sources import ImageManifest, Progress

SYSTEM = Path("/etc/containers/registries.conf")


class _Mirror(msgspec.Struct):
    location: str


class _Registry(msgspec.Struct):
    prefix: str = ""
    location: str = ""
    blocked: bool = False
    mirror: tuple[_Mirror, ...] = ()


class _File(msgspec.Struct):
    registry: tuple[_Registry, ...] = ()


@dataclass(frozen=True)
class Mirrors:
    """Where images of registries are looked for."""

    registries: tuple[_Registry, ...] = ()

    def places(self, reference: RegistryReference) -> tuple[RegistryReference, ...]:
        """Where to ask for an image, in order. Raises ``LocalError`` for a blocked registry."""
        name = f"{reference.host}/{reference.repository}"
        matching = [one for one in self.registries if _covers(one, name)]
        if not matching:
            return (reference,)
        chosen = max(matching, key=lambda one: len(_prefix(one)))
        if chosen.blocked:
            raise LocalError(f"registry `{_prefix(chosen)}` is blocked by `{SYSTEM}`")
        prefix = _prefix(chosen)
        if prefix.startswith("*."):
            prefix = reference.host  # a wildcard is for hosts, and has no location of its own
        rest = name.removeprefix(prefix)
        locations = [one.location for one in chosen.mirror]
        locations.append(chosen.location or prefix)
        return tuple(_at(f"{location}{rest}", reference) for location in locations)


def parse(text: str, where: str) -> Mirrors:
    """Read a file's text. Raises ``ConfigError`` naming ``where``."""
    try:
        found = msgspec.convert(tomllib.loads(text), type=_File, strict=False)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(f"`{where}` cannot be read: {error}") from error
    return Mirrors(found.registry)


def of_system(path: Path = SYSTEM) -> Mirrors:
    """What this machine says; nothing when the file is not there."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return Mirrors()
    except OSError as error:
        raise ConfigError(f"cannot read `{path}`: {error.strerror}") from error
    return parse(text, str(path))


class MirroredSource:
    """``sources.Source`` for an image in the first place that has it; to be closed."""

    def __init__(
        self,
        places: tuple[RegistryReference, ...],
        open_source: Callable[[RegistryReference], RegistrySource],
    ) -> None:
        self._places = places
        self._open = open_source
        self._stack = ExitStack()
        self._chosen: RegistrySource | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def manifest(self) -> ImageManifest:
        """Find the image. Raises ``LocalError`` with what the last place said."""
        *mirrors, last = self._places
        for place in mirrors:
            source = self._stack.enter_context(self._open(place))
            try:
                found = source.manifest()
            except LocalError:
                continue
            self._chosen = source
            return found
        self._chosen = self._stack.enter_context(self._open(last))
        return self._chosen.manifest()

    def fetch(self, layer: Descriptor, target: Path, progress: Progress | None = None) -> None:
        """Write a layer to ``target``, from where the manifest came."""
        if self._chosen is None:
            self.manifest()
        if self._chosen is not None:
            self._chosen.fetch(layer, target, progress)


def _prefix(registry: _Registry) -> str:
    return registry.prefix or registry.location


def _covers(registry: _Registry, name: str) -> bool:
    prefix = _prefix(registry)
    if prefix.startswith("*."):
        return name.partition("/")[0].endswith(prefix[1:])
    return bool(prefix) and (name == prefix or name.startswith(f"{prefix}/"))


def _at(name: str, reference: RegistryReference) -> RegistryReference:
    version = f"@{reference.digest}" if reference.digest else f":{reference.tag}"
    return parse_registry(f"{name}{version}")
