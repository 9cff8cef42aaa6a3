"""All that the agent does to the machine it runs on, as one protocol; ``host`` fulfils it."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from launcher.facts import HostFacts
from launcher.hostnet import LinkAsk, LinkMade, LinkRecord, PodNetwork
from launcher.layout import MachineLayout
from launcher.lifecycle import Control
from launcher.spec import Limits, MachineSpec
from launcher.state import MachineState
from virtctl.local.node.materials import DiskImage, ImageWish


class Images(Protocol):
    """The image store; blocking, so it is called in threads."""

    def resolve(self, wish: ImageWish) -> DiskImage:
        """The disk that a containerDisk means. Raises ``VirtctlError``."""


class Host(Protocol):
    """Machines, pod networks, images and volumes of one node.

    Machines are named by the uid of their VMI, with their pod's after a dot where the guest comes
    from another pod; pod networks are named by their pod. Methods raise
    ``LauncherError``, ``resolve`` also ``VirtctlError``.
    """

    @property
    def facts(self) -> HostFacts:
        """What the host offers."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The node's addresses, IPv4 first."""

    @property
    def nameservers(self) -> tuple[str, ...]:
        """Where the node's name service listens."""

    def place(self, uid: str) -> MachineLayout:
        """Where a machine is on disk."""

    def machines(self) -> tuple[str, ...]:
        """Machines that have a directory."""

    def is_alive(self, uid: str) -> bool:
        """Whether the machine's processes run."""

    def last_state(self, uid: str) -> MachineState | None:
        """The last state on disk; None when the machine never started."""

    async def start(
        self, spec: MachineSpec, pod: str, *, machine: str = "", beside: str = ""
    ) -> Control:
        """Prepare and start a machine in the network namespace of ``pod``.

        ``machine`` is its name when that is not its VMI's uid; ``beside`` is the machine whose
        disks it is to share, since its guest comes from there.
        """

    async def connect(self, uid: str) -> Control:
        """The control of a running machine."""

    async def destroy(self, uid: str, *, keep: bool = False) -> None:
        """End a machine's processes; remove its directory unless ``keep``."""

    async def limit(self, uid: str, limits: Limits) -> None:
        """Let a running machine use what its pod may use now; raises ``HostError``."""

    async def attach(self, pod: str, first: LinkAsk | None = None) -> PodNetwork:
        """Make a pod's network, or return it when it is there.

        ``first`` is what its first link is of, when that is not the node's pod network.
        """

    async def detach(self, pod: str) -> None:
        """Remove a pod's network, with all links that the CNI's plugins made."""

    def attached(self) -> tuple[str, ...]:
        """Pods that have a network."""

    async def bridges(self) -> tuple[str, ...]:
        """Bridges of the node beside that of the pod network."""

    def links(self, pod: str) -> tuple[LinkRecord, ...]:
        """The links of a pod beside its first that were begun and not taken away."""

    async def note_link(self, ask: LinkAsk) -> None:
        """Write down that a link is begun; the pod must have a network."""

    async def keep_link(self, ask: LinkAsk, made: LinkMade) -> None:
        """Write down that a link was made."""

    async def forget_link(self, ask: LinkAsk) -> None:
        """Write down that a link is gone."""

    async def add_link(self, ask: LinkAsk) -> LinkMade:
        """Make a link by the CNI's plugins."""

    async def check_link(self, ask: LinkAsk) -> None:
        """Ask the CNI's plugins whether a link is as they made it."""

    async def delete_link(self, ask: LinkAsk) -> None:
        """Take a link away by the CNI's plugins; may be repeated."""

    async def resolve(self, wish: ImageWish) -> DiskImage:
        """The disk of an image; may take long for one from a registry."""

    async def make_disk(self, path: Path, size: int) -> None:
        """Make a sparse file of ``size`` bytes at ``path`` unless it is there."""

    async def remove_tree(self, path: Path) -> None:
        """Remove the directory of a claim and all that is in it."""

    def volumes(self) -> tuple[Path, ...]:
        """Directories of claims that exist."""
