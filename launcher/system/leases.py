"""Addresses of a node's links by DHCP: a client in the node's namespace for each link that asks.

The clients are busybox's ``udhcpc`` and ``udhcpc6``; they outlive us, and their scripts put what
they were given in place. Routes of IPv6 come from routers, not by DHCPv6.
"""

from __future__ import annotations

import shutil
import time
from functools import lru_cache
from pathlib import Path

import msgspec

from launcher.errors import HostError
from launcher.ops.nodelinks import AskDhcp
from launcher.system import files, lasting, namespaces, nodelinks, nodeobserve, process
from launcher.system.lasting import Lasting
from launcher.system.nodeobserve import NodePlace

_PROGRAMS = {4: ("udhcpc",), 6: ("busybox", "udhcpc6")}
_OPTIONS = ("-f", "-R", "-t", "5", "-T", "1", "-A", "5")
_PREFIXES = {4: "dhcp-", 6: "dhcp6-"}
_END_SECONDS = 3.0
_OWN_SECONDS = 10.0
_SCRIPT = """#!/bin/sh
# called by udhcpc with what a DHCP server said
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
kept="{directory}/lease-$interface"
drop() {{
    [ -s "$kept" ] && ip address delete "$(cat "$kept")" dev "$interface"
    rm -f "$kept"
}}
case "$1" in
deconfig)
    drop
    ;;
bound | renew)
    new="$ip/${{mask:-24}}"
    [ "$(cat "$kept" 2> /dev/null)" = "$new" ] || drop
    ip address replace "$new" dev "$interface" valid_lft "$lease" preferred_lft "$lease"
    echo "$new" > "$kept"
    for gateway in {routers}; do
        ip route replace default via "$gateway" dev "$interface" proto dhcp metric {metric}
    done
    ;;
esac
exit 0
"""
_METRIC = 100
_SCRIPT_6 = """#!/bin/sh
# called by udhcpc6 with what a DHCPv6 server said
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin
kept="{directory}/lease6-$interface"
drop() {{
    [ -s "$kept" ] && ip -6 address delete "$(cat "$kept")" dev "$interface"
    rm -f "$kept"
}}
case "$1" in
deconfig)
    drop
    ;;
bound | renew)
    [ -n "$ipv6" ] || exit 0
    new="$ipv6/128"
    [ "$(cat "$kept" 2> /dev/null)" = "$new" ] || drop
    lifetime="${{lease:-forever}}"
    ip -6 address replace "$new" dev "$interface" valid_lft "$lifetime" preferred_lft "$lifetime"
    echo "$new" > "$kept"
    ;;
esac
exit 0
"""


def ask(place: NodePlace, op: AskDhcp) -> None:
    """Have a link ask for an address, or no more. Raises ``HostError``."""
    kept = nodeobserve.read_kept(place)
    links = {each for each in kept.dhcp if each != (op.name, op.version)}
    if op.on:
        if op.version == 6 and not _has_six():
            raise HostError(f"`{op.name}` cannot ask by DHCPv6: busybox's udhcpc6 is not installed")
        _write_script(place, op)
        start(place, op.name, op.version)
        links.add((op.name, op.version))
    else:
        stop(place, op.name, op.version)
    nodeobserve.write_kept(place, msgspec.structs.replace(kept, dhcp=tuple(sorted(links))))


def start(place: NodePlace, link: str, version: int = 4) -> None:
    """Start a link's client unless it runs."""
    if lasting.runs(_read(place, link, version)):
        return
    if version == 6:
        _await_own_address(place, link)
    script = _script(place, link, version)
    child = process.spawn(
        [*_PROGRAMS[version], *_OPTIONS, "-i", link, "-s", script],
        log=_path(place, link, version, "log"),
        netns=place.netns,
    )
    files.write(_path(place, link, version), msgspec.json.encode(lasting.note(child.pid)))


def _await_own_address(place: NodePlace, link: str) -> None:
    """Wait a moment for a link's own address: udhcpc6 ends at once without it, until ``revive``."""
    deadline = time.monotonic() + _OWN_SECONDS
    with namespaces.in_netns(place.netns):
        index = next((each.index for each in nodelinks.seen() if each.name == link), 0)
        while time.monotonic() < deadline:
            if any(a.index == index and a.ip.startswith("fe80:") for a in nodelinks.addresses()):
                return
            time.sleep(0.05)


def stop(place: NodePlace, link: str, version: int = 4) -> None:
    """End a link's client; it gives its address back."""
    lasting.end(_read(place, link, version), _END_SECONDS)
    _path(place, link, version).unlink(missing_ok=True)
    _script(place, link, version).unlink(missing_ok=True)


def stop_all(place: NodePlace) -> None:
    """End all clients of a node."""
    for version, prefix in _PREFIXES.items():
        for path in place.directory.glob(f"{prefix}*.json"):
            stop(place, path.name.removeprefix(prefix).removesuffix(".json"), version)


def revive(place: NodePlace) -> None:
    """Start the clients again that died."""
    for link, version in nodeobserve.read_kept(place).dhcp:
        start(place, link, version)


@lru_cache(maxsize=1)
def _has_six() -> bool:
    """Whether this busybox was built with the client for DHCPv6."""
    if shutil.which("busybox") is None:
        return False
    return "udhcpc6" in process.run(["busybox", "--list"]).stdout.split()


def _script(place: NodePlace, link: str, version: int) -> Path:
    return _path(place, link, version, "sh")


def _write_script(place: NodePlace, op: AskDhcp) -> None:
    text = (_SCRIPT_6 if op.version == 6 else _SCRIPT).format(
        directory=place.directory,
        routers="$router" if op.gateway else "",
        metric=op.metric or _METRIC,
    )
    files.write(_script(place, op.name, op.version), text, mode=0o700)


def _path(place: NodePlace, link: str, version: int, suffix: str = "json") -> Path:
    return place.directory / f"{_PREFIXES[version]}{link}.{suffix}"


def _read(place: NodePlace, link: str, version: int) -> Lasting | None:
    try:
        return msgspec.json.decode(_path(place, link, version).read_bytes(), type=Lasting)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
