"""The CDI object and its configuration: made when there are none, their status kept true."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtctl.local.api.service import ApiService
from virtctl.local.runtime import fillings, reconcile
from virtctl.local.runtime.changes import Change, Create, difference, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.installations import deployed
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, name_of, strings, text
from virtctl.models.kinds import CDI, CDI_CONFIG, SERVICE, STORAGE_CLASS

CDI_VERSION = "v1.63.0"
"""The release of CDI whose API this control plane follows."""

GLOBAL_OVERHEAD = "0.06"
_CONFIG = Key("", "config")
_PROXY = "cdi-uploadproxy"
_PROXY_URL = "uploadProxyURL"
_NO_OVERHEAD = "0"
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """All CDI objects, the configuration, and the storage classes."""

    installations: tuple[Document, ...] = ()
    config: Document | None = None
    classes: tuple[Document, ...] = ()


class InstallationController:
    """Keeps CDI and CDIConfig, and in ``namespace`` the upload proxy's service.

    ``provisioner`` is the one whose claims are plain directories. Where the proxy listens is told
    by whoever listens (``node.uploads``).
    """

    name = "cdi"
    component = "cdi-operator"

    def __init__(self, namespace: str, provisioner: str) -> None:
        self._namespace = namespace
        self._provisioner = provisioner

    @property
    def watched(self) -> tuple[Watched, ...]:
        """CDI objects, configurations and storage classes; all concern the one configuration."""
        return tuple(Watched(kind, _the_config) for kind in (CDI, CDI_CONFIG, STORAGE_CLASS))

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        service.ensure_namespace(self._namespace)
        if not service.exists(SERVICE, self._namespace, _PROXY):
            service.create(SERVICE, self._namespace, _service(self._namespace))
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """Everything, for the key of the configuration."""
        if key != _CONFIG:
            return None
        return Seen(
            installations=tuple(service.list(CDI).items),
            config=service.find(CDI_CONFIG, None, _CONFIG.name),
            classes=tuple(service.list(STORAGE_CLASS).items),
        )

    def decide(self, seen: Seen, now: float) -> Sequence[Change]:
        """Both objects, and their status."""
        made: list[Change] = []
        if not seen.installations:
            made.append(Create(kind=CDI, document=_new(CDI.api_version, CDI.name, "cdi")))
        if seen.config is None:
            document = _new(CDI_CONFIG.api_version, CDI_CONFIG.name, _CONFIG.name)
            made.append(Create(kind=CDI_CONFIG, document=document))
        for one in seen.installations:
            if not is_deleting(one):
                made.extend(status_patch(CDI, one, deployed(one, CDI_VERSION, now)))
        if seen.config is not None:
            made.extend(_handed_on(seen.installations, seen.config))
            wanted = self._settings(seen.config, seen.classes)
            made.extend(status_patch(CDI_CONFIG, seen.config, wanted))
        return made

    def _settings(self, config: Document, classes: Sequence[Document]) -> Document:
        spec = child(config, "spec")
        given = child(spec, "filesystemOverhead")
        whole = text(given, "global") or GLOBAL_OVERHEAD
        own = strings(given, "storageClass")
        shares = {}
        for one in classes:
            # A claim of ours is a directory: no file system of its own takes a part of it.
            plain = text(one, "provisioner") == self._provisioner and not text(given, "global")
            shares[name_of(one)] = own.get(name_of(one)) or (_NO_OVERHEAD if plain else whole)
        gone = (_PROXY_URL, "importProxy")
        kept = {key: value for key, value in child(config, "status").items() if key not in gone}
        return {
            **kept,
            **_proxy(config),
            "filesystemOverhead": {"global": whole, "storageClass": {**shares}},
            "scratchSpaceStorageClass": text(spec, "scratchSpaceStorageClass")
            or _default_class(classes),
            "preallocation": spec.get("preallocation") is True,
            **({"importProxy": spec["importProxy"]} if "importProxy" in spec else {}),
            "defaultPodResourceRequirements": {
                "limits": {"cpu": "750m", "memory": "600M"},
                "requests": {"cpu": "100m", "memory": "60M"},
            },
        }


def _handed_on(installations: Sequence[Document], config: Document) -> Iterable[Change]:
    """``spec.config`` of a CDI object is what the configuration is to be."""
    for one in installations:
        wanted = child(one, "spec", "config")
        if wanted:
            body = difference(child(config, "spec"), wanted)
            if body:
                yield patch(CDI_CONFIG, config, {"spec": body})
            return


def _proxy(config: Document) -> Document:
    ours = strings(config, "metadata", "annotations").get(fillings.UPLOAD_PROXY, "")
    url = text(config, "spec", "uploadProxyURLOverride") or ours
    return {_PROXY_URL: url} if url else {}


def _service(namespace: str) -> Document:
    """The upload proxy, as clients find it that reach it through the API server."""
    return {
        "apiVersion": SERVICE.api_version,
        "kind": SERVICE.name,
        "metadata": {
            "name": _PROXY,
            "namespace": namespace,
            "labels": {"cdi.kubevirt.io": _PROXY},
        },
        "spec": {
            "selector": {"kubevirt.io": _PROXY},
            "ports": [{"protocol": "TCP", "port": 443, "targetPort": 8443}],
        },
    }


def _the_config(_: Document) -> Iterable[Key]:
    return (_CONFIG,)


def _new(version: str, kind: str, name: str) -> Document:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": {}}


def _default_class(classes: Sequence[Document]) -> str:
    for one in classes:
        if strings(one, "metadata", "annotations").get(_DEFAULT_CLASS) == "true":
            return name_of(one)
    return ""
