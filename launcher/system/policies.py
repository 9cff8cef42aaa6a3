"""Put the rules of network policies into a node's network namespace."""

from __future__ import annotations

import re
from collections.abc import Sequence

from launcher.errors import HostError, ProgramError
from launcher.net import policies
from launcher.net.nodes import HostNode
from launcher.net.policies import Guard
from launcher.system import namespaces, process, sysctls

_BRIDGED = ("net/bridge/bridge-nf-call-iptables", "net/bridge/bridge-nf-call-ip6tables")
_CHAIN = re.compile(r"^\s*chain (\S+) \{", re.MULTILINE)


def enforce_policies(node: HostNode, guards: Sequence[Guard]) -> None:
    """Make the node let pass what ``guards`` allow, for the links that they are about.

    Answers to what was let pass before still do. Raises ``HostError``.
    """
    with namespaces.in_netns(node.netns):
        for key in _BRIDGED:
            # Bridged packets have rules of their own; those of IP are not for them.
            if sysctls.read(key) is not None:
                sysctls.write_if_other(key, "0")
    always = [subnet.host.ip for subnet in node.subnets]
    always += [subnet.node.ip for subnet in node.subnets] + list(node.gateways)
    known = _CHAIN.findall(_listed(node)) if guards else []
    try:
        try:
            _put(node, policies.build_commands(guards, always, known))
        except ProgramError:
            if not known:
                raise
            # A table of another version's: what it remembers is given up.
            _put(node, policies.build_commands(guards, always))
    except ProgramError as error:
        said = error.stderr.strip() or "nft gave no reason"
        raise HostError(f"nft refused the rules of policies on {node.name}: {said}") from error


def _put(node: HostNode, commands: str) -> None:
    process.run(["nft", "-f", "-"], input=commands, netns=node.netns)


def _listed(node: HostNode) -> str:
    argv = ["nft", "--terse", "list", "table", "bridge", policies.TABLE]
    return process.run(argv, netns=node.netns, check=False).stdout
