"""The pod that a machine runs in, and its logs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from virtctl.client.messages import Query, Request
from virtctl.client.resources import list_all, path
from virtctl.errors import NotFound
from virtctl.models.documents import Document, name_of, text
from virtctl.models.kinds import POD

if TYPE_CHECKING:
    from virtctl.client.rest import Rest

SERIAL, LAUNCHER = "guest-console-log", "compute"
_OVER = ("Succeeded", "Failed")


def launchers(rest: Rest, namespace: str, name: str) -> list[Document]:
    """All launcher pods of a machine, the youngest last. Raises ``ApiError``."""
    query = {"labelSelector": f"vm.kubevirt.io/name={name}"}
    found = list_all(rest, POD, namespace, query)
    return sorted(found, key=lambda pod: text(pod, "metadata", "creationTimestamp"))


def launcher(rest: Rest, namespace: str, name: str) -> Document:
    """The pod a machine runs in, else the last it ran in. Raises ``NotFound`` without any."""
    found = launchers(rest, namespace, name)
    if not found:
        missing = NotFound(f"machine {namespace}/{name} has no pod: it does not run")
        missing.hint = "is there such a machine? see `virtctl get vm,vmi -A`"
        raise missing
    running = [pod for pod in found if text(pod, "status", "phase") not in _OVER]
    return (running or found)[-1]


def log(rest: Rest, pod: Document, namespace: str, query: Query) -> Iterator[bytes]:
    """The log of a container (``query`` as of ``pods/log``), in chunks as they come."""
    where = path(POD, namespace, name_of(pod), "log")
    return rest.chunks(Request("GET", where, query, accept="*/*"))
