"""objectgraph: what a machine or an instance consists of, as a tree.

``optional`` marks what may be shared with others and is not its own (spec/api.md section 2.1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from virtctl.errors import BadRequest
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import gates, instances
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind
from virtctl.wire.labelselectors import read_selector
from virtctl.wire.selectors import LabelSelector

_LABEL = "kubevirt.io/dependency-type"
_DEPENDENCIES = {
    kinds.DATA_VOLUME: "storage",
    kinds.PVC: "storage",
    kinds.CONFIG_MAP: "config",
    kinds.SECRET: "config",
    kinds.SERVICE_ACCOUNT: "config",
    kinds.INSTANCETYPE: "config",
    kinds.CLUSTER_INSTANCETYPE: "config",
    kinds.PREFERENCE: "config",
    kinds.CLUSTER_PREFERENCE: "config",
    kinds.CONTROLLER_REVISION: "config",
    kinds.ATTACHMENT_DEFINITION: "network",
}


@dataclass(frozen=True)
class Node:
    """One object of the tree; ``namespace`` is empty for objects of the cluster."""

    kind: Kind
    name: str
    namespace: str = ""
    optional: bool = False
    children: list[Node] = field(default_factory=list)

    @property
    def dependency(self) -> str:
        """What it is needed for: compute, storage, network or config."""
        return _DEPENDENCIES.get(self.kind, "compute")

    def document(self) -> Document:
        """``ObjectGraphNode``."""
        reference: Document = {
            "apiGroup": self.kind.group,
            "kind": self.kind.name,
            "name": self.name,
            "namespace": self.namespace,
        }
        found: Document = {"objectReference": reference, "labels": {_LABEL: self.dependency}}
        if self.optional:
            found["optional"] = True
        if self.children:
            found["children"] = [child.document() for child in self.children]
        return found


class ObjectGraphs:
    """The verbs. Raises ``ApiError``."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    def of_machine(self, namespace: str, name: str, body: Document) -> Document:
        """The tree of a machine."""
        self._check_gate()
        vm = instances.machine(self._service, namespace, name)
        root = Node(kinds.VIRTUAL_MACHINE, name, namespace)
        vmi = instances.find_instance(self._service, namespace, name)
        if vmi is not None:
            running = Node(kinds.VIRTUAL_MACHINE_INSTANCE, name, namespace)
            running.children.extend(self._pods(vmi))
            root.children.append(running)
        root.children.extend(_matchers(vm, namespace))
        spec = documents.child(vm, "spec", "template", "spec")
        root.children.extend(_parts(spec, namespace))
        return _shown(root, body)

    def of_instance(self, namespace: str, name: str, body: Document) -> Document:
        """The tree of an instance."""
        self._check_gate()
        vmi = instances.instance(self._service, namespace, name)
        root = Node(kinds.VIRTUAL_MACHINE_INSTANCE, name, namespace)
        root.children.extend(self._pods(vmi))
        root.children.extend(_parts(documents.child(vmi, "spec"), namespace))
        return _shown(root, body)

    def _check_gate(self) -> None:
        if not gates.is_on(self._service, "ObjectGraph"):
            raise BadRequest("ObjectGraph feature gate not enabled: Unable to return object graph.")

    def _pods(self, vmi: Document) -> Iterator[Node]:
        namespace, uid = documents.namespace_of(vmi), documents.uid_of(vmi)
        pods = self._service.list(
            kinds.POD, namespace, labels=f"kubevirt.io/created-by={uid}"
        ).items
        for pod in pods:
            if documents.text(pod, "status", "phase") not in instances.FINAL_PHASES:
                yield Node(kinds.POD, documents.name_of(pod), namespace)


def _shown(root: Node, body: Document) -> Document:
    """The tree without what the options leave out."""
    keep_optional = documents.flag(body, "includeOptionalNodes", default=True)
    selector = read_selector(documents.child(body, "labelSelector"))
    return _pruned(root, selector, keep_optional=keep_optional).document()


def _pruned(node: Node, selector: LabelSelector, *, keep_optional: bool) -> Node:
    kept = [
        _pruned(child, selector, keep_optional=keep_optional)
        for child in node.children
        if (keep_optional or not child.optional) and selector.matches({_LABEL: child.dependency})
    ]
    return Node(node.kind, node.name, node.namespace, node.optional, kept)


_MATCHED = {
    "instancetype": (kinds.INSTANCETYPE, kinds.CLUSTER_INSTANCETYPE),
    "preference": (kinds.PREFERENCE, kinds.CLUSTER_PREFERENCE),
}


def _matchers(vm: Document, namespace: str) -> Iterator[Node]:
    """Instancetype and preference, and the revisions that hold them."""
    for matcher, (own, cluster) in _MATCHED.items():
        found = documents.child(vm, "spec", matcher)
        name = documents.text(found, "name")
        if not name:
            continue
        meant = documents.text(found, "kind").lower()
        if meant in {own.singular, own.plural}:
            yield Node(own, name, namespace, optional=True)
        else:
            yield Node(cluster, name, optional=True)
        taken = documents.child(vm, "status", f"{matcher}Ref")
        revision = documents.text(taken, "controllerRevisionRef", "name")
        if not taken:
            revision = documents.text(found, "revisionName")
        if revision:
            yield Node(kinds.CONTROLLER_REVISION, revision, namespace)


def _parts(spec: Document, namespace: str) -> Iterator[Node]:
    for credential in documents.objects(spec, "accessCredentials"):
        for kind in ("sshPublicKey", "userPassword"):
            secret = documents.text(credential, kind, "source", "secret", "secretName")
            if secret:
                yield Node(kinds.SECRET, secret, namespace)
    for volume in documents.objects(spec, "volumes"):
        yield from _volume(volume, namespace)
    for network in documents.objects(spec, "networks"):
        name = documents.text(network, "multus", "networkName")
        if name:
            where, _, plain = name.rpartition("/")
            yield Node(kinds.ATTACHMENT_DEFINITION, plain, where or namespace, optional=True)


_SOURCES: tuple[tuple[str, str, Kind], ...] = (
    ("persistentVolumeClaim", "claimName", kinds.PVC),
    ("configMap", "name", kinds.CONFIG_MAP),
    ("secret", "secretName", kinds.SECRET),
    ("serviceAccount", "serviceAccountName", kinds.SERVICE_ACCOUNT),
)


def _volume(volume: Document, namespace: str) -> Iterator[Node]:
    data = documents.text(volume, "dataVolume", "name")
    if data:
        claim = Node(kinds.PVC, data, namespace)
        yield Node(kinds.DATA_VOLUME, data, namespace, children=[claim])
    for source, key, kind in _SOURCES:
        name = documents.text(volume, source, key)
        if name:
            yield Node(kind, name, namespace)
    for cloud in ("cloudInitNoCloud", "cloudInitConfigDrive"):
        for secret in ("secretRef", "networkDataSecretRef"):
            name = documents.text(volume, cloud, secret, "name")
            if name:
                yield Node(kinds.SECRET, name, namespace)
