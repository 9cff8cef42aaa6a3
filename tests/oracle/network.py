"""Sets up one recorded pod's network as the launcher does, and serves it until stdin closes.

    network.py MODE VMI.yaml POD.json OUT.json

Run in the pod's network, mount and host name namespaces. MODE is start, live (NICs come and go) or
migration. Prints ``ready`` once DHCP answers; ``error ...`` when the set-up was refused.
"""

from __future__ import annotations

import copy
import json
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from launcher.domain.element import render
from launcher.domain.inputs import Inputs
from launcher.domain.interfaces import interfaces
from launcher.domain.wiring import NicWiring, PodWiring
from launcher.errors import HostError, LauncherError, SpecError
from launcher.net import bindings
from launcher.net.addresses import global_addresses
from launcher.net.attachments import PodNet
from launcher.net.served import served_links
from launcher.spec import Bridge, Elsewhere, MachineSpec, Nic, PluginTap, Resolver
from launcher.system import linkkinds, observe, podnet, sockets
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate import translate
from virtctl.local.node.translate_nics import live_changes
from virtctl.models import documents as doc

ROOM = Path("/run/kubevirt-private")
METHODS = ("masquerade", "bridge", "sriov", "passtBinding", "binding")
BINDINGS = frozenset({"masquerade", "bridge", "sriov", "passtBinding", "plugin", "sidecar"})


class Refused(Exception):
    """The set-up was refused; ``phase`` is the part of KubeVirt's launcher that refuses it."""

    def __init__(self, phase: str, problem: str) -> None:
        super().__init__(problem)
        self.phase = phase


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a launcher runs: its own directory, and what it finds in the pod."""

    room: Path
    hostname: str
    resolver: Resolver
    holder: str = ""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A network that is set up: the domain's interfaces, and what serves DHCP."""

    interfaces: list[str]
    running: sockets.Running | None


def make(mode: str, vmi: doc.Document, config: doc.Document, place: Place) -> Made:
    """Set up and serve what a step asks for; raises ``Refused``."""
    refuse_unbound(mode, vmi)
    vmi = with_known_states(vmi)
    config = with_plugins(vmi, config)
    refusal: LauncherError | InvalidField | None = None
    try:
        spec = machine(vmi, config, place)
    except InvalidField as error:
        # Ours refuses before anything is made what KubeVirt finds when it makes the domain.
        refusal = error
        vmi = without_misfits(vmi)
        spec = machine(vmi, config, place)
    wanted = names(mode, vmi, spec)
    chosen = {nic.name for nic in bindings.listed(spec, wanted)}
    refuse_unordered(spec, chosen)
    lost = unplugged(spec, chosen)
    if lost:
        refusal = refusal or HostError(f"pod link ({lost[0].pod_nic}) is missing")
        wanted = tuple(chosen - {nic.name for nic in lost})
    try:
        net = podnet.set_up(spec, place.room / "journal.jsonl", only=wanted, holder=place.holder)
    except LauncherError as error:
        raise Refused("phase1Error", str(error)) from error
    if refusal:
        raise Refused("phase2Error", str(refusal)) from refusal
    try:
        texts = interface_texts(spec, net)
    except LauncherError as error:
        raise Refused("phase2Error", str(error)) from error
    try:
        running = serve(spec, net, place.room)
    except SpecError:
        # KubeVirt's launcher finds out when its DHCP server starts, and dies of it afterwards.
        running = None
    except LauncherError as error:
        raise Refused("phase2Error", str(error)) from error
    return Made(interfaces=texts, running=running)


def refuse_unbound(mode: str, vmi: doc.Document) -> None:
    """Refuse what phase 1 has no idea of: NICs without a binding that is still there.

    Only NICs that it is asked for count, and a target of a migration is asked for all networks.
    """
    found = {
        doc.text(each, "name"): each
        for each in doc.objects(vmi, "spec", "domain", "devices", "interfaces")
    }
    networks = [doc.text(each, "name") for each in doc.objects(vmi, "spec", "networks")]
    changes = live_changes(vmi)
    live = {*changes.plugged, *changes.unplugged}
    for name in networks:
        nic = found.get(name)
        if nic is None:
            if mode == "migration":
                raise Refused("phase1Error", f"no iface matching with network {name}")
            continue
        asked = name in live if mode == "live" else True
        if mode == "start" and doc.text(nic, "state") == "absent":
            asked = False
        if asked and all(doc.find(nic, kind) is None for kind in METHODS):
            raise Refused("phase1Error", f"undefined binding method: {name}")


def refuse_unordered(spec: MachineSpec, chosen: set[str]) -> None:
    """Refuse NICs of both IP families when virt-handler was not told which comes first."""
    if "MY_POD_IP" in os.environ:
        return
    observed = observe.network(tables=())
    for nic in spec.nics:
        link = observed.link(bindings.with_link_name(nic, observed).pod_nic)
        if nic.name not in chosen or isinstance(nic.binding, Bridge | Elsewhere) or link is None:
            continue
        if all(global_addresses(link.addresses, version) for version in (4, 6)):
            raise Refused("phase1Error", "MY_POD_IP doesnt exists")


def with_plugins(vmi: doc.Document, config: doc.Document) -> doc.Document:
    """The configuration with every plugin that is named: launchers leave unknown ones to sidecars.

    It is the controller that refuses those, before there is a pod.
    """
    known = dict(doc.child(config, "network", "binding"))
    for each in doc.objects(vmi, "spec", "domain", "devices", "interfaces"):
        if name := doc.text(each, "binding", "name"):
            known.setdefault(name, {})
    return {**config, "network": {**doc.child(config, "network"), "binding": known}}


def with_known_states(vmi: doc.Document) -> doc.Document:
    """The machine with states that count: only the webhook minds others, they are as none here."""
    found = copy.deepcopy(vmi)
    for each in doc.objects(found, "spec", "domain", "devices", "interfaces"):
        if doc.text(each, "state") not in {"up", "down", "absent"}:
            each["state"] = ""
    return found


def without_misfits(vmi: doc.Document) -> doc.Document:
    """The machine as phase 1 sees it, to which passt's link need not have been reported.

    NICs without a network are left out, as it goes by networks what a pod gets.
    """
    networks = {doc.text(each, "name") for each in doc.objects(vmi, "spec", "networks")}
    found = copy.deepcopy(vmi)
    peripherals = doc.child(found, "spec", "domain", "devices")
    nics = [
        each
        for each in doc.objects(peripherals, "interfaces")
        if doc.text(each, "name") in networks
    ]
    peripherals["interfaces"] = list(nics)
    status = doc.child(found, "status")
    known = {doc.text(each, "name"): each for each in doc.objects(status, "interfaces")}
    for each in nics:
        if "passtBinding" in each:
            seen = known.setdefault(doc.text(each, "name"), {"name": each["name"]})
            seen.setdefault("podInterfaceName", "eth0")
    found["status"] = {**status, "interfaces": list(known.values())}
    return found


def unplugged(spec: MachineSpec, chosen: set[str]) -> list[Nic]:
    """NICs of tap plugins whose links are missing, which only phase 2 looks for."""
    observed = observe.network(tables=())
    return [
        nic
        for each in spec.nics
        if each.name in chosen and isinstance(each.binding, PluginTap)
        if observed.link((nic := bindings.with_link_name(each, observed)).pod_nic) is None
    ]


def machine(vmi: doc.Document, config: doc.Document, place: Place) -> MachineSpec:
    """The machine, with what a launcher finds in the pod: its host name and resolv.conf."""
    vmi["spec"].setdefault("domain", {}).setdefault("firmware", {}).setdefault("uuid", "u")
    facts = TranslateFacts(config=config, bindings=BINDINGS, resolver=place.resolver)
    return msgspec.structs.replace(translate(vmi, facts), hostname=place.hostname)


def resolver(text: str) -> Resolver:
    """Name servers and search list of a resolv.conf's text."""
    lines = text.splitlines()
    servers = [line.split() for line in lines if line.startswith("nameserver")]
    search = [line.removeprefix("search").split() for line in lines if line.startswith("search")]
    return Resolver(
        nameservers=tuple(words[1] for words in servers if len(words) == 2),
        search=tuple(name for names in search for name in names),
    )


def names(mode: str, vmi: doc.Document, spec: MachineSpec) -> tuple[str, ...] | None:
    """The NICs that phase 1 is asked for."""
    match mode:
        case "live":
            changes = live_changes(vmi)
            return (*changes.plugged, *changes.unplugged)
        case "migration":
            return tuple(doc.text(each, "name") for each in doc.objects(vmi, "spec", "networks"))
        case _:
            return None


def interface_texts(spec: MachineSpec, net: PodNet) -> list[str]:
    wiring = {
        each.name: NicWiring(tap=each.tap, mac=each.guest_mac, mtu=each.mtu)
        for each in net.attachments
    }
    return [render(each) for each in interfaces(Inputs(spec, wiring=PodWiring(nics=wiring)))]


def serve(spec: MachineSpec, net: PodNet, room: Path) -> sockets.Running:
    """Serve the NICs that no earlier launcher of this pod serves."""
    fresh = []
    for each in net.attachments:
        mark = room / f"dhcp_started-{each.pod_nic}"
        if not mark.exists():
            fresh.append(each)
            mark.touch()
    return sockets.serve_links(served_links(spec, PodNet(attachments=tuple(fresh))))


def holder() -> str:
    """A bridge where the recorder takes one for a dummy, as this kernel has none."""
    wanted = os.environ.get("NETRECORD_NODUMMY") and not linkkinds.known("dummy")
    return "bridge" if wanted else ""


def main(mode: str, vmi_path: str, pod_path: str, out_path: str) -> int:
    config = json.loads(Path(pod_path).read_text()).get("kubevirtConfig", {})
    vmi = yaml.safe_load(Path(vmi_path).read_text())
    place = Place(
        room=ROOM,
        hostname=socket.gethostname(),
        resolver=resolver(Path("/etc/resolv.conf").read_text()),
        holder=holder(),
    )
    ROOM.mkdir(parents=True, exist_ok=True)
    out: dict[str, object] = {}
    made = None
    try:
        made = make(mode, vmi, config, place)
        out["interfaces"] = made.interfaces
    except Refused as error:
        out[error.phase] = str(error)
    Path(out_path).write_text(json.dumps(out))
    sys.stdout.write("ready\n" if "phase1Error" not in out else f"error {out['phase1Error']}\n")
    sys.stdout.flush()
    sys.stdin.read()
    if made and made.running:
        made.running.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
