"""What a node writes about its pods and machines: reads fresh, computes, patches the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.node import pods
from virtctl.local.runtime import migrating, reconcile
from virtctl.local.runtime.changes import Announce, Delete, patch, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.informer import key_of
from virtctl.local.runtime.owners import references
from virtctl.local.runtime.queue import Key
from virtctl.models.documents import Document, name_of, namespace_of, strings, text, uid_of
from virtctl.models.kinds import POD, VIRTUAL_MACHINE_INSTANCE

HANDLER = "virt-handler"
KUBELET = "kubelet"


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A launcher pod and its VMI, by name and uid, so that a successor is not taken for it."""

    pod: Key
    pod_uid: str
    vmi: Key
    vmi_uid: str
    migration: str = ""
    """The uid of the migration that brings the pod its guest; empty when the guest starts here."""

    @property
    def machine(self) -> str:
        """The name of the pod's machine: a guest that moves has two for a while."""
        return f"{self.vmi_uid}.{self.pod_uid}" if self.migration else self.vmi_uid


class Books:
    """Writes for one node. All methods are synchronous; objects that are gone are no error."""

    def __init__(
        self, service: ApiService, clock: Clock, node: str, addresses: tuple[str, ...]
    ) -> None:
        self._service = service
        self._clock = clock
        self._node = node
        self._addresses = addresses

    @property
    def node(self) -> str:
        """The node's name."""
        return self._node

    def subject_at(self, pod: Key) -> Subject | None:
        """What a launcher pod is about; None when it is gone, or is none."""
        found = self._service.find(POD, pod.namespace, pod.name)
        return subject_of(found) if found is not None else None

    def now(self) -> float:
        """Unix time in seconds."""
        return self._clock.now()

    def pod(self, subject: Subject) -> Document | None:
        """The pod as it is; None when it is gone."""
        try:
            found = self._service.get(POD, *subject.pod)
        except NotFound:
            return None
        return found if uid_of(found) == subject.pod_uid else None

    def vmi(self, subject: Subject) -> Document | None:
        """The VMI as it is; None when it is gone."""
        try:
            found = self._service.get(VIRTUAL_MACHINE_INSTANCE, *subject.vmi)
        except NotFound:
            return None
        return found if uid_of(found) == subject.vmi_uid else None

    def owner(self, pod: Document) -> Document | None:
        """The VMI of a launcher pod; None when it is gone, or the pod is none."""
        for reference in references(pod):
            if text(reference, "kind") == VIRTUAL_MACHINE_INSTANCE.name:
                try:
                    return self._service.get(
                        VIRTUAL_MACHINE_INSTANCE, namespace_of(pod), text(reference, "name")
                    )
                except NotFound:
                    return None
        return None

    def set_pod(self, subject: Subject, status: Callable[[Document, pods.Host], Document]) -> None:
        """Make ``status`` the pod's."""
        pod = self.pod(subject)
        if pod is not None:
            place = pods.Host(addresses=self._addresses, now=self.now())
            for change in status_patch(POD, pod, status(pod, place)):
                self._carry_out(change, KUBELET)

    def set_vmi(
        self,
        subject: Subject,
        status: Callable[[Document, float], Document],
        said: Callable[[Document], Iterable[Announce]] = lambda _: (),
    ) -> None:
        """Make ``status`` the VMI's, and announce what ``said`` yields about it as it was."""
        vmi = self.vmi(subject)
        if vmi is None:
            return
        spoken = list(said(vmi))
        for change in status_patch(VIRTUAL_MACHINE_INSTANCE, vmi, status(vmi, self.now())):
            self._carry_out(change, HANDLER)
        for event in spoken:
            self._carry_out(event, HANDLER)

    def say(
        self,
        about: Document | None,
        reason: str,
        message: str,
        *,
        warning: bool,
        component: str = KUBELET,
    ) -> None:
        """An event about a pod, as the kubelet or another part of the node would send it."""
        if about is not None:
            event = Announce(about=about, reason=reason, message=message, warning=warning)
            self._carry_out(event, component)

    def annotate(self, subject: Subject, annotations: Mapping[str, str]) -> None:
        """Put annotations on the pod."""
        pod = self.pod(subject)
        if pod is None:
            return
        known = strings(pod, "metadata", "annotations")
        new: Document = {key: text for key, text in annotations.items() if known.get(key) != text}
        if new:
            self._carry_out(patch(POD, pod, {"metadata": {"annotations": new}}), KUBELET)

    def run_alone(self, pod: Document) -> None:
        """Say that a pod runs that needs neither network nor processes."""
        place = pods.Host(addresses=self._addresses, now=self.now())
        if text(pod, "status", "phase") not in {"Running", "Succeeded", "Failed"}:
            for change in status_patch(POD, pod, pods.running(pod, place, ())):
                self._carry_out(change, KUBELET)

    def reject(self, pod: Document, reason: str, message: str) -> None:
        """Say that the node does not run a pod."""
        place = pods.Host(addresses=self._addresses, now=self.now())
        for change in status_patch(POD, pod, pods.rejected(pod, place, reason, message)):
            self._carry_out(change, KUBELET)

    def remove_pod(self, pod: Document) -> None:
        """Let go of a pod that is to go: nothing is left of it on the node."""
        gone = Delete(
            kind=POD,
            namespace=namespace_of(pod),
            name=name_of(pod),
            uid=uid_of(pod),
            grace_period_seconds=0,
        )
        self._carry_out(gone, KUBELET)

    def _carry_out(self, change: reconcile.Doable, component: str) -> None:
        reconcile.carry_out(self._service, change, component, self.now(), host=self._node)


def subject_of(pod: Document) -> Subject | None:
    """The pod and its VMI, when it is a launcher pod that has one."""
    if strings(pod, "metadata", "labels").get("kubevirt.io") != "virt-launcher":
        return None
    for reference in references(pod):
        if text(reference, "kind") == VIRTUAL_MACHINE_INSTANCE.name:
            return Subject(
                pod=key_of(pod),
                pod_uid=uid_of(pod),
                vmi=Key(namespace_of(pod), text(reference, "name")),
                vmi_uid=text(reference, "uid"),
                migration=migrating.job_of(pod),
            )
    return None
