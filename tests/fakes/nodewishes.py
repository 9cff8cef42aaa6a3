"""Desired states of a node by chance, the same for the same seed: for what must hold for any."""

from random import Random

NICS = ("en0", "en1", "en2")
_LINK = "up"


class Wishes:
    """States for a node with three cards; ``bonds`` where the kernel has bonds, VLANs and so on."""

    def __init__(self, seed: int, *, bonds: bool, switch: bool) -> None:
        self._by = Random(seed)
        self._bonds, self._switch = bonds, switch

    def state(self) -> dict:
        """One of them."""
        interfaces = [self._card(name) for name in NICS if self._now_and_then(0.3)]
        interfaces += [self._bridge("br1")] if self._now_and_then(0.7) else []
        interfaces += [self._bridge("br2")] if self._now_and_then(0.2) else []
        interfaces += self._ovs() if self._switch and self._now_and_then(0.4) else []
        interfaces += [each for each in self._virtual() if self._now_and_then(0.3)]
        made = {"interfaces": interfaces}
        if self._now_and_then(0.3):
            made["routes"] = {"config": [self._route()]}
        if self._now_and_then(0.2):
            rules = ({"ip-from": "10.1.0.0/16", "route-table": 200}, {"state": "absent"})
            made["route-rules"] = {"config": [self._by.choice(rules)]}
        return made

    def _now_and_then(self, share: float) -> bool:
        return self._by.random() < share

    def _maybe_absent(self, interface: dict, share: float = 0.25) -> dict:
        if self._now_and_then(share):
            return {"name": interface["name"], "type": interface["type"], "state": "absent"}
        return self._addressed(interface)

    def _addressed(self, interface: dict) -> dict:
        number = self._by.randint(1, 3)
        four = {"enabled": True, "address": [{"ip": f"10.{number}.0.1", "prefix-length": 24}]}
        six = {"enabled": True, "address": [{"ip": f"fd00:{number}::1", "prefix-length": 64}]}
        for field, choices in (
            ("ipv4", (None, {"enabled": False}, four)),
            ("ipv6", (None, {"enabled": False}, {"enabled": True}, six)),
        ):
            chosen = self._by.choice(choices)
            interface |= {} if chosen is None else {field: chosen}
        return interface

    def _card(self, name: str) -> dict:
        mtu = {"mtu": self._by.choice((1400, 1500))} if name != "en0" else {}
        state = self._by.choice(("up", "up", "down"))
        return self._maybe_absent({"name": name, "type": "ethernet", "state": state, **mtu})

    def _ports(self, most: int) -> list[str]:
        return self._by.sample(NICS, self._by.randint(0, most))

    def _vlan(self) -> dict:
        choices = (
            {"mode": "access", "tag": 33},
            {"mode": "trunk", "trunk-tags": [{"id": 5}, {"id-range": {"min": 7, "max": 9}}]},
            {"mode": "trunk", "enable-native": True, "tag": 4, "trunk-tags": [{"id": 5}]},
        )
        return self._by.choice(choices)

    def _bridge(self, name: str) -> dict:
        bridge = {}
        if self._now_and_then(0.7):
            bridge["port"] = [
                {"name": port, "stp-path-cost": self._by.choice((10, 50))}
                | ({"vlan": self._vlan()} if self._bonds and self._now_and_then(0.5) else {})
                for port in self._ports(2)
            ]
        if self._now_and_then(0.6):
            bridge["options"] = self._by.choice(
                (
                    {"stp": {"enabled": True, "priority": 4096, "hello-time": 1}},
                    {"stp": {"enabled": False}},
                    {"mac-ageing-time": 100, "multicast-snooping": False},
                    {"group-forward-mask": 8},
                )
            )
        return self._maybe_absent(
            {"name": name, "type": "linux-bridge", "state": _LINK, "bridge": bridge}
        )

    def _ovs(self) -> list[dict]:
        if self._now_and_then(0.25):
            return [{"name": "ob1", "type": "ovs-bridge", "state": "absent"}]
        ports = [
            {"name": port} | ({"vlan": self._vlan()} if self._now_and_then(0.5) else {})
            for port in self._ports(2)
        ]
        if self._now_and_then(0.2):
            mode = self._by.choice(("active-backup", "balance-slb", "lacp"))
            bond = [{"name": port} for port in self._by.sample(NICS, 2)]
            ports = [{"name": "ob0", "link-aggregation": {"mode": mode, "port": bond}}]
        options = self._by.choice(
            ({}, {"stp": True}, {"stp": False}, {"rstp": True}, {"fail-mode": "standalone"})
        )
        bridge = {"port": [*ports, {"name": "ob1i"}], "options": options}
        inside = self._addressed({"name": "ob1i", "type": "ovs-interface", "state": _LINK})
        return [{"name": "ob1", "type": "ovs-bridge", "state": _LINK, "bridge": bridge}, inside]

    def _virtual(self) -> list[dict]:
        found = [
            {"name": "va0", "type": "veth", "state": _LINK, "veth": {"peer": "va1"}},
            {"name": "vx0", "type": "vxlan", "state": _LINK,
             "vxlan": {"id": 5, "remote": "192.0.2.1", "base-iface": "en0"}},
        ]  # fmt: skip
        if self._bonds:
            found += [
                {"name": "du0", "type": "dummy", "state": _LINK},
                {"name": "en2.7", "type": "vlan", "state": _LINK,
                 "vlan": {"base-iface": "en2", "id": 7}},
                {"name": "bo0", "type": "bond", "state": _LINK, "link-aggregation": self._bond()},
            ]  # fmt: skip
        return [self._maybe_absent(each) for each in found]

    def _bond(self) -> dict:
        mode, options = self._by.choice(
            (
                ("802.3ad", {"lacp_rate": "fast"}),
                ("active-backup", {}),
                ("balance-rr", {"packets_per_slave": 2}),
                ("balance-xor", {"xmit_hash_policy": "layer3+4"}),
            )
        )
        miimon = self._by.choice((50, 100))
        return {"mode": mode, "options": {**options, "miimon": miimon}, "port": self._ports(2)}

    def _route(self) -> dict:
        return self._by.choice(
            (
                {"destination": "10.99.0.0/16", "next-hop-interface": "br1",
                 "next-hop-address": "10.2.0.9"},
                {"state": "absent", "next-hop-interface": "br1"},
                {"destination": "10.98.0.0/16", "next-hop-interface": "en1", "table-id": 200},
            )
        )  # fmt: skip
