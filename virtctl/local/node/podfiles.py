"""Files that tell a guest of its pod: the downward API's, and those of a service account.

Contents are as the kubelet writes them into the volumes of a pod, which KubeVirt makes disks of.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from virtctl.errors import InvalidField
from virtctl.models.documents import (
    Document,
    child,
    find,
    name_of,
    namespace_of,
    objects,
    strings,
    text,
    uid_of,
)
from virtctl.wire.quantities import Quantity, quantity_or_none

_FIELDS = {
    "metadata.name": name_of,
    "metadata.namespace": namespace_of,
    "metadata.uid": uid_of,
}
_AT = "spec.volumes[].downwardAPI.fields[]"
_CONTAINER = "compute"
_PLAIN = frozenset({"cpu", "memory", "ephemeral-storage"})


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """What pods prove themselves to the API server with.

    ``issue`` gives the token of an account that holds as long as a pod is there; ``certificate``
    is the CA's (PEM).
    """

    issue: Callable[[Document, Document], str]
    certificate: str


def account_files(credentials: Credentials, account: Document, pod: Document) -> dict[str, bytes]:
    """What a pod finds in ``/var/run/secrets/kubernetes.io/serviceaccount``."""
    return {
        "ca.crt": credentials.certificate.encode(),
        "namespace": namespace_of(account).encode(),
        "token": credentials.issue(account, pod).encode(),
    }


def downward_files(volume: Document, pod: Document, node: Document) -> dict[str, bytes]:
    """The files of a downwardAPI volume; ``node`` may be empty.

    They tell of the machine's pod, which has the instance's labels and annotations, and others.
    Raises ``InvalidField`` for a field or resource that there is not.
    """
    found = {}
    for one in objects(volume, "downwardAPI", "fields"):
        asked = child(one, "resourceFieldRef")
        value = (
            _resource(asked, pod, node)
            if asked
            else _field(pod, text(one, "fieldRef", "fieldPath"))
        )
        found[text(one, "path")] = value.encode()
    return found


def _field(pod: Document, path: str) -> str:
    if path in _FIELDS:
        return _FIELDS[path](pod)
    for whole in ("labels", "annotations"):
        prefix = f"metadata.{whole}"
        known = strings(pod, "metadata", whole)
        if path == prefix:
            return "\n".join(f"{key}={_quoted(value)}" for key, value in sorted(known.items()))
        if path.startswith(f"{prefix}['") and path.endswith("']"):
            return known.get(path[len(prefix) + 2 : -2], "")
    raise InvalidField(f"{_AT}.fieldRef.fieldPath", path, "unknown")


def _quoted(value: str) -> str:
    """A value between quotes, what would end them or the line written as escapes."""
    return json.dumps(value, ensure_ascii=False)


def _resource(asked: Document, pod: Document, node: Document) -> str:
    """A whole number of divisors, rounded up."""
    at = f"{_AT}.resourceFieldRef"
    wanted = text(asked, "resource")
    side, _, resource = wanted.partition(".")
    is_known = resource in _PLAIN or resource.startswith("hugepages-")
    if side not in {"limits", "requests"} or not is_known:
        raise InvalidField(f"{at}.resource", wanted, "unknown")
    held = find(_container(asked, pod), "resources", side, resource)
    if held is None and side == "limits":
        # Without a limit a container may have all that the node gives to pods.
        held = find(node, "status", "allocatable", resource) if resource in _PLAIN else None
    amount, divisor = quantity_or_none(held) or Quantity(0), _divisor(asked)
    if resource == "cpu":
        return str(-(-amount.milli // divisor.milli))
    return str(-(-amount.value // divisor.value))


def _container(asked: Document, pod: Document) -> Document:
    name = text(asked, "containerName") or _CONTAINER
    for container in objects(pod, "spec", "containers"):
        if text(container, "name") == name:
            return container
    known = ", ".join(text(one, "name") for one in objects(pod, "spec", "containers"))
    at = f"{_AT}.resourceFieldRef.containerName"
    raise InvalidField(at, name, f"the pod has no such container, but {known}")


def _divisor(asked: Document) -> Quantity:
    """Nothing and 0 mean 1."""
    given = find(asked, "divisor")
    if given is None or given == "":
        return Quantity.of(1)
    divisor = quantity_or_none(given)
    if divisor is None or divisor < Quantity(0):
        problem = "must be a quantity that is not negative"
        raise InvalidField(f"{_AT}.resourceFieldRef.divisor", str(given), problem)
    return divisor or Quantity.of(1)
