"""OVN that is none: remembers what it was asked for."""

from launcher.errors import HostError
from launcher.overlays import Overlay, OverlayAsk, OverlayLink


class FakeOvn:
    """``overlaylinks.Ovn``. ``refuse`` is what everything fails with; ``died`` what had ended."""

    def __init__(self) -> None:
        self.networks: dict[str, Overlay] = {}
        self.ports: dict[str, tuple[str, OverlayAsk]] = {}
        self.refuse = ""
        self.died: tuple[str, ...] = ()
        self.looks = 0  # at what runs, while there was something
        self.guards: list[object] = []

    def ensure_network(self, wanted: Overlay) -> None:
        self._check()
        self.networks[wanted.switch] = wanted

    def remove_network(self, switch: str) -> bool:
        self._check()
        return self.networks.pop(switch, None) is not None

    def switches(self) -> dict[str, dict[str, str]]:
        return {name: one.external for name, one in self.networks.items()}

    def add(self, node: str, ask: OverlayAsk) -> OverlayLink:
        self.ensure_network(ask.network)
        self.ports[ask.port] = (node, ask)
        number = len(self.ports)
        addresses = ask.addresses
        if ask.network.subnets and not addresses:
            addresses = (f"10.100.200.{number}/24",)
        return OverlayLink(
            host=f"{ask.sandbox[:13]}_{number}",
            mac=ask.mac or f"0a:58:0a:64:c8:0{number}",
            addresses=addresses,
        )

    def check(self, node: str, port: str) -> None:
        if port not in self.ports:
            raise HostError(f"the logical port {port} is gone")

    def delete(self, node: str, port: str, *, netns: str, ifname: str) -> None:
        if port in self.ports and self.ports[port][1].ifname == ifname:
            del self.ports[port]

    def revive(self) -> tuple[str, ...] | None:
        self._check()
        died, self.died = self.died, ()
        if not self.networks and not died:
            return None
        self.looks += 1
        return died

    def _check(self) -> None:
        if self.refuse:
            raise HostError(self.refuse, "install it")
