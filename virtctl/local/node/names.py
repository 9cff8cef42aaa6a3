"""The name service of each node, on the pods' gateway addresses.

Questions that are not ours are asked of the host's own resolvers, from the host's namespace.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from launcher import hostnet, nodestate
from launcher.errors import HostError
from launcher.hostnet import HostNetwork, HostNode, NameServer
from virtctl.local.node.resolver import MachineNames

log = logging.getLogger(__name__)

_PORT = 53
_IP_FREEBIND = 15  # linux/in.h
_RESOLV_CONF = Path("/etc/resolv.conf")


async def serve_names(network: HostNetwork, names: MachineNames, domain: str) -> None:
    """Serve names on every node until cancelled; a node's trouble does not stop the others."""
    servers = []
    try:
        for node in network.nodes:
            for address in node.gateways:
                asked = partial(upstreams_of, network, node)
                server = NameServer(domain, _lookup(names), asked)
                try:
                    udp, tcp = await asyncio.to_thread(_sockets, node, address)
                except (HostError, OSError) as error:
                    log.warning("no name service at %s of %s: %s", address, node.name, error)
                    continue
                await server.start(udp, tcp)
                servers.append(server)
        await asyncio.get_running_loop().create_future()
    finally:
        for server in servers:
            await server.close()


def upstreams(path: Path = _RESOLV_CONF) -> tuple[str, ...]:
    """The host's name servers; none when it has no resolv.conf(5)."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return ()
    return tuple(
        words[1]
        for words in (line.split() for line in lines)
        if words[:1] == ["nameserver"] and words[1:]
    )


def upstreams_of(network: HostNetwork, node: HostNode) -> tuple[str, ...]:
    """The name servers that a policy has given a node, else the host's."""
    return nodestate.name_servers(nodestate.place_of(network, node)) or upstreams()


def _lookup(names: MachineNames) -> hostnet.Lookup:
    def lookup(name: str, namespace: str) -> list[hostnet.NameAddress] | None:
        found = names.resolve(f"{name}.{namespace}")
        return None if found is None else [ipaddress.ip_address(address) for address in found]

    return lookup


def _sockets(node: HostNode, address: str) -> tuple[socket.socket, socket.socket]:
    """A bound datagram socket and a listening stream socket in the node's namespace."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with ExitStack() as opened:
        udp, tcp = (
            opened.enter_context(hostnet.open_socket(node.netns, family, kind))
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)
        )
        for each in (udp, tcp):
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            # The address may be tentative still; a name service must not wait for that.
            each.setsockopt(socket.IPPROTO_IP, getattr(socket, "IP_FREEBIND", _IP_FREEBIND), 1)
            each.bind((address, _PORT))
        tcp.listen(16)
        opened.pop_all()
    return udp, tcp
