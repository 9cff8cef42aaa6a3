"""Labels of nodes that tell which CPUs they can give, as virt-handler's node labeller writes them.

Machines that name a CPU model or ask for a feature are placed by them. On plain QEMU every model
counts that QEMU knows, for it starts guests without the features that it cannot emulate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from launcher.facts import CPUS_FILE, CpuFacts, HostCpus
from virtctl.errors import NotFound
from virtctl.local.api.service import ApiService
from virtctl.local.runtime import reconcile
from virtctl.local.runtime.changes import Announce, Change, Requeue, patch
from virtctl.local.runtime.clock import Clock
from virtctl.local.runtime.cpuplacing import CPU_FEATURE, CPU_MODEL, OBSOLETE_HOST
from virtctl.local.runtime.informer import key_of
from virtctl.local.runtime.podmanifest import settings_of
from virtctl.local.runtime.queue import Key
from virtctl.local.runtime.reconcile import Watched
from virtctl.models.documents import Document, child, strings
from virtctl.models.kinds import KUBEVIRT, NODE

SKIP = "node-labeller.kubevirt.io/skip-node"
"""Annotation of a node whose labels are left as they are."""

_MIGRATION = "cpu-model-migration.node.kubevirt.io/"
_HOST_MODEL = "host-model-cpu.node.kubevirt.io/"
_REQUIRED = "host-model-required-features.node.kubevirt.io/"
_VENDOR = "cpu-vendor.node.kubevirt.io/"
_OURS = (CPU_MODEL, CPU_FEATURE, _MIGRATION, _HOST_MODEL, _REQUIRED, _VENDOR, OBSOLETE_HOST)
_PATIENCE = 1.0  # seconds between two looks for what the host can do
_OBSOLETE = """
486 Conroe Opteron_G1 Opteron_G2 athlon core2duo coreduo kvm32 kvm64 n270 pentium pentium2 pentium3
pentiumpro phenom qemu32 qemu64
"""
OBSOLETE = frozenset(f"{name}{version}" for name in _OBSOLETE.split() for version in ("", "-v1"))
"""Models that count on no node unless the KubeVirt object says that they are not obsolete."""


@dataclass(frozen=True)
class Seen:
    """A node, KubeVirt's configuration, and what the host can do once that is known."""

    node: Document
    configuration: Document
    cpus: HostCpus | None


class NodeLabelController:
    """Writes the labels of CPUs. ``read`` tells what the host can do, None while none knows."""

    name = "node labels"
    component = "virt-handler"

    def __init__(self, read: Callable[[], HostCpus | None]) -> None:
        self._read = read
        self._nodes: set[Key] = set()

    @property
    def watched(self) -> tuple[Watched, ...]:
        """Nodes, and KubeVirt, which concerns all of them."""
        return (Watched(NODE, self._node), Watched(KUBEVIRT, lambda _: tuple(self._nodes)))

    def _node(self, node: Document) -> tuple[Key, ...]:
        self._nodes.add(key_of(node))
        return (key_of(node),)

    async def run(self, service: ApiService, clock: Clock) -> None:
        """Run until cancelled."""
        await reconcile.run(self, service, clock)

    def observe(self, service: ApiService, key: Key) -> Seen | None:
        """The node of ``key``."""
        try:
            node = service.get(NODE, None, key.name)
        except NotFound:
            self._nodes.discard(key)
            return None
        found = service.list(KUBEVIRT).items
        configuration = child(found[0], "spec", "configuration") if found else {}
        return Seen(node=node, configuration=configuration, cpus=self._read())

    def decide(self, seen: Seen, now: float) -> list[Change]:
        """Bring the labels up to date. Pure."""
        del now
        if SKIP in strings(seen.node, "metadata", "annotations"):
            return []
        if seen.cpus is None:
            return [Requeue(_PATIENCE)]
        wanted = labels(seen.cpus, seen.configuration)
        has = strings(seen.node, "metadata", "labels")
        gone = [name for name in has if name.startswith(_OURS) and name not in wanted]
        body: Document = {name: value for name, value in wanted.items() if has.get(name) != value}
        body.update(dict.fromkeys(gone))
        made: list[Change] = []
        if OBSOLETE_HOST in wanted and OBSOLETE_HOST not in has:
            message = "the host's own CPU model is among obsoleteCPUModels"
            told = Announce(
                about=seen.node, reason="HostModelIsObsolete", message=message, warning=True
            )
            made.append(told)
        if body:
            made.append(patch(NODE, seen.node, {"metadata": {"labels": body}}))
        return made


def labels(cpus: HostCpus, configuration: Document) -> dict[str, str]:
    """The labels of a node of a host with ``cpus``."""
    emulated = settings_of(configuration).use_emulation
    facts = (cpus.qemu if emulated or cpus.kvm is None else cpus.kvm) or CpuFacts()
    told = configuration.get("obsoleteCPUModels")
    asked = told if isinstance(told, dict) else {}
    obsolete = dict.fromkeys(OBSOLETE, True) | asked
    known = [name for name in facts.known if not obsolete.get(name)]
    models = known if emulated else [name for name in facts.usable if not obsolete.get(name)]
    found = {
        **dict.fromkeys((CPU_FEATURE + name for name in facts.features), "true"),
        **dict.fromkeys((CPU_MODEL + name for name in models), "true"),
        **dict.fromkeys((_MIGRATION + name for name in known), "true"),
        **dict.fromkeys((_REQUIRED + name for name in facts.required), "true"),
    }
    if facts.vendor:
        found[_VENDOR + facts.vendor] = "true"
    if facts.host_model:
        found[_HOST_MODEL + facts.host_model] = "true"
        # What plain QEMU calls the host's model says little of it: it counts when it is named.
        named = asked if emulated else obsolete
        if named.get(facts.host_model):
            found[OBSOLETE_HOST] = "true"
    return found


def read_from(cache: Path) -> Callable[[], HostCpus | None]:
    """Read what the probe of QEMU left in ``cache``, once it is there."""
    decoder = msgspec.json.Decoder(HostCpus)

    def read() -> HostCpus | None:
        try:
            return decoder.decode((cache / CPUS_FILE).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None

    return read
