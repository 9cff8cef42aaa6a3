"""A case of a pod's network played in namespaces: what the CNI made, what the launcher made of it.

A case is a directory: ``vmi.yaml``, maybe more of them, and ``pod.yaml`` with what differs from
``USUAL``: NICs, ``resolvConf``, ``kubevirtConfig``, and ``steps`` (``mode``, ``vmi``, and NICs that
come before as ``adds``). ``station`` is the MAC that DHCP is asked by, if not the guest's NIC's.
"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import yaml

from launcher.system import namespaces, sysctls
from launcher.system.process import run
from tests.fakes import dhcpguest
from tests.fakes.scratch import scratch_netns
from tests.oracle import network
from virtctl.models import documents as doc

HOSTNAME = "virt-launcher-case"
USUAL = {
    "nics": [
        {
            "name": "eth0",
            "mac": "0a:58:0a:f4:02:09",
            "mtu": 1410,
            "addresses": ["10.244.2.9/24"],
            "routes": ["default via 10.244.2.1", "10.244.0.0/16 via 10.244.2.1"],
        }
    ],
    "resolvConf": "search shop.svc.cluster.local svc.cluster.local\nnameserver 10.96.0.10\n",
    "steps": [{"mode": "start", "vmi": "vmi.yaml"}],
}
SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/all/arp_ignore",
    "net/ipv4/ping_group_range",
    "net/ipv4/ip_unprivileged_port_start",
)
STRANGER = "02:fe:ed:00:00:01"
KEEPERS = {"dummy", "ifb"}  # the second where the kernel has none of the first


def play(case: Path, room: Path) -> str:
    """What became of a pod, as text: each step's refusal, links, routes, rules, DHCP answers."""
    pod: doc.Document = {**USUAL, **yaml.safe_load((case / "pod.yaml").read_text())}
    with ExitStack() as stack:
        inside, outside = (stack.enter_context(scratch_netns(name)) for name in ("p", "o"))
        stack.enter_context(namespaces.in_netns(inside))
        for key in SETTINGS[:3]:
            sysctls.write(key, "0")
        for nic in doc.objects(pod, "nics"):
            _plug(nic, inside, outside)
        told = list[str]()
        for step in doc.objects(pod, "steps"):
            for nic in doc.objects(step, "adds"):
                _plug(nic, inside, outside)
            vmi = yaml.safe_load((case / doc.text(step, "vmi", default="vmi.yaml")).read_text())
            told.append(f"# {doc.text(step, 'mode')}")
            told += _step(doc.text(step, "mode"), vmi, pod, room, stack)
    return "\n".join(told) + "\n"


def _step(
    mode: str, vmi: doc.Document, pod: doc.Document, room: Path, stack: ExitStack
) -> Iterator[str]:
    place = network.Place(
        room=room, hostname=HOSTNAME, resolver=network.resolver(doc.text(pod, "resolvConf"))
    )
    texts: list[str] = []
    refusal = ""
    try:
        made = network.make(mode, vmi, doc.child(pod, "kubevirtConfig"), place)
        if made.running:
            stack.callback(made.running.stop)
        texts = made.interfaces
    except network.Refused as error:
        refusal = f"refused in {error.phase.removesuffix('Error')}: {error}"
    if refusal:
        yield refusal
    yield from _links()
    yield from _routes()
    yield from _rules()
    for key in SETTINGS:
        yield f"setting {key} = {' '.join((sysctls.read(key) or '').split())}"
    for text in texts:
        yield text.rstrip()
    for text in texts:
        yield from _asked(text, doc.text(pod, "station"))


def _plug(nic: doc.Document, inside: str, outside: str) -> None:
    """A NIC as a CNI plugin leaves it."""
    name = doc.text(nic, "name")
    mtu = str(doc.integer(nic, "mtu", default=1500))
    peer = f"p-{name[-12:]}"
    veth = ["type", "veth", "peer", "name", peer, "mtu", mtu, "netns", outside]
    run(["ip", "link", "add", name, "address", doc.text(nic, "mac"), "mtu", mtu, *veth])
    run(["ip", "link", "set", peer, "up"], netns=outside)
    lines = [f"link set {name} up"]
    for address in map(str, doc.items(nic, "addresses")):
        more = "nodad" if ":" in address else "" if address.endswith("/32") else "brd +"
        lines.append(f"address add {address} {more} dev {name}")
    lines += [
        f"{'-6 ' if ':' in route else ''}route add {route} dev {name}"
        for route in map(str, doc.items(nic, "routes"))
    ]
    for line in lines:
        run(["ip", *line.split()], netns=inside)


def _links() -> Iterator[str]:
    ports = {each["ifname"]: each for each in _shown("bridge", "-j", "-d", "link")}
    for link in sorted(_shown("ip", "-j", "-d", "address"), key=lambda each: str(each["ifname"])):
        about = doc.child(link, "linkinfo")
        kind = doc.text(about, "info_kind")
        if not kind or kind in {"sit", "gre", "ip6tnl", "ipip"}:
            continue
        name = doc.text(link, "ifname")
        flags = doc.items(link, "flags")
        words = [
            f"link {name}:",
            "dummy" if kind in KEEPERS else kind,
            f"mtu {link['mtu']}",
            "up" if "UP" in flags else "down",
        ]
        if "NOARP" in flags:
            words.append("noarp")
        if kind == "tun":
            words += _tap(doc.child(about, "info_data"))
        else:
            words.append(doc.text(link, "address"))
        if master := doc.text(link, "master"):
            learns = ports[name].get("learning")
            words.append(f"in {master}, {'learning' if learns else 'not learning'}")
        words += _addresses(link)
        yield " ".join(words)


def _tap(data: doc.Document) -> list[str]:
    user = _number(str(data.get("user", "nobody")), "passwd")
    group = _number(str(data.get("group", "nobody")), "group")
    return [f"of {user}/{group}", *(["queues"] if data.get("multi_queue") else [])]


def _number(name: str, database: str) -> str:
    """The id of an account, which ip names where it has a name."""
    for line in Path("/etc", database).read_text().splitlines():
        if line.split(":")[0] == name:
            return line.split(":")[2]
    return name


def _addresses(link: doc.Document) -> Iterator[str]:
    for each in doc.objects(link, "addr_info"):
        if doc.text(each, "scope") == "link" and doc.text(each, "family") == "inet6":
            continue
        yield f"{each['local']}/{each['prefixlen']}"
        if broadcast := doc.text(each, "broadcast"):
            yield f"brd {broadcast}"


def _routes() -> Iterator[str]:
    for family in ("-4", "-6"):
        for route in _shown("ip", "-j", family, "route"):
            if not str(route["dst"]).startswith("fe80"):
                keys = ("gateway", "dev", "scope", "prefsrc")
                words = [f"{key} {route[key]}" for key in keys if key in route]
                yield f"route {route['dst']} {' '.join(words)}"


def _rules() -> list[str]:
    lines = run(["nft", "-s", "list", "ruleset"]).stdout.splitlines()
    return [line.replace("\t", "  ") for line in lines if line.strip()]


def _asked(text: str, station: str) -> Iterator[str]:
    """DHCP as the guest's NIC would ask for it, or a station of another MAC."""
    nic = ET.fromstring(text)
    alias, tap, mac = (
        str(found.get(key)) if (found := nic.find(tag)) is not None else ""
        for tag, key in (("alias", "name"), ("target", "dev"), ("mac", "address"))
    )
    shown = _shown("ip", "-j", "-d", "link", "show", tap) if tap else []
    if not shown or doc.text(shown[0], "linkinfo", "info_kind") != "tun":
        return
    bridge = doc.text(shown[0], "master")
    queues = bool(doc.find(shown[0], "linkinfo", "info_data", "multi_queue"))
    with dhcpguest.plugged(tap, station or mac, queues=queues) as guest:
        name = alias.removeprefix("ua-")
        if not bridge or not _serves(bridge, 67):
            yield f"dhcp {name}: nobody answers"
        else:
            yield from _asked4(name, guest, station or mac, mac if station else STRANGER)
        if bridge and _serves(bridge, 547):
            yield from _asked6(name, guest, mac)


def _asked4(name: str, guest: dhcpguest.Guest, mac: str, stranger: str) -> Iterator[str]:
    yield f"dhcp {name}: {guest.dhcp4(dhcpguest.DISCOVER, silent=dhcpguest.INFORM)}"
    wish = dhcpguest.requested("192.0.2.77", "192.0.2.1")
    yield f"dhcp {name}: {guest.dhcp4(dhcpguest.REQUEST, wish)}"
    answered = "is" if guest.is_answered(stranger, mac) else "is not"
    yield f"dhcp {name}: {stranger} {answered} answered"


def _asked6(name: str, guest: dhcpguest.Guest, mac: str) -> Iterator[str]:
    client = dhcpguest.option6(1, b"\0\3\0\1" + bytes.fromhex(mac.replace(":", "")))
    association = dhcpguest.option6(3, (0xABCD).to_bytes(4, "big") + bytes(8))
    rapid = dhcpguest.option6(14, b"")
    for kind, options in (
        (dhcpguest.SOLICIT, client + association),
        (dhcpguest.SOLICIT, client + association + rapid),
        (dhcpguest.REQUEST6, client + association),
        (dhcpguest.INFORMATION, client),
    ):
        yield f"dhcp6 {name}: {guest.dhcp6(kind, options)}"


def _serves(bridge: str, port: int) -> bool:
    """Whether a socket that is bound to a bridge has a port."""
    return f"%{bridge}:{port} " in run(["ss", "-H", "-lun"]).stdout


def _shown(*argv: str) -> list[doc.Document]:
    text = run(list(argv)).stdout.strip()
    found: list[doc.Document] = json.loads(text) if text else []
    return [each for each in found if each]
