"""Group, version and resource lists, in the legacy and the aggregated form. Pure.

kubectl caches discovery on disk only when every advertised group-version has a resource in the
aggregated document, so nothing is advertised that has none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from virtctl.local.api import catalog
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import (
    REVIEWS,
    TEMPLATE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)
from virtctl.wire.paths import SUBRESOURCES_GROUP, TEMPLATE_SUBRESOURCES_GROUP

_WRITABLE = ("get", "patch", "update")


@dataclass(frozen=True)
class _Subresource:
    """How a subresource is listed when it is not an ordinary part of its object."""

    verbs: tuple[str, ...]
    kind: tuple[str, str, str] | None = None


_SUBRESOURCES: dict[str, _Subresource] = {
    "log": _Subresource(("get",)),
    "exec": _Subresource(("create", "get"), ("", "v1", "PodExecOptions")),
    "attach": _Subresource(("create", "get"), ("", "v1", "PodAttachOptions")),
    "portforward": _Subresource(("create", "get"), ("", "v1", "PodPortForwardOptions")),
    "eviction": _Subresource(("create",), ("policy", "v1", "Eviction")),
    "finalize": _Subresource(("update",)),
    "token": _Subresource(("create",), ("authentication.k8s.io", "v1", "TokenRequest")),
    "scale": _Subresource(_WRITABLE, ("autoscaling", "v1", "Scale")),
}
_ORDINARY = _Subresource(_WRITABLE)

# What virt-api lists; usbredir, vsock and the memory dump verbs exist there without being listed.
_INSTANCE_VERBS = (
    "vnc", "vnc/screenshot", "console", "portforward", "backup", "redefine-checkpoint", "pause",
    "unpause", "freeze", "unfreeze", "reset", "softreboot", "guestosinfo", "userlist",
    "filesystemlist", "addvolume", "removevolume", "objectgraph", "sev/fetchcertchain",
    "sev/querylaunchmeasurement", "sev/setupsession", "sev/injectlaunchsecret", "evacuate/cancel",
)  # fmt: skip
_MACHINE_VERBS = (
    "start", "stop", "restart", "migrate", "expand-spec", "objectgraph", "evacuate/cancel",
)  # fmt: skip
# The order in which the API server lists the verbs of custom resources.
_CUSTOM_VERBS = (
    "delete", "deletecollection", "get", "list", "patch", "create", "update", "watch",
)  # fmt: skip
SUBRESOURCE_VERSIONS = ("v1", "v1alpha3")


@dataclass(frozen=True)
class _VerbGroup:
    """A group that has nothing but subresources of kinds of other groups."""

    versions: tuple[str, ...]
    verbs: tuple[tuple[Kind, tuple[str, ...]], ...]
    methods: tuple[str, ...]
    bare: tuple[str, ...] = ()

    def listed(self) -> list[str]:
        """Names in the legacy list."""
        return [
            *self.bare,
            *(f"{kind.plural}/{verb}" for kind, all_ in self.verbs for verb in all_),
        ]


_VERB_GROUPS = {
    SUBRESOURCES_GROUP: _VerbGroup(
        SUBRESOURCE_VERSIONS,
        ((VIRTUAL_MACHINE_INSTANCE, _INSTANCE_VERBS), (VIRTUAL_MACHINE, _MACHINE_VERBS)),
        ("get", "update"),
        ("expand-vm-spec",),
    ),
    TEMPLATE_SUBRESOURCES_GROUP: _VerbGroup(
        (TEMPLATE.version,), ((TEMPLATE, ("process", "create")),), ("create",)
    ),
}


def verb_paths() -> Document:
    """The OpenAPI paths of the groups that have nothing but subresources."""
    found: Document = {}
    for group, served in _VERB_GROUPS.items():
        method = "post" if "create" in served.methods else "put"
        for version in served.versions:
            root = f"/apis/{group}/{version}/namespaces/{{namespace}}"
            for name in served.listed():
                plural, _, verb = name.partition("/")
                path = f"{root}/{plural}/{{name}}/{verb}" if verb else f"{root}/{plural}"
                found[path] = {method: {"responses": {"200": {"description": "OK"}}}}
    return found


@dataclass(frozen=True)
class ServerInfo:
    """What the server says of itself at ``/version`` and in KubeVirt's version endpoint."""

    kubernetes: str = "v1.32.0+virtctl"
    kubevirt: str = "v1.9.0+virtctl"
    commit: str = ""
    built: str = "2026-12-01T00:00:00Z"
    platform: str = "linux/amd64"

    def version(self) -> Document:
        """The answer to ``GET /version``."""
        major, minor = self.kubernetes.removeprefix("v").split(".")[:2]
        return {"major": major, "minor": minor, **self._build(self.kubernetes)}

    def kubevirt_version(self) -> Document:
        """The answer to KubeVirt's ``version`` endpoint."""
        return self._build(self.kubevirt)

    def _build(self, version: str) -> Document:
        return {
            "gitVersion": version,
            "gitCommit": self.commit,
            "gitTreeState": "clean",
            "buildDate": self.built,
            "goVersion": "none",
            "compiler": "gc",  # KubeVirt's suite wants the one that built itself
            "platform": self.platform,
        }


@dataclass(frozen=True)
class Encoded:
    """A discovery answer, ready to send, and its entity tag."""

    body: bytes
    etag: str


def encoded(body: bytes) -> Encoded:
    """``body`` and its entity tag."""
    return Encoded(body, f'"{hashlib.sha256(body).hexdigest()[:32].upper()}"')


def _encoded(document: Document) -> Encoded:
    return encoded(msgspec.json.encode(document))


class Discovery:
    """All discovery answers for a set of kinds, encoded once for each set."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        self.refresh(kinds)

    def refresh(self, kinds: Iterable[Kind]) -> None:
        """Answer for another set of kinds from now on."""
        self._served = _in_order(kinds)
        self.api = _encoded(
            {
                "kind": "APIVersions",
                "versions": ["v1"],
                "serverAddressByClientCIDRs": [],
            }
        )
        self.groups = _encoded(
            {
                "kind": "APIGroupList",
                "apiVersion": "v1",
                "groups": [self._group(name) for name in self._group_names()],
            }
        )
        self._by_group = {
            name: _encoded({"kind": "APIGroup", "apiVersion": "v1", **self._group(name)})
            for name in self._group_names()
        }
        self._resources = {
            (group, version): _encoded(self._resource_list(group, version))
            for group in ("", *self._group_names())
            for version in self._versions(group)
        }
        self._aggregated = {
            (core, form): _encoded(self._discovery_list(core=core, form=form))
            for core in (True, False)
            for form in ("v2", "v2beta1")
        }

    @property
    def served(self) -> dict[tuple[str, str], list[Kind]]:
        """Kinds by served group and version, reviews included."""
        return self._served

    def group(self, name: str) -> Encoded | None:
        """``GET /apis/NAME``."""
        return self._by_group.get(name)

    def resources(self, group: str, version: str) -> Encoded | None:
        """``GET /api/v1`` and ``GET /apis/GROUP/VERSION``."""
        return self._resources.get((group, version))

    def aggregated(self, *, core: bool, form: str) -> Encoded:
        """``GET /api`` or ``GET /apis`` as ``APIGroupDiscoveryList`` of ``v2`` or ``v2beta1``."""
        return self._aggregated[core, form]

    def _group_names(self) -> list[str]:
        names = dict.fromkeys(group for group, _ in self._served if group)
        return sorted({*names, *_VERB_GROUPS}, key=_rank)

    def _versions(self, group: str) -> list[str]:
        if group in _VERB_GROUPS:
            return [*_VERB_GROUPS[group].versions]
        return [version for served, version in self._served if served == group]

    def _group(self, name: str) -> Document:
        versions: list[JsonValue] = [
            {"groupVersion": f"{name}/{version}", "version": version}
            for version in self._versions(name)
        ]
        return {"name": name, "versions": versions, "preferredVersion": versions[0]}

    def _resource_list(self, group: str, version: str) -> Document:
        resources: list[JsonValue] = []
        if group in _VERB_GROUPS:
            resources.extend(_bare(name) for name in _VERB_GROUPS[group].listed())
        for kind in self._served.get((group, version), ()):
            resources.append(_legacy(kind))
            resources.extend(_legacy_subresource(kind, name) for name in kind.subresources)
        return {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": f"{group}/{version}" if group else version,
            "resources": resources,
        }

    def _discovery_list(self, *, core: bool, form: str) -> Document:
        return {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": f"apidiscovery.k8s.io/{form}",
            "metadata": {},
            "items": [
                {
                    "metadata": {"name": group, "creationTimestamp": None},
                    "versions": [
                        self._discovery(group, version) for version in self._versions(group)
                    ],
                }
                for group in ([""] if core else self._group_names())
            ],
        }

    def _discovery(self, group: str, version: str) -> Document:
        resources: list[JsonValue] = []
        if group in _VERB_GROUPS:
            resources.extend(
                _aggregated_verbs(group, version, kind) for kind, _ in _VERB_GROUPS[group].verbs
            )
        resources.extend(_aggregated(kind) for kind in self._served.get((group, version), ()))
        return {"version": version, "resources": resources, "freshness": "Current"}


# Groups of Kubernetes itself in the order of their priorities; all others follow by name.
_FIRST = (
    "", "apiregistration.k8s.io", "apps", "events.k8s.io", "authentication.k8s.io",
    "authorization.k8s.io", "autoscaling", "batch", "certificates.k8s.io", "networking.k8s.io",
    "policy", "rbac.authorization.k8s.io", "storage.k8s.io", "admissionregistration.k8s.io",
    "apiextensions.k8s.io", "scheduling.k8s.io", "coordination.k8s.io", "node.k8s.io",
    "discovery.k8s.io",
)  # fmt: skip


def _rank(group: str) -> tuple[int, str]:
    return (_FIRST.index(group) if group in _FIRST else len(_FIRST), group)


def _in_order(kinds: Iterable[Kind]) -> dict[tuple[str, str], list[Kind]]:
    """Kinds by group and version: groups by rank, preferred versions first, kinds by name."""
    served = catalog.served_versions(kinds)
    for review in REVIEWS:
        served.setdefault((review.group, review.version), []).append(review)
    return {
        key: sorted(served[key], key=lambda kind: kind.plural)
        for key in sorted(served, key=lambda key: _rank(key[0]))
    }


def _verbs(kind: Kind) -> list[JsonValue]:
    if kind in REVIEWS:
        return [*kind.verbs]
    return [*(kind.verbs if catalog.is_builtin(kind) else _CUSTOM_VERBS)]


def _legacy(kind: Kind) -> Document:
    found: Document = {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": kind.namespaced,
        "kind": kind.name,
        "verbs": _verbs(kind),
    }
    if kind.short:
        found["shortNames"] = [*kind.short]
    if kind.categories:
        found["categories"] = [*kind.categories]
    return found


def _legacy_subresource(kind: Kind, name: str) -> Document:
    shape = _SUBRESOURCES.get(name, _ORDINARY)
    found: Document = {
        "name": f"{kind.plural}/{name}",
        "singularName": "",
        "namespaced": kind.namespaced,
        "kind": shape.kind[2] if shape.kind else kind.name,
        "verbs": [*shape.verbs],
    }
    if shape.kind and shape.kind[0]:
        found["group"], found["version"] = shape.kind[0], shape.kind[1]
    return found


def _bare(name: str) -> Document:
    return {"name": name, "singularName": "", "namespaced": True, "kind": "", "verbs": None}


def _response_kind(group: str, version: str, name: str) -> Document:
    return {"group": group, "version": version, "kind": name}


def _aggregated(kind: Kind) -> Document:
    found: Document = {
        "resource": kind.plural,
        "responseKind": _response_kind(kind.group, kind.version, kind.name),
        "scope": "Namespaced" if kind.namespaced else "Cluster",
        "singularResource": kind.singular,
        "verbs": _verbs(kind),
    }
    if kind.short:
        found["shortNames"] = [*kind.short]
    if kind.categories:
        found["categories"] = [*kind.categories]
    if kind.subresources:
        found["subresources"] = [_aggregated_subresource(kind, name) for name in kind.subresources]
    return found


def _aggregated_subresource(kind: Kind, name: str) -> Document:
    shape = _SUBRESOURCES.get(name, _ORDINARY)
    return {
        "subresource": name,
        "responseKind": _response_kind(*(shape.kind or (kind.group, kind.version, kind.name))),
        "verbs": [*shape.verbs],
    }


def _aggregated_verbs(group: str, version: str, kind: Kind) -> Document:
    listed = _VERB_GROUPS[group]
    return {
        "resource": kind.plural,
        "responseKind": _response_kind("", "", ""),
        "scope": "Namespaced",
        "singularResource": "",
        "verbs": [],
        "subresources": [
            {
                "subresource": verb,
                "responseKind": _response_kind(group, version, kind.name),
                "verbs": [*listed.methods],
            }
            for verb in dict(listed.verbs)[kind]
        ],
    }
