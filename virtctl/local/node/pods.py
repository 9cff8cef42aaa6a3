"""The status of a launcher pod at each stage of its life. Pure.

Containers other than ``compute`` have no processes of their own here: what they do upstream (to
hold a disk image, to tail the serial log) the launcher's own files and processes do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field

from virtctl.local.runtime import conditions, podmanifest
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.podmanifest import UNPAUSED_GATE
from virtctl.local.runtime.times import stamp
from virtctl.models.documents import Document, JsonValue, child, objects, text

CREATING = "ContainerCreating"
MAIN_CONTAINER = "compute"
SANDBOX = podmanifest.SANDBOX
_INITIALIZING = "PodInitializing"


@dataclass(frozen=True)
class Waiting:
    """Why a container does not run yet."""

    reason: str = CREATING
    message: str = ""


@dataclass(frozen=True, kw_only=True)
class Host:
    """Where the pod is: the node's addresses and the moment.

    ``waiting`` is why images cannot be had, ``sandbox`` why there is no network yet.
    """

    addresses: tuple[str, ...]
    now: float
    waiting: Mapping[str, Waiting] = field(default_factory=dict)
    sandbox: str = ""


def creating(pod: Document, host: Host) -> Document:
    """The node has the pod; images and network are being made.

    An image that cannot be had stops the init container that would take it, as with a kubelet.
    """
    made = _begun(pod, host)
    made["phase"] = "Pending"
    others = Waiting(_INITIALIZING) if host.waiting else Waiting()
    made["containerStatuses"] = [
        _container(one, waiting=others) for one in objects(pod, "spec", "containers")
    ]
    if host.waiting:
        made["initContainerStatuses"] = [
            _container(one, waiting=host.waiting.get(text(one, "image"), others))
            for one in objects(pod, "spec", "initContainers")
        ]
    else:
        made.pop("initContainerStatuses", None)
    made["conditions"] = _conditions(
        pod, host.now, ready=False, reason="ContainersNotReady", unpaused=False
    )
    if host.sandbox:
        failed = condition(SANDBOX, "False", reason="FailedCreatePodSandBox", message=host.sandbox)
        made["conditions"] = conditions.merged(objects(made, "conditions"), [failed], host.now)
    return made


def running(
    pod: Document,
    host: Host,
    addresses: Iterable[str],
    *,
    unpaused: bool = True,
    ready: bool = True,
) -> Document:
    """All containers run. A paused guest's pod is not Ready: its readiness gate is closed.

    ``ready`` is what the guest's readiness probe says, which is a probe of the main container.
    """
    made = _begun(pod, host)
    started = _started_at(pod) or stamp(host.now)
    made["phase"] = "Running"
    ips = list(addresses)
    if ips:
        made["podIP"] = ips[0]
        made["podIPs"] = [{"ip": ip} for ip in ips]
    made["containerStatuses"] = [
        _container(one, started=started) | {"ready": ready or text(one, "name") != MAIN_CONTAINER}
        for one in objects(pod, "spec", "containers")
    ]
    made["initContainerStatuses"] = [
        _container(one, started=started, ended="" if _is_sidecar(one) else started)
        | {"ready": True}
        for one in objects(pod, "spec", "initContainers")
    ]
    reason = "" if unpaused else "ReadinessGatesNotReady"
    reason = reason if ready else "ContainersNotReady"
    made["conditions"] = _conditions(pod, host.now, ready=ready, reason=reason, unpaused=unpaused)
    return made


def is_ready(pod: Document) -> bool:
    """Whether the guest of a pod was ready when last looked at."""
    return any(
        text(status, "name") == MAIN_CONTAINER and bool(status.get("ready"))
        for status in objects(pod, "status", "containerStatuses")
    )


def ended(pod: Document, host: Host, *, failure: str = "") -> Document:
    """The guest is over. ``failure`` is why it failed; empty when it succeeded."""
    made = _begun(pod, host)
    made["phase"] = "Failed" if failure else "Succeeded"
    if failure:
        made["message"] = failure
    started = _started_at(pod) or stamp(host.now)
    made["containerStatuses"] = [
        _container(
            one,
            started=started,
            ended=stamp(host.now),
            exit_code=1 if failure and text(one, "name") == MAIN_CONTAINER else 0,
        )
        for one in objects(pod, "spec", "containers")
    ]
    reason = "PodFailed" if failure else "PodCompleted"
    made["conditions"] = _conditions(pod, host.now, ready=False, reason=reason, unpaused=False)
    return made


def rejected(pod: Document, host: Host, reason: str, message: str) -> Document:
    """The node does not run this pod."""
    made = _begun(pod, host)
    made.update({"phase": "Failed", "reason": reason, "message": message})
    return made


def _begun(pod: Document, host: Host) -> Document:
    made = deepcopy(child(pod, "status"))
    made.setdefault("startTime", stamp(host.now))
    if host.addresses:
        made["hostIP"] = host.addresses[0]
        made["hostIPs"] = [{"ip": ip} for ip in host.addresses]
    made.setdefault("qosClass", "Burstable")
    return made


def _started_at(pod: Document) -> str:
    for known in objects(pod, "status", "containerStatuses"):
        found = text(known, "state", "running", "startedAt")
        if found:
            return found
    return ""


def _is_sidecar(container: Document) -> bool:
    return text(container, "restartPolicy") == "Always"


def _container(
    container: Document,
    *,
    waiting: Waiting | None = None,
    started: str = "",
    ended: str = "",
    exit_code: int = 0,
) -> Document:
    state: Document
    if waiting is not None:
        said: Document = {"reason": waiting.reason}
        if waiting.message:
            said["message"] = waiting.message
        state = {"waiting": said}
    elif ended:
        state = {
            "terminated": {
                "exitCode": exit_code,
                "reason": "Error" if exit_code else "Completed",
                "startedAt": started,
                "finishedAt": ended,
            }
        }
    else:
        state = {"running": {"startedAt": started}}
    runs = "running" in state
    return {
        "name": text(container, "name"),
        "image": text(container, "image"),
        "imageID": text(container, "image") if waiting is None else "",
        "ready": runs,
        "restartCount": 0,
        "started": runs,
        "state": state,
    }


def _conditions(
    pod: Document, now: float, *, ready: bool, reason: str, unpaused: bool
) -> list[JsonValue]:
    gate = condition(UNPAUSED_GATE, "True" if unpaused else "False")
    whole = ready and unpaused
    wanted = [
        condition("PodScheduled", "True"),
        condition("Initialized", "True"),
        condition("ContainersReady", "True" if ready else "False", reason="" if ready else reason),
        condition("Ready", "True" if whole else "False", reason="" if whole else reason),
        gate,
    ]
    return conditions.merged(objects(pod, "status", "conditions"), wanted, now, drop=(SANDBOX,))
