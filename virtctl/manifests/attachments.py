"""``net create``: NetworkAttachmentDefinitions, and the node policies that they need."""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass

from virtctl.errors import UsageError
from virtctl.models.documents import Document, JsonValue
from virtctl.models.kinds import ATTACHMENT_DEFINITION, NODE_NETWORK_POLICY

RESOURCE = "k8s.v1.cni.cncf.io/resourceName"
_BRIDGES = "bridge.network.kubevirt.io"
_VERSION = "0.3.1"
_LONGEST = 15  # characters of a link's name (IFNAMSIZ - 1)
_LINK = re.compile(r"[A-Za-z0-9_.-]{1,15}")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """A network: its name and namespace, and what was asked for; 0 and empty mean nothing."""

    name: str
    namespace: str
    nic: str = ""
    bridge: str = ""
    vlan: int = 0
    mtu: int = 0
    subnet: str = ""

    def check(self) -> None:
        """Raise ``UsageError`` for what no network can have."""
        if self.vlan and not 1 <= self.vlan <= 4094:
            raise UsageError(f"invalid argument `{self.vlan}` for flag `--vlan`: must be 1 to 4094")
        if self.mtu and not 68 <= self.mtu <= 65535:
            raise UsageError(f"invalid argument `{self.mtu}` for flag `--mtu`: must be 68 to 65535")
        for flag, name in (("--nic", self.nic), ("--bridge", self.bridge)):
            if name and not _LINK.fullmatch(name):
                raise UsageError(
                    f"invalid argument `{name}` for flag `{flag}`: no name of a link",
                    f"use up to {_LONGEST} letters and digits",
                )
        try:
            for one in filter(None, self.subnet.split(",")):
                ipaddress.ip_network(one)
        except ValueError as error:
            raise UsageError(f"invalid argument for flag `--subnet`: {error}") from error


def on_bridge(wish: Wish, *, make: bool) -> list[Document]:
    """A network on a Linux bridge of the node, which a policy makes when ``make`` says so."""
    bridge = wish.bridge or f"br-{wish.name}"[:_LONGEST].rstrip("-.")
    config: Document = {"cniVersion": _VERSION, "name": wish.name, "type": "bridge"}
    config |= {"bridge": bridge, "macspoofchk": True, "ipam": {}}
    if wish.vlan:
        config |= {"vlan": wish.vlan, "preserveDefaultVlan": False}
    if wish.mtu:
        config["mtu"] = wish.mtu
    made = [_definition(wish, config, {RESOURCE: f"{_BRIDGES}/{bridge}"})]
    if make:
        ports: list[JsonValue] = [{"name": wish.nic}] if wish.nic else []
        interface: Document = {
            "name": bridge,
            "type": "linux-bridge",
            "state": "up",
            "ipv4": {"enabled": False},
            "bridge": {"options": {"stp": {"enabled": False}}, "port": ports},
        }
        if wish.mtu:
            interface["mtu"] = wish.mtu
        made.insert(0, _policy(bridge, {"interfaces": [interface]}))
    return made


def on_ovn(wish: Wish) -> list[Document]:
    """A network of OVN: an overlay over all nodes, or (with a NIC or a bridge) a localnet."""
    local = bool(wish.nic or wish.bridge)
    config: Document = {
        "cniVersion": _VERSION,
        "name": wish.name if local else f"{wish.namespace}-{wish.name}",
        "type": "ovn-k8s-cni-overlay",
        "topology": "localnet" if local else "layer2",
        "netAttachDefName": f"{wish.namespace}/{wish.name}",
    }
    if wish.vlan and not local:
        raise UsageError("`--vlan` needs a network outside: give --nic or --bridge, too")
    if wish.vlan:
        config["vlanID"] = wish.vlan
    if wish.mtu:
        config["mtu"] = wish.mtu
    if wish.subnet:
        config["subnets"] = wish.subnet
    made = [_definition(wish, config, {})]
    if local:
        bridge = wish.bridge or f"ovs-{wish.name}"[:_LONGEST].rstrip("-.")
        state: Document = {
            "ovn": {
                "bridge-mappings": [{"localnet": wish.name, "bridge": bridge, "state": "present"}]
            }
        }
        if wish.nic:
            ports: list[JsonValue] = [{"name": wish.nic}]
            state["interfaces"] = [
                {
                    "name": bridge,
                    "type": "ovs-bridge",
                    "state": "up",
                    "bridge": {
                        "allow-extra-patch-ports": True,
                        "options": {"stp": False},
                        "port": ports,
                    },
                }
            ]
        made.insert(0, _policy(f"{wish.name}-mapping", state))
    return made


def _definition(wish: Wish, config: Document, marks: dict[str, JsonValue]) -> Document:
    metadata: Document = {"name": wish.name, "namespace": wish.namespace}
    if marks:
        metadata["annotations"] = dict(marks)
    return {
        "apiVersion": ATTACHMENT_DEFINITION.api_version,
        "kind": ATTACHMENT_DEFINITION.name,
        "metadata": metadata,
        "spec": {"config": json.dumps(config)},
    }


def _policy(name: str, state: Document) -> Document:
    return {
        "apiVersion": NODE_NETWORK_POLICY.api_version,
        "kind": NODE_NETWORK_POLICY.name,
        "metadata": {"name": name.lower().replace("_", "-")},
        "spec": {"desiredState": state},
    }
