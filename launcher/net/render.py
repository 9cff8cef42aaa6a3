"""A network as text for people, near to what ``ip`` and ``nft`` would show of it."""

from __future__ import annotations

from launcher.net import bindings, difference, nft
from launcher.net.model import Link, NetState
from launcher.ops.filters import SetTable
from launcher.spec import MachineSpec


def pod_plan(spec: MachineSpec, pod: NetState) -> str:
    """What would be made in the pod of a machine: its network, then the commands that make it.

    ``pod`` is the network that the CNI made. Raises as ``bindings.desired``.
    """
    wanted = bindings.desired(spec, bindings.pod_net(spec, pod))
    ops = difference.plan(wanted, pod)
    commands = [op.describe() for op in ops if not isinstance(op, SetTable)]
    parts = [
        "# links and addresses\n" + "".join(_link(link) for link in wanted.links),
        "# sysctls\n" + "".join(f"{s.key.replace('/', '.')} = {s.value}\n" for s in wanted.sysctls),
        *(f"# nft list table {t.family} {t.name}\n{nft.build_text(t)}" for t in wanted.tables),
        "# commands\n" + "".join(f"{command}\n" for command in commands),
    ]
    return "\n".join(parts)


def _link(link: Link) -> str:
    words = [f"{link.name}:", link.kind or f"was {link.was}"]
    if link.mtu:
        words.append(f"mtu {link.mtu}")
    if link.master:
        words.append(f"master {link.master}")
    if link.mac:
        words.append(f"link/ether {link.mac}")
    if link.kind == "tap":
        words.append(f"user {link.owner} group {link.owner}")
    if link.up:
        words.append("up")
    lines = [" ".join(words)]
    lines += [
        f"    {'inet6' if address.version == 6 else 'inet'} {address}"
        for address in link.addresses or ()
    ]
    return "".join(f"{line}\n" for line in lines)
