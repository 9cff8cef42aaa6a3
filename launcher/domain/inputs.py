"""What every configurator is given, and the few decisions that several of them share."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from launcher.domain.wiring import PodWiring
from launcher.facts import HostFacts
from launcher.spec import Accelerator, Efi, MachineSpec, Passt

_ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64", "s390x": "s390x"}


@dataclass(frozen=True)
class Inputs:
    """One machine, one host, one pod network."""

    spec: MachineSpec
    facts: HostFacts = field(default_factory=HostFacts)
    wiring: PodWiring = field(default_factory=PodWiring)

    @property
    def x86(self) -> bool:
        return self.spec.architecture == "amd64"

    @property
    def s390(self) -> bool:
        return self.spec.architecture == "s390x"

    @property
    def arm(self) -> bool:
        return self.spec.architecture == "arm64"

    @property
    def machine_architecture(self) -> str:
        """The guest's architecture as QEMU and libvirt call it."""
        return _ARCHITECTURES[self.spec.architecture]

    @property
    def foreign(self) -> bool:
        """Whether the guest's CPU is of another architecture than the host's, and so emulated."""
        emulated = self.spec.accelerator is Accelerator.TCG
        return emulated and self.spec.architecture != self.facts.architecture

    @property
    def efi(self) -> Efi | None:
        """The EFI options; None with a BIOS."""
        loader = self.spec.firmware.bootloader
        return loader if isinstance(loader, Efi) else None

    @property
    def virtio_model(self) -> str:
        """Model of virtio devices; s390x has no PCI and so one model only."""
        if self.s390:
            return "virtio"
        return "virtio-transitional" if self.spec.virtio_transitional else "virtio-non-transitional"

    @property
    def vcpus(self) -> int:
        """CPUs present at boot."""
        return self.spec.cpu.topology.count

    @property
    def vcpus_at_most(self) -> int:
        """CPUs that may ever be present."""
        topology = self.spec.cpu.topology
        return self.sockets * topology.cores * topology.threads

    @property
    def sockets(self) -> int:
        """Sockets that the machine shows, with CPUs or for such that come later."""
        return self.spec.cpu.max_sockets if self.plugs_cpus else self.spec.cpu.topology.sockets

    @property
    def shielded(self) -> bool:
        """Whether devices must go through an IOMMU because memory is hidden from the host."""
        security = self.spec.launch_security
        return security is not None and (self.s390 or security.kind != "tdx")

    @property
    def plugs_cpus(self) -> bool:
        """Whether CPUs can be plugged in while the guest runs."""
        return bool(self.spec.cpu.max_sockets) and not self.arm

    @property
    def shared_memory(self) -> bool:
        """Whether another process must see the guest's memory."""
        passt = any(isinstance(nic.binding, Passt) for nic in self.spec.nics)
        return passt or bool(self.spec.shared_directories)

    @cached_property
    def memfd(self) -> bool:
        """Whether guest memory comes from a memfd."""
        memory = self.spec.memory
        wanted = memory.hugepage_size is not None and memory.memfd
        return not self.s390 and (self.shared_memory or wanted)
