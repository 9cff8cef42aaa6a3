"""Sockets in the networks of nodes, at which the API server answers pods.

On the host it listens where ``--listen`` says, which pods cannot reach.
"""

from __future__ import annotations

import logging
import socket
from contextlib import ExitStack

from launcher import hostnet
from launcher.errors import HostError
from launcher.hostnet import HostNetwork, HostNode

log = logging.getLogger(__name__)

_BACKLOG = 128


def addresses(network: HostNetwork) -> tuple[str, ...]:
    """The nodes' own IPv4 addresses, by which pods reach them."""
    return tuple(address for node in network.nodes if (address := _address(node)))


def open_doors(network: HostNetwork, port: int) -> list[socket.socket]:
    """A listening socket at ``port`` of each node; a node's trouble does not stop the others."""
    found = []
    for node in network.nodes:
        if address := _address(node):
            try:
                found.append(_listening(node, address, port))
            except (HostError, OSError) as error:
                log.warning("pods do not reach the API server on %s: %s", node.name, error)
    return found


def _address(node: HostNode) -> str:
    return next((subnet.node.ip for subnet in node.subnets if ":" not in subnet.node.ip), "")


def _listening(node: HostNode, address: str, port: int) -> socket.socket:
    with ExitStack() as opened:
        made = opened.enter_context(
            hostnet.open_socket(node.netns, socket.AF_INET, socket.SOCK_STREAM)
        )
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((address, port))
        made.listen(_BACKLOG)
        made.settimeout(0)
        opened.pop_all()
    return made
