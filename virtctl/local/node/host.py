"""The machine that a node agent runs on: machines, pod networks, images and volume files."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from launcher import hostnet, lifecycle
from launcher.errors import HostError
from launcher.facts import HostFacts
from launcher.hostnet import HostNetwork, LinkAsk, LinkMade, LinkRecord, PodNetwork
from launcher.layout import MachineLayout
from launcher.lifecycle import Control
from launcher.spec import Limits, MachineSpec
from launcher.state import MachineState
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.materials import DiskImage, ImageWish
from virtctl.local.node.ondisk import place_of
from virtctl.local.node.ports import Images
from virtctl.local.node.turns import Turns

P = ParamSpec("P")
T = TypeVar("T")

_NETNS = Path("/run/netns")
_DOOMED = ".removed-"  # before the name of a volume that is being removed


class LocalHost:
    """``ports.Host`` on this machine, for one node of ``network``."""

    def __init__(
        self,
        layout: InstanceLayout,
        network: HostNetwork,
        node: str,
        facts: HostFacts,
        images: Images,
    ) -> None:
        self._layout = layout
        self._network = network
        self._node = network.node(node)
        self._images = images
        # One at a time, also when the caller was cancelled: a thread cannot be stopped half-way.
        self._network_thread = ThreadPoolExecutor(1, thread_name_prefix=f"network of {node}")
        # A lease may take its time, which only the same pod has to wait for.
        self._link_threads = ThreadPoolExecutor(8, thread_name_prefix=f"links of {node}")
        self._turns = Turns()
        self.facts = facts

    @property
    def addresses(self) -> tuple[str, ...]:
        """The node's ends of its links to the host, IPv4 first."""
        return tuple(subnet.node.ip for subnet in self._node.subnets)

    @property
    def nameservers(self) -> tuple[str, ...]:
        """The node's addresses on the pod network, IPv4 first."""
        return self._node.gateways

    def place(self, uid: str) -> MachineLayout:
        """Where the machine of a VMI is on disk."""
        return place_of(self._layout, uid)

    def machines(self) -> tuple[str, ...]:
        """Machines of all nodes that have a directory; sorted."""
        home = self._layout.machine("x").parent
        if not home.is_dir():
            return ()
        return tuple(sorted(entry.name for entry in home.iterdir() if entry.is_dir()))

    def is_alive(self, uid: str) -> bool:
        """Whether the machine's processes run."""
        return lifecycle.is_alive(self.place(uid))

    def last_state(self, uid: str) -> MachineState | None:
        """The last state on disk."""
        return lifecycle.last_state(self.place(uid))

    async def start(
        self, spec: MachineSpec, pod: str, *, machine: str = "", beside: str = ""
    ) -> Control:
        """Prepare and start a machine in the network namespace of ``pod``."""
        place = self.place(machine or spec.uid)
        await asyncio.to_thread(lifecycle.prepare, spec, place, self.facts)
        if beside:
            await asyncio.to_thread(lifecycle.share_files, self.place(beside), place)
        return await lifecycle.start(place, _NETNS / pod)

    async def connect(self, uid: str) -> Control:
        """The control of a running machine."""
        return await lifecycle.connect(self.place(uid))

    async def destroy(self, uid: str, *, keep: bool = False) -> None:
        """End a machine's processes; remove its directory unless ``keep``."""
        await lifecycle.destroy(self.place(uid), keep=keep)

    async def limit(self, uid: str, limits: Limits) -> None:
        """Let a running machine use what its pod may use now."""
        await asyncio.to_thread(lifecycle.limit, self.place(uid), limits)

    async def attach(self, pod: str, first: LinkAsk | None = None) -> PodNetwork:
        """Make a pod's network, or return it when it is there; ``first`` is its first link."""
        return await asyncio.get_running_loop().run_in_executor(
            self._network_thread,
            lambda: self._turns.take(
                pod, lambda: hostnet.attach_pod(self._network, self._node.name, pod, first)
            ),
        )

    async def detach(self, pod: str) -> None:
        """Remove a pod's network, with all links that the CNI's plugins made."""
        await self._in_turn(pod, hostnet.detach_pod, pod)
        self._turns.forget(pod)

    async def bridges(self) -> tuple[str, ...]:
        """Bridges of the node beside that of the pod network."""
        return await asyncio.to_thread(hostnet.bridges, self._network, self._node.name)

    def links(self, pod: str) -> tuple[LinkRecord, ...]:
        """The links of a pod beside its first that were begun and not taken away."""
        return hostnet.links(self._network, self._node.name, pod)

    async def note_link(self, ask: LinkAsk) -> None:
        """Write down that a link is begun; raises ``HostError`` when the pod is gone meanwhile."""
        await self._in_turn(ask.netns, _note, ask)

    async def keep_link(self, ask: LinkAsk, made: LinkMade) -> None:
        """Write down that a link was made."""
        await self._in_turn(ask.netns, hostnet.keep_link, ask, made)

    async def forget_link(self, ask: LinkAsk) -> None:
        """Write down that a link is gone."""
        await self._in_turn(ask.netns, hostnet.forget_link, ask.netns, ask.ifname)

    async def add_link(self, ask: LinkAsk) -> LinkMade:
        """Make a link by the CNI's plugins."""
        return await self._in_turn(ask.netns, hostnet.add_link, ask)

    async def check_link(self, ask: LinkAsk) -> None:
        """Ask the CNI's plugins whether a link is as they made it."""
        await self._in_turn(ask.netns, hostnet.check_link, ask)

    async def delete_link(self, ask: LinkAsk) -> None:
        """Take a link away by the CNI's plugins; may be repeated."""
        await self._in_turn(ask.netns, hostnet.delete_link, ask)

    async def _in_turn(
        self,
        pod: str,
        work: Callable[Concatenate[HostNetwork, str, P], T],
        /,
        *arguments: P.args,
        **options: P.kwargs,
    ) -> T:
        """Do something to a pod's links, after all that is being done to them already."""

        def take() -> T:
            return work(self._network, self._node.name, *arguments, **options)

        return await asyncio.get_running_loop().run_in_executor(
            self._link_threads, lambda: self._turns.take(pod, take)
        )

    def attached(self) -> tuple[str, ...]:
        """Pods of this node that have a network."""
        return hostnet.pods(self._network, self._node.name)

    async def resolve(self, wish: ImageWish) -> DiskImage:
        """The disk of an image."""
        return await asyncio.to_thread(self._images.resolve, wish)

    async def make_disk(self, path: Path, size: int) -> None:
        """Make a sparse file of ``size`` bytes unless it is there."""
        await asyncio.to_thread(_make_disk, path, size)

    async def remove_tree(self, path: Path) -> None:
        """Remove a directory below the instance's volumes.

        It loses its name at once, so that a new claim of the same name never finds the old disk.
        """
        if self._layout.volumes not in path.parents:
            return
        await asyncio.to_thread(shutil.rmtree, _doom(path), ignore_errors=True)

    def volumes(self) -> tuple[Path, ...]:
        """Directories of claims that exist, half removed ones included."""
        return tuple(sorted(self._layout.volumes.glob("*/*")))


def _note(network: HostNetwork, node: str, ask: LinkAsk) -> None:
    if hostnet.pod_network(network, node, ask.netns) is None:
        raise HostError(f"the pod `{ask.netns}` has no network any more")
    hostnet.note_link(network, node, ask)


def _make_disk(path: Path, size: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("xb") as disk:
            disk.truncate(size)
    except FileExistsError:
        return
    path.chmod(0o600)


def _doom(path: Path) -> Path:
    """Take its name from a directory that is to be removed; returns the new one."""
    doomed = path.with_name(f"{_DOOMED}{path.name}")
    with contextlib.suppress(FileNotFoundError):
        path.rename(doomed)
    return doomed
