"""Everything that ``local doctor`` looks at on this machine."""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from launcher import hostnet, lifecycle, nodestate, overlays
from launcher.errors import LauncherError
from launcher.facts import HostFacts
from virtctl.local.config import LocalConfig
from virtctl.local.layout import InstanceLayout
from virtctl.local.node.networks import network_of

Look: TypeAlias = "tuple[str, str, str, str]"
"""Name, level (ok, warn, fail), what was found, remedy."""

# What a guest needs at the least; the Debian package of each.
_PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "nft": "nftables",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "xorriso": "xorriso",
}
_LIBRARIES = {
    "libvirt": "libvirt-python",
    "pyroute2": "pyroute2",
    "starlette": "starlette",
    "uvicorn": "uvicorn",
    "h2": "h2",
    "cryptography": "cryptography",
}
_POLICY_LINKS = ("bond", "dummy", "vlan", "vxlan")
_LEAST_FREE = 2 * 1024**3
_KVM_REMEDY = (
    "load kvm_intel or kvm_amd; switch virtualization on in the firmware, or nested "
    "virtualization on the outer host"
)
_BRIDGE_FILTERS = Path("/proc/sys/net/bridge")
# What each check of the network has found when all is well.
_WELL = {
    "root": "this is root",
    "tun": "taps can be made",
    "links": "bridges and veths can be made",
    "nft": "rules can be set",
    "CNI plugins": "bridge, host-local and portmap are installed",
    "forwarding": "is on, or can be switched on",
    "FORWARD": "no firewall drops what pods send and receive",
    "IPv6": "pods have it",
}


def look(layout: InstanceLayout, config: LocalConfig) -> Iterator[Look]:
    """All findings; nothing is changed."""
    yield from _libraries()
    yield from _programs()
    facts = lifecycle.observe_facts()
    yield acceleration(facts, config)
    yield from hypervisor(facts)
    yield cards(facts)
    yield switch()
    yield overlay()
    yield _security()
    yield disk(layout)
    yield from network(layout, config)


def missing_for_start(layout: InstanceLayout, config: LocalConfig) -> list[Look]:
    """Findings that make a start pointless."""
    return [finding for finding in look(layout, config) if finding[1] == "fail"]


def _libraries() -> Iterator[Look]:
    gone = [name for module, name in _LIBRARIES.items() if importlib.util.find_spec(module) is None]
    if gone:
        yield (
            "Python packages",
            "fail",
            f"missing: {', '.join(gone)}",
            "pip install 'virtctl[local]'",
        )
    else:
        yield "Python packages", "ok", "all of virtctl[local]", ""


def _programs() -> Iterator[Look]:
    path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    gone = {name: pkg for name, pkg in _PROGRAMS.items() if shutil.which(name, path=path) is None}
    if gone:
        remedy = "apt-get install " + " ".join(sorted(set(gone.values())))
        yield "programs", "fail", f"missing: {', '.join(gone)}", remedy
    else:
        yield "programs", "ok", ", ".join(_PROGRAMS), ""


def acceleration(facts: HostFacts, config: LocalConfig) -> Look:
    """Whether guests run under KVM, and how much that matters to this instance."""
    if facts.kvm_usable:
        return "KVM", "ok", "a trial guest ran", ""
    if config.emulation == "always":
        return "KVM", "ok", f"not usable ({facts.kvm_reason}), and not wanted", ""
    if config.emulation == "never":
        said = f"not usable ({facts.kvm_reason}), and the instance shall use nothing else"
        return "KVM", "fail", said, f"{_KVM_REMEDY}; or go without it: `--emulation auto`"
    said = f"not usable ({facts.kvm_reason}); guests run on plain QEMU, about ten times slower"
    return "KVM", "warn", said, _KVM_REMEDY


def hypervisor(facts: HostFacts) -> Iterator[Look]:
    """QEMU and libvirt."""
    if facts.qemu_version:
        yield "QEMU", "ok", facts.qemu_version, ""
    else:
        yield "QEMU", "fail", f"`{facts.emulator}` does not run", "apt-get install qemu-system-x86"
    if facts.libvirt_version:
        yield "libvirt", "ok", facts.libvirt_version, ""
    else:
        remedy = "apt-get install libvirt-daemon-driver-qemu"
        yield "libvirt", "fail", "its QEMU driver is not installed", remedy


def cards(facts: HostFacts) -> Look:
    """Which links policies for networks of nodes cannot have of this kernel."""
    lacking = [kind for kind in _POLICY_LINKS if kind not in facts.link_kinds]
    if lacking:
        said = f"this kernel has no {', '.join(lacking)}; policies that ask for it fail"
        return "node links", "ok", said, ""
    return "node links", "ok", f"{', '.join(_POLICY_LINKS)} can be made", ""


def switch() -> Look:
    """Whether nodes can have bridges of Open vSwitch."""
    if package := nodestate.missing_switch():
        remedy = f"apt-get install {package}"
        return "Open vSwitch", "warn", "not installed; `ovs-bridge` is refused", remedy
    return "Open vSwitch", "ok", "nodes can have switches of their own", ""


def overlay() -> Look:
    """Whether pods can be on networks of OVN-Kubernetes."""
    if packages := overlays.missing():
        said = "not installed; networks of type `ovn-k8s-cni-overlay` are refused"
        return "OVN", "warn", said, f"apt-get install {' '.join(packages)}"
    return "OVN", "ok", "pods can be on overlay networks", ""


def _security() -> Look:
    """AppArmor confines libvirt's daemon, not an embedded driver; but QEMU may have a profile."""
    try:
        with open("/sys/kernel/security/apparmor/profiles") as file:  # noqa: PTH123
            profiles = [line.split()[0] for line in file if "qemu" in line and "(enforce)" in line]
    except OSError:
        return "AppArmor", "ok", "not active", ""
    if not profiles:
        return "AppArmor", "ok", "active, without a profile for QEMU", ""
    return (
        "AppArmor",
        "warn",
        f"enforces {', '.join(profiles)}: QEMU may not read disks in unusual places",
        "keep images below /var/lib/virtctl, or add their directory to the profile",
    )


def disk(layout: InstanceLayout) -> Look:
    """Space where the instance is, or will be."""
    place = layout.root
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    said = f"{free // 1024**2} MiB free for {layout.root}"
    if free < _LEAST_FREE:
        return "disk", "warn", said, "free some space, or choose another directory with --dir"
    return "disk", "ok", said, ""


def network(layout: InstanceLayout, config: LocalConfig) -> Iterator[Look]:
    """What nodes and pods need of the host's network."""
    try:
        wanted = network_of(layout, config, hostnet.observe_uplink())
        findings = hostnet.examine(wanted)
    except LauncherError as error:
        yield "network", "fail", str(error), error.hint or ""
        return
    well = {**_WELL, "addresses": f"{' and '.join(wanted.cidrs)} are free for pods"}
    for finding in findings:
        # Without IPv6, or behind a firewall that drops, machines still run and can be reached.
        mild = finding.name in {"IPv6", "FORWARD"}
        level = "ok" if finding.ok else ("warn" if mild else "fail")
        said = finding.problem or well.get(finding.name, "well")
        yield finding.name, level, said, finding.remedy
    yield _bridge_filters()


def _bridge_filters() -> Look:
    """Bridged packets that walk through the host's filters: nodes do without, each for itself."""
    there = _BRIDGE_FILTERS.exists()
    said = "loaded; nodes do not use it" if there else "not loaded"
    return "br_netfilter", "ok", said, ""
