"""The KubeVirt object: made when there is none, and its status kept true."""

from __future__ import annotations

from virtctl.errors import NotFound
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.service import ApiService
from virtctl.local.config import LocalConfig
from virtctl.local.runtime import conditions, reconcile
from virtctl.local.runtime.changes import Change, status_patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.conditions import condition
from virtctl.local.runtime.owners import is_deleting
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, JsonValue, child, integer, objects, text
from virtctl.models.kinds import KUBEVIRT

NAME = "kubevirt"
KUBEVIRT_VERSION = "v1.9.0"
"""The release of KubeVirt whose API this control plane follows."""

_SYNCHRONIZATION_PORT = "9185"

_CONDITIONS = (
    ("Available", "True", "AllComponentsReady", "All components are ready."),
    ("Progressing", "False", "AllComponentsReady", "All components are ready."),
    ("Degraded", "False", "AllComponentsReady", "All components are ready."),
    ("Created", "True", "AllResourcesCreated", "All resources were created."),
)


class KubeVirtController:
    """Keeps ``kubevirt/kubevirt``. ``kvm_usable`` decides whether emulation is switched on;
    ``addresses`` are those of the control plane's node.
    """

    name = "kubevirt"
    component = "virt-operator"

    def __init__(
        self, config: LocalConfig, *, kvm_usable: bool, addresses: tuple[str, ...] = ()
    ) -> None:
        self._config = config
        self._kvm_usable = kvm_usable
        self._addresses = addresses

    @property
    def watched(self) -> tuple[Watched, ...]:
        """KubeVirt objects; there is one."""
        return (Watched(KUBEVIRT, reconcile.itself),)

    def prepare(self, service: ApiService) -> None:
        """Make the object when there is none; ``run`` does it too."""
        service.ensure_namespace(self._config.namespace)
        if not service.list(KUBEVIRT).items:
            document = new_kubevirt(self._config, kvm_usable=self._kvm_usable)
            service.create(KUBEVIRT, self._config.namespace, document)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        self.prepare(service)
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Document | None:
        """The object of ``key``; made again when it was deleted."""
        try:
            return service.get(KUBEVIRT, *key)
        except NotFound:
            self.prepare(service)
            return None

    def decide(self, seen: Document, now: float) -> list[Change]:
        """The object's status."""
        if is_deleting(seen):
            return []
        status = build_status(seen, self._config, now)
        meeting = synchronization_addresses(seen, self._addresses)
        status.pop("synchronizationAddresses", None)
        if meeting:
            status["synchronizationAddresses"] = [*meeting]
        return list(status_patch(KUBEVIRT, seen, status))


def new_kubevirt(config: LocalConfig, *, kvm_usable: bool) -> Document:
    """The object as ``local up`` makes it: KubeVirt's own defaults, but for emulation."""
    developer: Document = {}
    if config.emulation == "always" or (config.emulation == "auto" and not kvm_usable):
        developer["useEmulation"] = True
    return {
        "apiVersion": KUBEVIRT.api_version,
        "kind": KUBEVIRT.name,
        "metadata": {"name": NAME, "namespace": config.namespace},
        "spec": {
            "configuration": {"developerConfiguration": developer},
            "imagePullPolicy": "IfNotPresent",
        },
    }


def synchronization_addresses(seen: Document, addresses: tuple[str, ...]) -> list[str]:
    """Where other clusters would find this one's synchronization controller.

    Nothing listens there: machines are not moved between clusters. Clients that wait for the
    addresses before they use KubeVirt at all, as its functional tests do, find them.
    """
    context = AdmissionContext(configuration=child(seen, "spec", "configuration"))
    if not context.has_gate("DecentralizedLiveMigration"):
        return []
    port = text(seen, "spec", "synchronizationPort") or _SYNCHRONIZATION_PORT
    return [f"[{one}]:{port}" if ":" in one else f"{one}:{port}" for one in addresses]


def build_status(seen: Document, config: LocalConfig, now: float) -> Document:
    """The status of a KubeVirt that is deployed."""
    made = dict(child(seen, "status"))
    known = objects(made, "conditions")
    wanted = [
        condition(kind, value, reason=reason, message=message)
        for kind, value, reason, message in _CONDITIONS
    ]
    updated: list[JsonValue] = conditions.merged(known, wanted, now)
    made.update(
        {
            "phase": "Deployed",
            "conditions": updated,
            "observedGeneration": integer(seen, "metadata", "generation"),
            "observedKubeVirtVersion": KUBEVIRT_VERSION,
            "targetKubeVirtVersion": KUBEVIRT_VERSION,
            "operatorVersion": f"virtctl-local {config.version}".strip(),
            "observedKubeVirtRegistry": "local",
            "targetKubeVirtRegistry": "local",
            "defaultArchitecture": "amd64",
            "outdatedVirtualMachineInstanceWorkloads": 0,
        }
    )
    return made
