"""Networks of ``create vm``: each flag's value to a network, an interface and cloud-init's word.

A machine keeps the pod network, by masquerade, unless it is turned off: that is where ssh,
port-forward and services reach it.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from virtctl.manifests.params import Params, parse_error
from virtctl.models.documents import Document, JsonValue

_BINDINGS = ("bridge", "masquerade", "sriov", "passt")
_FIELDS = {"passt": "passtBinding"}
_MAC = re.compile(r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}")
POD = "pod"


@dataclass
class Nic:
    """An interface. ``attachment`` is empty for the pod network."""

    name: str
    attachment: str
    binding: str
    mac: str = ""
    model: str = ""
    static: list[Document] = field(default_factory=list)
    """``addresses``, ``gateway`` and ``dns`` for cloud-init; none means DHCP."""

    def interface(self) -> Document:
        """As in ``domain.devices.interfaces``."""
        made: Document = {"name": self.name, _FIELDS.get(self.binding, self.binding): {}}
        if self.mac:
            made["macAddress"] = self.mac
        if self.model:
            made["model"] = self.model
        return made

    def network(self) -> Document:
        """As in ``networks``."""
        if not self.attachment:
            return {"name": self.name, "pod": {}}
        return {"name": self.name, "multus": {"networkName": self.attachment}}


def nics(networks: list[str], *, pod: bool) -> list[Nic]:
    """Interfaces of ``--network NAME[:BINDING][,mac:M][,model:M]``, the pod network's first.

    Raises ``UsageError``.
    """
    found: list[Nic] = []
    for value in networks:
        nic = _nic(value)
        names = {one.name for one in found}
        if not nic.attachment and any(not one.attachment for one in found):
            raise parse_error("network", "the pod network can be there only once")
        base, count = nic.name, 2
        while nic.name in names:
            nic.name, count = f"{base}-{count}", count + 1
        found.append(nic)
    if pod and all(nic.attachment for nic in found):
        found.insert(0, Nic("default", "", "masquerade"))
    return found


def _nic(value: str) -> Nic:
    head, _, rest = value.partition(",")
    name, colon, binding = head.partition(":")
    if not name or (colon and not binding):
        raise parse_error("network", f"`{head}` is not NAME or NAME:BINDING")
    if name.count("/") > 1 or name.endswith("/"):
        raise parse_error("network", f"`{name}` is not [NAMESPACE/]NAME")
    is_pod = name == POD
    binding = binding or ("masquerade" if is_pod else "bridge")
    if binding not in _BINDINGS:
        raise parse_error("network", f"`{binding}` must be one of {', '.join(_BINDINGS)}")
    params = Params("network", rest, ("mac", "model")) if rest else None
    mac = params.text("mac") if params else ""
    if mac and not _MAC.fullmatch(mac):
        raise parse_error("network", f"`{mac}` is no MAC address, as 02:00:5e:00:53:01 is")
    model = params.text("model") if params else ""
    shown = re.sub(r"[^a-z0-9-]", "-", name.rpartition("/")[2].lower()).strip("-") or "net"
    return Nic("default" if is_pod else shown[:58], "" if is_pod else name, binding, mac, model)


def address(found: list[Nic], value: str) -> None:
    """Give an interface the address of ``--ip [NETWORK=]ADDRESS/PREFIX[,gateway:A][,dns:A;B]``.

    Without a network it is the last one. Raises ``UsageError``.
    """
    head, _, rest = value.partition(",")
    wanted, equals, written = head.rpartition("=")
    nic = _wanted(found, wanted) if equals else found[-1]
    if nic.binding == "masquerade":
        raise parse_error(
            "ip",
            f"the address inside network `{nic.name}` is KubeVirt's choice: name another network",
        )
    if "/" not in written:
        raise parse_error("ip", f"`{written}` lacks its prefix, as in 192.0.2.9/24")
    try:
        own = ipaddress.ip_interface(written)
    except ValueError:
        raise parse_error("ip", f"`{written}` is no address, as 192.0.2.9/24 is") from None
    made: Document = {"address": str(own)}
    if rest:
        params = Params("ip", rest, ("gateway", "dns"))
        if params.text("gateway"):
            made["gateway"] = _address(params.text("gateway"))
        made["dns"] = [_address(one) for one in params.texts("dns")]
    nic.static.append(made)


def _wanted(found: list[Nic], name: str) -> Nic:
    nic = next((one for one in found if name in {one.name, one.attachment}), None)
    if nic is None:
        names = ", ".join(one.name for one in found)
        raise parse_error("ip", f"there is no network `{name}`, there are: {names}")
    return nic


def _address(word: str) -> str:
    try:
        return str(ipaddress.ip_address(word))
    except ValueError:
        raise parse_error("ip", f"`{word}` is no address") from None


def network_config(found: list[Nic], random: Callable[[int], bytes]) -> Document:
    """cloud-init's network configuration, version 2; interfaces get addresses to be known by."""
    ethernets: Document = {}
    for nic in found:
        if not nic.mac:
            nic.mac = ":".join(f"{byte:02x}" for byte in b"\x02" + random(5))
        made: Document = {"match": {"macaddress": nic.mac.lower().replace("-", ":")}}
        if nic.static:
            made |= _static(nic.static)
        else:
            made["dhcp4"] = True
            made["dhcp6"] = not nic.attachment
        ethernets[nic.name] = made
    return {"version": 2, "ethernets": ethernets}


def _static(given: list[Document]) -> Document:
    made: Document = {"addresses": [one["address"] for one in given]}
    routes: list[JsonValue] = [
        {"to": "::/0" if ":" in str(one["gateway"]) else "0.0.0.0/0", "via": one["gateway"]}
        for one in given
        if "gateway" in one
    ]
    if routes:
        made["routes"] = routes
    servers = [server for one in given for server in _list(one.get("dns"))]
    if servers:
        made["nameservers"] = {"addresses": servers}
    return made


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
