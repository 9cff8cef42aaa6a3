"""The grammar of resource URLs: build and parse.

``/api/v1/...`` for the core group, ``/apis/GROUP/VERSION/...`` for the others, then
``[namespaces/NS/]PLURAL[/NAME[/SUBRESOURCE...]]``.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote

from virtctl.models.kinds import Kind

SUBRESOURCES_GROUP = "subresources.kubevirt.io"
TEMPLATE_SUBRESOURCES_GROUP = "subresources.template.kubevirt.io"
SIGHTS_GROUP = "local.virtctl.io"
"""Ours: what a node sees of its pods' networks; no cluster serves it."""
_OWN_PARTS = frozenset({"status", "finalize"})


@dataclass(frozen=True)
class ResourcePath:
    """A parsed resource URL; parts that are absent are empty, ``namespace`` is None then."""

    group: str
    version: str
    namespace: str | None = None
    plural: str = ""
    name: str = ""
    subresource: str = ""
    watch: bool = False

    @property
    def api_version(self) -> str:
        """Group and version as an object's ``apiVersion``."""
        return f"{self.group}/{self.version}" if self.group else self.version


def group_root(group: str, version: str) -> str:
    """``/api/v1`` or ``/apis/GROUP/VERSION``."""
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def build_path(
    kind: Kind, namespace: str | None = None, name: str = "", subresource: str = ""
) -> str:
    """The URL path of a collection, an object or a subresource."""
    parts = [group_root(kind.group, kind.version)]
    if kind.namespaced and namespace:
        parts += ["namespaces", quote(namespace, safe="")]
    parts.append(kind.plural)
    if name:
        parts.append(quote(name, safe=""))
    if subresource:
        parts.append(quote(subresource))
    return "/".join(parts)


def build_subresource_path(
    plural: str, namespace: str, name: str, subresource: str, version: str = "v1"
) -> str:
    """The URL path of a KubeVirt verb, such as ``virtualmachines/NAME/start``."""
    root = group_root(SUBRESOURCES_GROUP, version)
    where = f"namespaces/{quote(namespace, safe='')}/{plural}/{quote(name, safe='')}"
    return f"{root}/{where}/{quote(subresource)}"


def parse_path(path: str) -> ResourcePath | None:
    """The parts of a percent-encoded path; None when it is no resource URL."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if parts[0] == "api" and len(parts) >= 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) >= 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if not all(rest):
        return None
    watch = bool(rest) and rest[0] == "watch"
    if watch:
        rest = rest[1:]
    namespace = None
    if rest[:1] == ["namespaces"] and len(rest) > 2 and rest[2] not in _OWN_PARTS:
        namespace, rest = rest[1], rest[2:]
    plural, name, *more = (*rest, "", "")[: max(len(rest), 2)]
    return ResourcePath(group, version, namespace, plural, name, "/".join(more), watch)
