"""The physical network between nodes: put hosts on it, VLANs, and bonds, as on a real switch."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from launcher.net.cards import FABRIC_BRIDGE
from launcher.system import ovs, process
from launcher.system.ovs import Switch
from tests.fakes.scratch import scratch_netns, shell


class Fabric:
    """The fabric of the instance in a directory."""

    def __init__(self, instance: Path) -> None:
        self.switch: Switch = ovs.find(instance / "nodes/.fabric")

    def vsctl(self, *words: str) -> str:
        return process.run(["ovs-vsctl", f"--db=unix:{self.switch.socket}", *words]).stdout

    def appctl(self, *words: str) -> str:
        target = self.switch.directory / "ovs-vswitchd.pid"
        pid = target.read_text().strip()
        control = self.switch.directory / f"ovs-vswitchd.{pid}.ctl"
        return process.run(["ovs-appctl", "-t", control, *words]).stdout

    def bond(self, name: str, *cables: str) -> None:
        """Join cables by LACP."""
        gone = [word for cable in cables for word in ("--", "--if-exists", "del-port", cable)]
        self.vsctl(
            *gone[1:], "--", "add-bond", FABRIC_BRIDGE, name, *cables, "bond_mode=balance-tcp",
            "lacp=active", "other_config:lacp-time=fast",
        )  # fmt: skip

    def access(self, cable: str, tag: int) -> None:
        """Make a cable's port one of a VLAN."""
        self.vsctl("set", "port", cable, f"tag={tag}")

    @contextmanager
    def host(self, address: str, tag: int = 0) -> Iterator[str]:
        """A machine on an access port of a VLAN, or untagged; yields its namespace."""
        with scratch_netns("far") as name:
            link = f"f{name[-6:]}"
            shell(
                f"ip -n {self.switch.netns} link add {link} type veth peer name eth0 netns {name}"
            )
            shell(f"ip link set {link} up", self.switch.netns)
            shell(f"ip address add {address} dev eth0\nip link set eth0 up", name)
            vlan = [f"tag={tag}"] if tag else []
            self.vsctl("add-port", FABRIC_BRIDGE, link, *vlan)
            try:
                yield name
            finally:
                self.vsctl("--if-exists", "del-port", link)
