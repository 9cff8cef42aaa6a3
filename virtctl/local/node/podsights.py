"""What the node sees of a pod's network: from its NICs over the node's bridges to the host.

Fulfils the part of ``api.verbs.ports.Pods`` that looks and listens; nothing is changed.
"""

from __future__ import annotations

import asyncio
import ipaddress
import struct
import time
from collections.abc import AsyncGenerator
from typing import NamedTuple, cast

import msgspec

from launcher import hostnet, nodestate, overlays
from launcher.errors import LauncherError
from launcher.hostnet import HostNetwork, Sight
from virtctl.errors import BadRequest, InternalError
from virtctl.local.api.verbs.ports import Probes
from virtctl.models.documents import Document, JsonValue, name_of, text

_PCAP = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)  # LINKTYPE_ETHERNET
_RECORD = struct.Struct("<IIII")
_SNAPPED = 262144
_ASKED = 16
"""Addresses that one request may ask for."""


class _Echo(NamedTuple):
    """A ping: from the pod itself, or in the name of ``mac`` and ``own`` on a ``link``."""

    address: str
    size: int
    link: str = ""
    mac: str = ""
    own: str = ""


async def look(network: HostNetwork, pod: Document, probes: Probes) -> Document:
    """Links, addresses, counters, neighbours and rules of a pod, of its node, and of the host's
    part of the way, and answers to probes. Raises ``BadRequest`` and ``InternalError``.
    """
    node, netns = _node(network, pod), name_of(pod)
    links = [_probe(each) for each in probes.links[:_ASKED]]
    echoes = [_echo(each) for each in probes.echoes[:_ASKED]]
    try:
        answers = await asyncio.gather(*(_ask(netns, *probe) for probe in links))
        names = await asyncio.gather(
            *(_ask_name(netns, node, name) for name in probes.names[:_ASKED])
        )
        echoed = await asyncio.gather(*(_ask_echo(netns, echo) for echo in echoes))
        found = await asyncio.to_thread(_look, network, pod)
    except LauncherError as error:
        raise InternalError(f"cannot look at the network of pod {name_of(pod)}: {error}") from error
    return {**found, "answers": answers, "names": names, "echoes": echoed}


async def capture(
    network: HostNetwork, pod: Document, scope: str, link: str
) -> AsyncGenerator[bytes, None]:
    """The frames that pass a link of the pod or of its node, as a pcap file without end.

    Raises ``BadRequest`` before the first chunk.
    """
    node = _node(network, pod)
    netns = name_of(pod) if scope == "pod" else node.netns
    try:
        listener = await asyncio.to_thread(hostnet.listen, netns, link)
    except LauncherError as error:
        raise BadRequest(str(error)) from error
    try:
        yield _PCAP
        loop = asyncio.get_running_loop()
        while True:
            yield _record(await loop.sock_recv(listener, 65600), time.time_ns())
    finally:
        listener.close()


def _record(frame: bytes, now: int) -> bytes:
    """A frame with its head, as pcap writes it; ``now`` is in ns since 1970."""
    seconds, rest = divmod(now, 10**9)
    kept = frame[:_SNAPPED]
    return _RECORD.pack(seconds, rest // 1000, len(kept), len(frame)) + kept


def _probe(asked: str) -> tuple[str, str, str]:
    link, address, mac = (*asked.split(",", 2), "", "")[:3]
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise BadRequest(f"`ask` must be LINK,ADDRESS[,MAC]; got `{asked}`") from None
    return link, address, mac


def _node(network: HostNetwork, pod: Document) -> hostnet.HostNode:
    name = text(pod, "spec", "nodeName")
    try:
        return network.node(name)
    except KeyError:
        raise BadRequest(f"pod {name_of(pod)} is on no node of this instance") from None


async def _ask(netns: str, link: str, address: str, mac: str) -> JsonValue:
    found = await asyncio.to_thread(hostnet.ask, netns, link, address, mac)
    return {"link": link, "address": address, "mac": found}


async def _ask_name(netns: str, node: hostnet.HostNode, name: str) -> JsonValue:
    server = next((one for one in node.gateways if ":" not in one), "")
    found = await asyncio.to_thread(hostnet.ask_name, netns, server, name)
    if found < 0:
        routes = (await asyncio.to_thread(hostnet.look, netns)).routes
        if not any(route.destination == "default" for route in routes):
            # The guest has taken over the pod's address: the pod itself reaches nothing.
            found = await asyncio.to_thread(hostnet.ask_name, node.netns, server, name)
    return {"name": name, "server": server, "addresses": found}


def _echo(asked: str) -> _Echo:
    address, size, *more = asked.split(",")
    try:
        ipaddress.ip_address(address)
        bytes_of = max(0, min(int(size), 65535))
        if not more:
            return _Echo(address, bytes_of)
        link, mac, own = more
        if ipaddress.ip_address(own).version == ipaddress.ip_address(address).version:
            return _Echo(address, bytes_of, link, mac, own)
    except ValueError:
        pass
    raise BadRequest(f"`echo` must be ADDRESS,BYTES[,LINK,MAC,FROM]; got `{asked}`")


async def _ask_echo(netns: str, echo: _Echo) -> JsonValue:
    made: Document = {"address": echo.address, "bytes": echo.size}
    if echo.link:
        guest = (echo.mac, echo.own)
        answered = await asyncio.to_thread(
            hostnet.echo_as, netns, echo.link, guest, echo.address, echo.size
        )
        return {**made, "link": echo.link, "answered": answered}
    answered = await asyncio.to_thread(hostnet.echo, netns, echo.address, echo.size)
    return {**made, "answered": answered}


def _look(network: HostNetwork, pod: Document) -> Document:
    node = _node(network, pod)
    netns = name_of(pod)
    return {
        "node": node.name,
        "sights": {
            "pod": _document(hostnet.look(netns)),
            "node": _document(hostnet.look(node.netns)),
            "host": _document(_own(hostnet.look(""), node.uplink)),
        },
        "switches": _switches(network, node),
        "programs": dict(overlays.programs(network, node)),
    }


def _own(host: Sight, uplink: str) -> Sight:
    """Of the host only what the node's traffic passes: its link, the way out, and our rules."""
    ways = {route.device for route in host.routes if route.destination == "default"}
    ways |= {uplink}
    return msgspec.structs.replace(
        host,
        links=tuple(link for link in host.links if link.name in ways),
        routes=tuple(route for route in host.routes if route.destination == "default"),
        neighbours=(),
        rules=tuple(rule for rule in host.rules if _is_ours(rule, uplink)),
    )


def _is_ours(rule: str, uplink: str) -> bool:
    """Whether a rule is about the instance, or may drop what the host forwards."""
    return uplink.rpartition("-")[0] in rule or " FORWARD: policy drop" in rule


def _switches(network: HostNetwork, node: hostnet.HostNode) -> list[JsonValue]:
    """The node's bridges of Open vSwitch; none when it has no switch."""
    place = nodestate.place_of(network, node)
    if not (place.home / "ovs").is_dir():
        return []
    try:
        shown = nodestate.show(place, ())
    except LauncherError:
        return []  # a switch that died is seen by its links
    found = shown.get("interfaces")
    bridges = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    return [_plain(one) for one in bridges if one.get("type") == "ovs-bridge"]


def _plain(bridge: dict[str, nodestate.Json]) -> JsonValue:
    return cast("JsonValue", msgspec.to_builtins(bridge))


def _document(sight: Sight) -> Document:
    return cast("Document", msgspec.to_builtins(sight))
