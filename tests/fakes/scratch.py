"""Network namespaces for tests that touch the kernel: made for a test, gone after it."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from launcher.system import namespaces, netlink, process


@contextmanager
def scratch_netns(purpose: str = "") -> Iterator[str]:
    """A named network namespace with its loopback up; yields the name."""
    made = namespaces.prepare_directory()
    name = f"vt{purpose}-{secrets.token_hex(3)}"
    namespaces.create(name)
    try:
        with namespaces.in_netns(name):
            netlink.change_link("lo", up=True)
        yield name
    finally:
        namespaces.remove(name)
        if made:
            namespaces.remove_directory()


@contextmanager
def inside_scratch_netns(purpose: str = "") -> Iterator[str]:
    """The same, with this thread in it."""
    with ExitStack() as stack:
        name = stack.enter_context(scratch_netns(purpose))
        stack.enter_context(namespaces.in_netns(name))
        yield name


def shell(text: str, netns: str | None = None) -> str:
    """Run each line; lines are words without quotes. Gives the last one's output."""
    out = ""
    for line in text.strip().splitlines():
        out = process.run(line.split(), netns=netns).stdout
    return out


def answers(address: str, netns: str | None = None) -> bool:
    """Whether an address answers a ping within a second."""
    words = ["busybox", "ping", "-c", "1", "-W", "1", address]
    return process.run(words, netns=netns, check=False).returncode == 0


def pod_by_hand(pod: str, node: str, *, mtu: int = 1400) -> None:
    """Join two namespaces by a veth as a CNI would: the walk's pod, and its gateway in the node."""
    shell(f"ip -n {node} link add pod0 type veth peer name eth0 netns {pod}")
    shell(
        f"""
        ip link set pod0 mtu {mtu} up
        ip address add 10.129.2.1/23 dev pod0
        ip address add fd01:0:0:5::1/64 dev pod0 nodad
        """,
        node,
    )
    shell(
        f"""
        ip link set eth0 mtu {mtu} up
        ip address add 10.129.2.132/23 dev eth0
        ip address add fd01:0:0:5::9/64 dev eth0 nodad
        ip route add default via 10.129.2.1
        ip route add default via fd01:0:0:5::1
        """,
        pod,
    )
