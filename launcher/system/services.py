"""Put the rules of services' addresses into a node's network namespace."""

from __future__ import annotations

from collections.abc import Iterable

from launcher.errors import HostError, ProgramError
from launcher.net import vips
from launcher.net.nodes import HostNode
from launcher.net.vips import VirtualService
from launcher.system import process


def serve_services(node: HostNode, services: Iterable[VirtualService], cidr: str) -> None:
    """Make the node send what comes for ``services`` to their backends, and nothing else.

    ``cidr`` holds all addresses of services. Raises ``HostError``.
    """
    commands = vips.build_commands(services, cidr)
    try:
        process.run(["nft", "-f", "-"], input=commands, netns=node.netns)
    except ProgramError as error:
        said = error.stderr.strip() or "nft gave no reason"
        raise HostError(f"nft refused the rules of services on {node.name}: {said}") from error
