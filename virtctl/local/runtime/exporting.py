"""What a VirtualMachineExport offers, by which paths (api.md §1.5). Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from virtctl.local.runtime import copies, fillings, volumecopies
from virtctl.local.runtime.naming import joined
from virtctl.local.runtime.podmanifest import ATTENDED
from virtctl.models.documents import (
    Document,
    JsonValue,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    put,
    strings,
    text,
)
from virtctl.models.kinds import (
    CONFIG_MAP,
    DATA_VOLUME,
    POD,
    PVC,
    SECRET,
    SNAPSHOT,
    VIRTUAL_MACHINE,
)

ADDRESS = "local.virtctl.io/export-server"
"""On CDIConfig: where the export server of this instance listens."""
MEMORY_DUMP = "local.virtctl.io/memory-dump"
"""On a claim: the file in it that a machine's memory is in."""
TOKEN_HEADER = "x-kubevirt-export-token"  # noqa: S105 - the name of a header
SERVICE_LABEL = "kubevirt.io.virt-export-service"
"""Of the pod that an export's Service leads to; its value is the Service's name."""
PORT = 8443
"""Where the server listens for pods, on the nodes."""
RECORD = "export-address"
"""Where the server's address is kept, among the records of ``node.uploads``."""
_UNLUCKY = 53  # characters with which a name would begin with a dash, as KubeVirt says
_BASE = "/api/export.kubevirt.io/v1/namespaces/{}/virtualmachineexports/{}"


@dataclass(frozen=True, kw_only=True)
class Volume:
    """A disk, or a claim full of files, that is offered.

    ``claim`` is in the export's namespace; ``part`` the VolumeSnapshot that the disk is taken from
    when it is one of a snapshot. ``size`` is what a claim for it must ask for.
    """

    name: str
    claim: str = ""
    part: str = ""
    is_tree: bool = False
    size: str = ""

    def formats(self) -> tuple[tuple[str, str], ...]:
        """Formats and the ends of their paths."""
        if self.is_tree:
            return (("dir", "dir/"), ("tar.gz", "disk.tar.gz"))
        return (("raw", "disk.img"), ("gzip", "disk.img.gz"))


def volumes(
    export: Document, source: Document, claims: Mapping[str, Document]
) -> tuple[Volume, ...]:
    """What is in an export of a machine, a claim, or a snapshot, whose content ``source`` is then.

    ``claims`` are those that exist; the others are left out.
    """
    kind = text(export, "spec", "source", "kind")
    if kind == SNAPSHOT.name:
        return tuple(
            Volume(
                name=text(one, "persistentVolumeClaim", "metadata", "name"),
                part=text(one, "volumeSnapshotName"),
                size=text(one, "persistentVolumeClaim", "spec", "resources", "requests", "storage"),
            )
            for one in objects(source, "spec", "volumeBackups")
        )
    return tuple(_of_claim(claims[name]) for name in claim_names(export, source) if name in claims)


def claim_names(export: Document, source: Document) -> tuple[str, ...]:
    """The claims that an export reads."""
    match text(export, "spec", "source", "kind"):
        case PVC.name:
            return (text(export, "spec", "source", "name"),)
        case VIRTUAL_MACHINE.name:
            return tuple(dict.fromkeys(volumecopies.claims(source).values()))
        case _:
            return ()


def _of_claim(claim: Document) -> Volume:
    marks = strings(claim, "metadata", "annotations")
    return Volume(
        name=name_of(claim),
        claim=name_of(claim),
        is_tree=marks.get(fillings.CONTENT) == "archive" or MEMORY_DUMP in marks,
        size=text(claim, "spec", "resources", "requests", "storage"),
    )


def machine_of(export: Document, source: Document) -> Document:
    """The machine that an export is of; empty for a claim's."""
    match text(export, "spec", "source", "kind"):
        case VIRTUAL_MACHINE.name:
            return source
        case SNAPSHOT.name:
            return child(source, "spec", "source", "virtualMachine")
        case _:
            return {}


def base(address: str, export: Document) -> str:
    """Where an export is, on the server at ``address``."""
    return address + _BASE.format(namespace_of(export), name_of(export))


def inner_base(export: Document) -> str:
    """Where pods find an export."""
    return f"https://{service_name(export)}.{namespace_of(export)}.svc"


def links(
    start: str, side: str, found: tuple[Volume, ...], authority: str, *, machine: bool
) -> Document:
    """Links to an export's volumes, and to manifests when it is of a ``machine``.

    ``side`` is internal or external, ``start`` where the export is for those.
    """
    made: Document = {"cert": authority}
    made["volumes"] = [
        {
            "name": one.name,
            "formats": [
                {"format": form, "url": f"{start}/volumes/{one.name}/{end}"}
                for form, end in one.formats()
            ],
        }
        for one in found
    ]
    if machine:
        made["manifests"] = [
            {"type": "all", "url": f"{start}/{side}/manifests/all"},
            {"type": "auth-header-secret", "url": f"{start}/{side}/manifests/secret"},
        ]
    return made


def token_secret(export: Document) -> str:
    """Name of the Secret that has the export's token."""
    return text(export, "spec", "tokenSecretRef") or joined("export-token", name_of(export))


def manifests(
    start: str, export: Document, machine: Document, found: tuple[Volume, ...], authority: str
) -> list[Document]:
    """What makes the machine elsewhere: the CA, data volumes that fetch the disks, the machine.

    ``start`` is where the export is for whoever asks.
    """
    certificates = f"export-ca-cm-{name_of(export)}"
    made: list[Document] = [
        {
            "apiVersion": CONFIG_MAP.api_version,
            "kind": CONFIG_MAP.name,
            "metadata": {"name": certificates},
            "data": {"ca.pem": authority},
        }
    ]
    for one in found:
        http: Document = {
            "url": f"{start}/volumes/{one.name}/disk.img.gz",
            "certConfigMap": certificates,
            "secretExtraHeaders": [header_secret(export)],
        }
        made.append(
            {
                "apiVersion": DATA_VOLUME.api_version,
                "kind": DATA_VOLUME.name,
                "metadata": {"name": one.name},
                "spec": {
                    "source": {"http": http},
                    "storage": {"resources": {"requests": {"storage": one.size}}},
                },
            }
        )
    made.append(_portable(machine, {one.name for one in found}))
    return made


def _portable(machine: Document, disks: set[str]) -> Document:
    made = copies.copy_of(machine, name_of(machine), "")
    child(made, "metadata").pop("namespace", None)
    spec = child(made, "spec")
    spec.pop("dataVolumeTemplates", None)
    path = ("spec", "template", "spec", "volumes")
    named: list[JsonValue] = []
    for volume in objects(made, *path):
        claim = text(volume, "persistentVolumeClaim", "claimName") or text(
            volume, "dataVolume", "name"
        )
        given: Document = {"name": text(volume, "name"), "dataVolume": {"name": claim}}
        named.append(given if claim in disks else volume)
    if named:
        put(made, named, *path)
    return made


def header_secret(export: Document) -> str:
    """Name of the Secret with the header that data volumes send."""
    return f"header-secret-{name_of(export)}"


def header_manifest(export: Document, token: str) -> Document:
    """That Secret."""
    value = base64.b64encode(f"{TOKEN_HEADER}:{token}".encode()).decode()
    return {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.name,
        "metadata": {"name": header_secret(export)},
        "data": {"token": value},
    }


def build_token(export: Document, token: str, owner: Document) -> Document:
    """The Secret of an export whose author named none."""
    return {
        "apiVersion": SECRET.api_version,
        "kind": SECRET.name,
        "metadata": {
            "name": token_secret(export),
            "namespace": namespace_of(export),
            "ownerReferences": [owner],
        },
        "type": "Opaque",
        "data": {"token": base64.b64encode(token.encode()).decode()},
    }


def service_name(export: Document) -> str:
    """Name of the Service by which an export is reached, and of the pod behind it."""
    end = name_of(export).replace(".", "-")  # a Service's name has no dots
    if len(end) == _UNLUCKY:
        end = end[:-1]
    return joined("virt-export", end)


def build_pod(export: Document, node: str, owner: Document) -> Document:
    """The pod that stands for the export server, so that port-forward finds it."""
    name = service_name(export)
    return {
        "apiVersion": POD.api_version,
        "kind": POD.name,
        "metadata": {
            "name": name,
            "namespace": namespace_of(export),
            "labels": {SERVICE_LABEL: name},
            "annotations": {ATTENDED: "exports"},
            "ownerReferences": [owner],
        },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "enableServiceLinks": False,
            "containers": [{"name": name, "image": "virtctl-local", "imagePullPolicy": "Never"}],
        },
    }


def is_ready(export: Document) -> bool:
    """Whether an export can be downloaded."""
    return text(export, "status", "phase") == "Ready"


def is_populated(claim: Document) -> bool:
    """Whether a claim that an export reads has what it is to have, and stays."""
    going = find(claim, "metadata", "deletionTimestamp") is not None
    return text(claim, "status", "phase") == "Bound" and fillings.is_filled(claim) and not going
