"""Rules of core kinds that a manifest gets wrong easily; what is refused is worded as upstream."""

from __future__ import annotations

import re
from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import duplicate, invalid, not_supported, required
from virtctl.local.api.rules.networkpolicies import network_policy_causes
from virtctl.local.api.rules.priorities import security_causes
from virtctl.local.api.rules.quotas import limit_range_causes
from virtctl.local.api.rules.workloads import MAKERS, workload_causes
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

_ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_PROBLEM = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
    " or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_PORT_PROBLEM = "must be between 1 and 65535, inclusive"


def core_causes(kind: Kind, document: Document) -> Iterator[Cause]:
    """What is wrong with an object of a core kind."""
    if kind == kinds.PVC:
        yield from _claim_causes(documents.child(document, "spec"))
    elif kind == kinds.SERVICE:
        yield from _service_causes(documents.child(document, "spec"))
    elif kind in {kinds.SECRET, kinds.CONFIG_MAP}:
        yield from _key_causes(document)
    elif kind == kinds.POD:
        yield from _pod_causes(documents.child(document, "spec"))
    elif kind == kinds.LIMIT_RANGE:
        yield from limit_range_causes(document)
    elif kind == kinds.NAMESPACE:
        yield from security_causes(document)
    elif kind in MAKERS:
        yield from workload_causes(kind, document)
    elif kind == kinds.NETWORK_POLICY:
        yield from network_policy_causes(documents.child(document, "spec"))


def _claim_causes(spec: Document) -> Iterator[Cause]:
    modes = documents.items(spec, "accessModes")
    if not modes:
        yield required("spec.accessModes", "Required value: at least 1 access mode is required")
    for mode in modes:
        if mode not in _ACCESS_MODES:
            yield _unsupported("spec.accessModes", mode, _ACCESS_MODES)
    if documents.find(spec, "resources", "requests", "storage") is None:
        yield required("spec.resources[storage]", "Required value")


def _unsupported(field: str, value: object, known: tuple[str, ...]) -> Cause:
    choices = ", ".join(f'"{choice}"' for choice in sorted(known))
    return not_supported(field, f'Unsupported value: "{value}": supported values: {choices}')


def _service_causes(spec: Document) -> Iterator[Cause]:
    kind = documents.text(spec, "type", default="ClusterIP")
    if kind not in _SERVICE_TYPES:
        yield _unsupported("spec.type", kind, _SERVICE_TYPES)
    ports = list(documents.objects(spec, "ports"))
    headless = spec.get("clusterIP") == "None" or kind == "ExternalName"
    if not ports and not headless:
        yield required("spec.ports", "Required value")
    taken: set[str] = set()
    for position, port in enumerate(ports):
        field, name = f"spec.ports[{position}]", documents.text(port, "name")
        if not name and len(ports) > 1:
            yield required(f"{field}.name", "Required value")
        elif name in taken:
            yield duplicate(f"{field}.name", f'Duplicate value: "{name}"')
        elif name:
            for problem in names.label_problems(name):
                yield invalid(f"{field}.name", f'Invalid value: "{name}": {problem}')
        taken.add(name)
        number = documents.integer(port, "port")
        if not 0 < number < 65536:
            yield invalid(f"{field}.port", f"Invalid value: {number}: {_PORT_PROBLEM}")
        target = port.get("targetPort", number)
        if isinstance(target, int) and not 0 < target < 65536:
            yield invalid(f"{field}.targetPort", f"Invalid value: {target}: {_PORT_PROBLEM}")


def _key_causes(document: Document) -> Iterator[Cause]:
    for part in ("data", "binaryData", "stringData"):
        for key in documents.child(document, part):
            if not _KEY.fullmatch(key):
                yield invalid(f"{part}[{key}]", f'Invalid value: "{key}": {_KEY_PROBLEM}')


def _pod_causes(spec: Document) -> Iterator[Cause]:
    containers = list(documents.objects(spec, "containers"))
    if not containers:
        yield required("spec.containers", "Required value")
    volumes = {item.get("name") for item in documents.objects(spec, "volumes")}
    taken: set[str] = set()
    for position, container in enumerate(containers):
        field, name = f"spec.containers[{position}]", documents.text(container, "name")
        if name in taken:
            yield duplicate(f"{field}.name", f'Duplicate value: "{name}"')
        taken.add(name)
        for problem in names.label_problems(name):
            yield invalid(f"{field}.name", f'Invalid value: "{name}": {problem}')
        if not container.get("image"):
            yield required(f"{field}.image", "Required value")
        for index, mount in enumerate(documents.objects(container, "volumeMounts")):
            if mount.get("name") not in volumes:
                where = f"{field}.volumeMounts[{index}].name"
                yield Cause("FieldValueNotFound", f'Not found: "{mount.get("name")}"', where)
