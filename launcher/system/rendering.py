"""What would be made of a machine, as text: nothing is done and nothing of the host is read."""

from __future__ import annotations

from launcher.cloudinit.seeds import seed_files, seed_plan
from launcher.domain.builder import build_domain
from launcher.domain.wiring import NicWiring, PodWiring
from launcher.facts import HostFacts
from launcher.net import bindings
from launcher.net.model import Address, Link, NetState, Route
from launcher.net.render import pod_plan
from launcher.spec import MachineSpec
from launcher.storage.provision import disk_plan

_MTU = 1500


def supposed_pod(
    spec: MachineSpec, addresses: tuple[str, ...], gateways: tuple[str, ...]
) -> NetState:
    """A pod network as the CNI would make it, with the given addresses (CIDRs).

    Links of secondary networks have none: whoever runs such a network gives them or does not.
    """
    names = dict.fromkeys(nic.pod_nic for nic in spec.nics)
    primary = {nic.pod_nic for nic in spec.nics if nic.primary}
    return NetState(
        links=tuple(
            Link(
                name=name,
                kind="veth",
                mac=f"0a:58:0a:f4:01:{number + 2:02x}",
                mtu=_MTU,
                addresses=tuple(Address.parse(each) for each in addresses if name in primary),
                up=True,
            )
            for number, name in enumerate(names)
        ),
        routes=tuple(
            Route(
                destination="::/0" if ":" in gateway else "0.0.0.0/0",
                device=name,
                gateway=gateway,
            )
            for name in names
            if name in primary
            for gateway in gateways
        ),
    )


def render_domain(spec: MachineSpec, facts: HostFacts, pod: NetState) -> str:
    """libvirt's XML. Raises ``SpecError``, and ``HostError`` when the pod lacks a link."""
    attachments = bindings.pod_net(spec, pod).attachments
    wiring = {
        each.name: NicWiring(tap=each.tap, mac=each.guest_mac, mtu=each.mtu) for each in attachments
    }
    return build_domain(spec, facts, PodWiring(nics=wiring))


def render_network(spec: MachineSpec, pod: NetState) -> str:
    """Links, addresses, settings and filters of the pod. Raises as ``render_domain``."""
    return pod_plan(spec, pod)


def render_seeds(spec: MachineSpec) -> str:
    """The files of every cloud-init seed, each under a heading."""
    parts = [
        f"# {disk}: {name}\n{content.decode(errors='replace').rstrip()}\n"
        for disk, files in seed_files(spec).items()
        for name, content in files.items()
    ]
    return "\n".join(parts)


def render_disks(spec: MachineSpec) -> str:
    """The commands that make the disks' files, one a line."""
    return "".join(f"{op.describe()}\n" for op in (*disk_plan(spec), *seed_plan(spec)))
