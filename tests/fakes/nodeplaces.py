"""A node for tests: a namespace with NICs, each with its other end in a second one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from launcher.nmstate import schema
from launcher.system import nodeapply, ovs
from launcher.system.nodeapply import Applied, Conditions
from launcher.system.nodeobserve import NodePlace
from tests.fakes.scratch import scratch_netns, shell

QUICK = Conditions(verify_every=0.1, probe_seconds=2, reserved=("cni0",))
NEEDS_OVS = f"not installed: {ovs.missing()}" if ovs.missing() else ""


@contextmanager
def node(home: Path, nics: int = 2) -> Iterator[tuple[NodePlace, str]]:
    """The node, with ``en0`` and so on, and the namespace with ``p0`` and so on."""
    with scratch_netns("node") as name, scratch_netns("wire") as wire:
        for number in range(nics):
            shell(f"ip -n {name} link add en{number} type veth peer name p{number} netns {wire}")
            shell(f"ip link set p{number} up", wire)
        place = NodePlace(name, home)
        try:
            yield place, wire
        finally:
            nodeapply.end(place)


def apply(place: NodePlace, text: str, conditions: Conditions = QUICK) -> Applied:
    return nodeapply.apply(place, schema.read(yaml.safe_load(text)), conditions)
