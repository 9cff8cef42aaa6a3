"""Pods in which libguestfs works on a claim: what ``virtctl guestfs`` makes.

No image is run: the tools are those of the host, in a shell that sees the claim and has no rights
of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from launcher import disks
from launcher.errors import HostError
from virtctl.errors import BadRequest
from virtctl.local.api.verbs.ports import ExecRequest, Process
from virtctl.local.layout import InstanceLayout
from virtctl.local.runtime import fillings
from virtctl.models.documents import Document, flag, name_of, namespace_of, objects, text, uid_of

_CONTAINER = "libguestfs"
_PREFIX = "libguestfs-tools-"
_PROGRAM = "guestfish"
_KVM = "devices.kubevirt.io/kvm"
_MISSING = (
    "libguestfs' tools are not installed on this machine: install the Debian package "
    "`libguestfs-tools`"
)
_ROOT = "tools do not run as root here: leave out --root"


def is_tools(pod: Document) -> bool:
    """Whether a pod is one for libguestfs."""
    names = [text(one, "name") for one in objects(pod, "spec", "containers")]
    claim = claim_of(pod)
    ours = names == [_CONTAINER] and name_of(pod) == f"{_PREFIX}{claim}"
    return ours and bool(claim) and "/" not in claim and claim not in {".", ".."}


def claim_of(pod: Document) -> str:
    """The claim that the tools work on."""
    for volume in objects(pod, "spec", "volumes"):
        if text(volume, "persistentVolumeClaim", "claimName"):
            return text(volume, "persistentVolumeClaim", "claimName")
    return ""


def refusal(pod: Document, others: Iterable[Document]) -> str:
    """Why the tools cannot work; empty when they can. ``others`` are the pods beside it."""
    user = fillings.is_used([one for one in others if uid_of(one) != uid_of(pod)], claim_of(pod))
    if user:
        return f"claim {namespace_of(pod)}/{claim_of(pod)} is in use by pod {user}"
    if not flag(pod, "spec", "securityContext", "runAsNonRoot"):
        return _ROOT
    return "" if shutil.which(_PROGRAM) else _MISSING


def user_of(pods: Iterable[Document], claim: str) -> str:
    """The name of the pod whose tools work on a claim; empty when none does."""
    for pod in pods:
        if is_tools(pod) and claim_of(pod) == claim and text(pod, "status", "phase") == "Running":
            return name_of(pod)
    return ""


async def attach(
    layout: InstanceLayout, pod: Document, request: ExecRequest, disk: Path
) -> Process:
    """A shell, or the program that is asked for, beside a claim's ``disk``.

    Raises ``BadRequest``.
    """
    if text(pod, "status", "phase") != "Running":
        raise BadRequest(f"pod {name_of(pod)} does not run")
    try:
        return await disks.open_shell(
            disk,
            (layout.root,),
            request.command or ("bash",),
            tty=request.tty or not request.command,
            stdin=request.stdin,
            kvm=any(
                text(one, "resources", "limits", _KVM) not in {"", "0"}
                for one in objects(pod, "spec", "containers")
            ),
        )
    except HostError as error:
        raise BadRequest(str(error)) from error
