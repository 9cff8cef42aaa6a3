"""Gather what a machine's manifest only names: secrets, config maps, claims, settings.

Reads the store; touches nothing on the host. Images come resolved from the agent.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.spec import Accelerator, Resolver
from virtctl.errors import BadRequest, InvalidField, NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.node import guestfs, podfiles
from virtctl.local.node.materials import BootImage, ClaimPlace, DiskImage, ImageWish, TranslateFacts
from virtctl.local.node.podfiles import Credentials
from virtctl.local.runtime import backendstorage, fillings
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.podmanifest import claim_of, pod_name
from virtctl.models.documents import (
    Document,
    child,
    flag,
    items,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
)
from virtctl.models.kinds import (
    CONFIG_MAP,
    KUBEVIRT,
    NODE,
    POD,
    PV,
    PVC,
    SECRET,
    SERVICE_ACCOUNT,
    Kind,
)
from virtctl.wire.quantities import parse_quantity

BOOT_FILES = {"kernel-boot/kernel": "kernelPath", "kernel-boot/initrd": "initrdPath"}
"""Files of a kernel boot container, beside the volumes' disks: no volume has such a name."""

_DOMAIN = "kubevirt.io/domain"  # annotation of a machine's pods
DISK = "disk.img"  # name of the disk in a claim with a file system


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What the node adds to every machine on it."""

    accelerator: Accelerator
    nameservers: tuple[str, ...]
    cluster_domain: str
    credentials: Credentials


@dataclass(frozen=True)
class Missing(Exception):
    """Something that a machine needs is not there yet; it may come."""

    what: str

    def __str__(self) -> str:
        return self.what


def gather(
    service: ApiService, vmi: Document, images: Mapping[str, DiskImage], node: Surroundings
) -> TranslateFacts:
    """The facts for ``translate``. Raises ``Missing`` and ``InvalidField``."""
    namespace = namespace_of(vmi)
    return TranslateFacts(
        accelerator=node.accelerator,
        images=images,
        boot_image=_boot_image(images),
        claims=_claims(service, vmi),
        secrets=_contents(service, SECRET, namespace, dict(_secrets(vmi))),
        config_maps=_contents(service, CONFIG_MAP, namespace, dict(_config_maps(vmi))),
        files=_files(service, vmi, node),
        resolver=resolver(vmi, node),
        state_directory=_state_directory(service, vmi),
        config=configuration(service),
        host_disks_replaced=True,
    )


def configuration(service: ApiService) -> Document:
    """``spec.configuration`` of the cluster's KubeVirt object."""
    for kubevirt in service.list(KUBEVIRT).items:
        return child(kubevirt, "spec", "configuration")
    return {}


def resolver(vmi: Document, node: Surroundings) -> Resolver:
    """The pod's resolv.conf, by ``dnsPolicy`` and ``dnsConfig`` of the VMI."""
    domain = node.cluster_domain
    servers = list(node.nameservers)
    search = [f"{namespace_of(vmi)}.svc.{domain}", f"svc.{domain}", domain]
    policy = text(vmi, "spec", "dnsPolicy", default="ClusterFirst")
    if policy == "None":
        servers, search = [], []
    elif policy == "Default":
        search = []
    extra = child(vmi, "spec", "dnsConfig")
    servers += [one for one in items(extra, "nameservers") if isinstance(one, str)]
    search += [one for one in items(extra, "searches") if isinstance(one, str)]
    return Resolver(nameservers=tuple(dict.fromkeys(servers)), search=tuple(dict.fromkeys(search)))


def _secrets(vmi: Document) -> Iterator[tuple[str, bool]]:
    """Names of the secrets that a VMI uses, and whether each may be absent."""
    for volume in objects(vmi, "spec", "volumes"):
        for source in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            for field in ("secretRef", "networkDataSecretRef"):
                yield text(volume, source, field, "name"), False
        yield text(volume, "secret", "secretName"), flag(volume, "secret", "optional")
        yield text(volume, "sysprep", "secret", "name"), False
    for credential in objects(vmi, "spec", "accessCredentials"):
        for kind in ("sshPublicKey", "userPassword"):
            yield text(credential, kind, "source", "secret", "secretName"), False


def _config_maps(vmi: Document) -> Iterator[tuple[str, bool]]:
    for volume in objects(vmi, "spec", "volumes"):
        yield text(volume, "configMap", "name"), flag(volume, "configMap", "optional")
        yield text(volume, "sysprep", "configMap", "name"), False


def _contents(
    service: ApiService, kind: Kind, namespace: str, names: Mapping[str, bool]
) -> dict[str, dict[str, bytes]]:
    found: dict[str, dict[str, bytes]] = {}
    for name, optional in names.items():
        if not name:
            continue
        try:
            found[name] = _data(service.get(kind, namespace, name))
        except NotFound:
            if not optional:
                raise Missing(f'{kind.singular} "{name}" not found') from None
            found[name] = {}
    return found


def _data(document: Document) -> dict[str, bytes]:
    """The contents of a Secret or ConfigMap."""
    if text(document, "kind") == SECRET.name:
        return {key: _decode(key, value) for key, value in strings(document, "data").items()}
    texts = {key: value.encode() for key, value in strings(document, "data").items()}
    binaries = strings(document, "binaryData").items()
    return texts | {key: _decode(key, value) for key, value in binaries}


def _decode(key: str, value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise InvalidField(f"data.{key}", value, "must be base64") from None


def _claims(service: ApiService, vmi: Document) -> dict[str, ClaimPlace]:
    found = {}
    for volume in objects(vmi, "spec", "volumes"):
        name = claim_of(volume)
        if name:
            read_only = flag(volume, "persistentVolumeClaim", "readOnly")
            found[name] = _filled(service, namespace_of(vmi), name, read_only=read_only)
            _check_sole_user(service, vmi, name)
    return found


def _check_sole_user(service: ApiService, vmi: Document, name: str) -> None:
    """A claim that one pod may have belongs to the pod that was there first. Raises ``Missing``."""
    namespace = namespace_of(vmi)
    claim = service.find(PVC, namespace, name) or {}
    if "ReadWriteOncePod" not in items(claim, "spec", "accessModes"):
        return
    pods = service.list(POD, namespace).items
    ours = next((_age(pod) for pod in pods if name_of(pod) == pod_name(vmi)), None)
    others = (pod for pod in pods if strings(pod, "metadata", "annotations").get(_DOMAIN, "")
              != name_of(vmi))  # fmt: skip
    user = fillings.is_used([pod for pod in others if ours is None or _age(pod) < ours], name)
    if user:
        raise Missing(
            f'persistentvolumeclaim "{name}" is ReadWriteOncePod, and pod {user} has it already'
        )


def _age(pod: Document) -> tuple[str, str]:
    return text(pod, "metadata", "creationTimestamp"), name_of(pod)


def claim_place(
    service: ApiService, namespace: str, name: str, *, read_only: bool = False
) -> ClaimPlace:
    """Where the disk of a claim is. Raises ``Missing`` while it is not bound."""
    try:
        claim = service.get(PVC, namespace, name)
        volume = service.get(PV, None, text(claim, "spec", "volumeName") or "-")
    except NotFound:
        raise Missing(f'persistentvolumeclaim "{name}" is not bound') from None
    size = text(volume, "spec", "capacity", "storage", default="0")
    is_block = text(volume, "spec", "volumeMode") == "Block"
    return ClaimPlace(
        path=str(Path(text(volume, "spec", "hostPath", "path")) / DISK),
        block=is_block,
        loop=is_block,
        capacity=parse_quantity(size).value,
        read_only=read_only,
    )


def claim_disk(service: ApiService, namespace: str, name: str) -> Path:
    """The disk of a claim that somebody asks for. Raises ``BadRequest`` while it is not bound."""
    try:
        return Path(claim_place(service, namespace, name).path)
    except Missing as missing:
        raise BadRequest(str(missing)) from missing


def _state_directory(service: ApiService, vmi: Document) -> str:
    """The directory of the claim that keeps a machine's state. Raises ``Missing``."""
    if not backendstorage.is_needed(vmi):
        return ""
    selector = f"{backendstorage.LABEL}={name_of(vmi)}"
    for claim in service.list(PVC, namespace_of(vmi), labels=selector).items:
        if not is_deleting(claim):
            place = claim_place(service, namespace_of(vmi), name_of(claim))
            return str(Path(place.path).parent)
    raise Missing(f"persistentvolumeclaim of the state of {name_of(vmi)}")


def _filled(service: ApiService, namespace: str, name: str, *, read_only: bool) -> ClaimPlace:
    """As ``claim_place``, of a claim that is not still to be filled. Raises ``Missing``."""
    claim = service.find(PVC, namespace, name)
    if claim is not None and not fillings.is_filled(claim):
        raise Missing(f'persistentvolumeclaim "{name}" is not filled yet')
    tools = guestfs.user_of(service.list(POD, namespace).items, name)
    if tools:
        raise Missing(f'persistentvolumeclaim "{name}" is open in pod {tools}')
    return claim_place(service, namespace, name, read_only=read_only)


def _files(service: ApiService, vmi: Document, node: Surroundings) -> dict[str, dict[str, bytes]]:
    """Files of downwardAPI and serviceAccount volumes. Raises ``Missing`` and ``InvalidField``."""
    found = {}
    for volume in objects(vmi, "spec", "volumes"):
        if "downwardAPI" in volume:
            pod = _pod(service, vmi)
            place = service.find(NODE, None, text(pod, "spec", "nodeName") or "-") or {}
            files = podfiles.downward_files(volume, pod, place)
        elif "serviceAccount" in volume:
            name = text(volume, "serviceAccount", "serviceAccountName")
            account = service.find(SERVICE_ACCOUNT, namespace_of(vmi), name)
            if account is None:
                raise Missing(f'serviceaccount "{name}" not found')
            files = podfiles.account_files(node.credentials, account, _pod(service, vmi))
        else:
            continue
        found[text(volume, "name")] = files
    return found


def _pod(service: ApiService, vmi: Document) -> Document:
    found = service.find(POD, namespace_of(vmi), pod_name(vmi))
    if found is None:
        raise Missing(f'pod "{pod_name(vmi)}" not found')
    return found


def container_disks(service: ApiService, vmi: Document) -> dict[str, ImageWish]:
    """What container disks ask for, by volume, and kernel boot, by the keys of ``BOOT_FILES``.

    A pull secret that is not there is left out.
    """
    found = {}
    for volume in objects(vmi, "spec", "volumes"):
        disk = child(volume, "containerDisk")
        if disk:
            found[text(volume, "name")] = ImageWish(
                reference=text(disk, "image"),
                policy=text(disk, "imagePullPolicy"),
                path=text(disk, "path"),
                auths=_auths(service, namespace_of(vmi), text(disk, "imagePullSecret")),
            )
    boot = child(vmi, "spec", "domain", "firmware", "kernelBoot", "container")
    for key, field in BOOT_FILES.items():
        if text(boot, field):
            found[key] = ImageWish(
                reference=text(boot, "image"),
                policy=text(boot, "imagePullPolicy"),
                path=text(boot, field),
                auths=_auths(service, namespace_of(vmi), text(boot, "imagePullSecret")),
            )
    return found


def _boot_image(images: Mapping[str, DiskImage]) -> BootImage | None:
    """The files of a kernel boot container, as far as there are any."""
    found = {key.rpartition("/")[2]: images[key].path for key in BOOT_FILES if key in images}
    return BootImage(**found) if found else None


def _auths(service: ApiService, namespace: str, secret: str) -> str:
    found = service.find(SECRET, namespace, secret) if secret else None
    data = _data(found) if found is not None else {}
    return data.get(".dockerconfigjson", b"").decode(errors="replace")
