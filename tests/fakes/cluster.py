"""A control plane in memory: the real service, the real controllers, a host that is none."""

import asyncio
import contextlib
from pathlib import Path

from tests.fakes.node import FakeHost
from virtctl.errors import NotFound
from virtctl.local.api.admission import Admission
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import ApiService, Hooks
from virtctl.local.config import LocalConfig
from virtctl.local.controllers.claims import ClaimController
from virtctl.local.controllers.evacuation import EvacuationController
from virtctl.local.controllers.garbage import GarbageController
from virtctl.local.controllers.instance import InstanceController
from virtctl.local.controllers.kubevirt import KubeVirtController
from virtctl.local.controllers.machine.controller import MachineController
from virtctl.local.controllers.migration import MigrationController
from virtctl.local.controllers.namespace import NamespaceController
from virtctl.local.controllers.pod import PodController
from virtctl.local.node.agent import NodeAgent, NodeSettings
from virtctl.local.node.inventory import NodeIdentity
from virtctl.local.node.podfiles import Credentials
from virtctl.local.runtime.clock import SystemClock
from virtctl.local.store.memory import MemoryLog
from virtctl.local.store.revisions import Store
from virtctl.models.kinds import EVENT, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE


class Cluster:
    """Everything but HTTP and QEMU."""

    def __init__(self) -> None:
        admission = Admission()
        self.service = ApiService(Store(MemoryLog()), Hooks(ModelSchemas(), admission))
        admission.attach(lambda kind: self.service.list(kind).items)
        self.host = FakeHost()
        self.clock = SystemClock()
        self.config = LocalConfig(version="0.1.0")
        self.attachers = None
        self.tasks = []

    def controllers(self):
        return [
            NamespaceController(("kubevirt",)),
            KubeVirtController(self.config, kvm_usable=False),
            MachineController(),
            InstanceController(),
            MigrationController(),
            EvacuationController(),
            PodController(),
            ClaimController(Path("/volumes")),
            GarbageController(),
        ]

    def start_agent(self, name="node1"):
        identity = NodeIdentity(
            name=name, addresses=self.host.addresses, pod_cidrs=("10.244.1.0/24",),
            version="v0.1.0",
        )  # fmt: skip
        credentials = Credentials(
            issue=lambda account, pod: f"{account['metadata']['name']} in {pod['metadata']['uid']}",
            certificate="CA",
        )
        settings = NodeSettings(identity=identity, config=self.config, credentials=credentials)
        agent = NodeAgent(self.service, self.host, settings, self.clock, self.attachers)
        self.agent_object = agent if name == "node1" else self.agent_object
        task = asyncio.create_task(agent.run())
        self.tasks.append(task)
        return task

    def start(self) -> None:
        NamespaceController(("kubevirt",)).prepare(self.service)
        KubeVirtController(self.config, kvm_usable=False).prepare(self.service)
        for controller in self.controllers():
            self.tasks.append(asyncio.create_task(controller.run(self.service, self.clock)))
        self.agent = self.start_agent()

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        for task in self.tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def until(self, holds, seconds: float = 60.0):
        """What ``holds`` returns, once it is true."""
        async with asyncio.timeout(seconds):
            while True:
                with contextlib.suppress(NotFound, KeyError):
                    found = holds()
                    if found:
                        return found
                await asyncio.sleep(0.01)

    def vm(self, name="vm1"):
        return self.service.get(VIRTUAL_MACHINE, "default", name)

    def vmi(self, name="vm1"):
        return self.service.get(VIRTUAL_MACHINE_INSTANCE, "default", name)

    def printable(self, name="vm1"):
        return self.vm(name).get("status", {}).get("printableStatus")

    def events(self, name="vm1", kind="VirtualMachineInstance"):
        return [
            (event["type"], event["reason"])
            for event in self.service.list(EVENT, "default").items
            if event["involvedObject"]["name"] == name and event["involvedObject"]["kind"] == kind
        ]


def machine(name="vm1", strategy="Always", image="tiny", **spec):
    """A VirtualMachine with one container disk, as admission leaves it."""
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {
            "runStrategy": strategy,
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {
                    "terminationGracePeriodSeconds": 30,
                    "domain": {
                        "machine": {"type": "q35"},
                        "memory": {"guest": "64Mi"},
                        "firmware": {"uuid": "5d307ca9-b3ef-428c-8861-06e72d69f223"},
                        "devices": {
                            "disks": [{"name": "root", "disk": {"bus": "virtio"}}],
                            "interfaces": [{"name": "default", "masquerade": {}}],
                        },
                    },
                    "networks": [{"name": "default", "pod": {}}],
                    "volumes": [{"name": "root", "containerDisk": {"image": image}}],
                    **spec,
                },
            },
        },
    }
