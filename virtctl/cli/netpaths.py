"""Gather what is known of a machine's network: from a node of ours, else from what the API says."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from virtctl.cli.finding import settle
from virtctl.cli.session import Session
from virtctl.cli.targets import parse
from virtctl.client.launchers import launchers
from virtctl.client.messages import Request
from virtctl.client.resources import find, list_all
from virtctl.errors import ApiError, NotFound, UsageError, VirtctlError
from virtctl.models.documents import Document, child, name_of, objects, text
from virtctl.models.kinds import (
    ATTACHMENT_DEFINITION,
    EVENT,
    NODE,
    NODE_NETWORK_STATE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)
from virtctl.output.networks import causes
from virtctl.output.networks import facts as seen
from virtctl.output.networks.facts import Facts
from virtctl.output.networks.findings import Finding
from virtctl.output.networks.leases import of_lease
from virtctl.output.networks.path import Path, definition_name, paths
from virtctl.wire.paths import SIGHTS_GROUP

_NOT_SEEN = frozenset({400, 403, 404})
"""Answers to who may not look, or where there is nothing to look at: on another cluster, or on a
node that is gone."""
_UNSEEN = (
    "links, counters and rules inside the machine's pod",
    "counters, neighbours and rules of its node",
)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """A machine with all that was found; ``vmi`` and ``pod`` are empty when it does not run."""

    name: str
    namespace: str
    spec: Document
    vmi: Document = field(default_factory=dict)
    pod: Document = field(default_factory=dict)
    definitions: dict[str, Document | None] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)

    @property
    def paths(self) -> list[Path]:
        """The way of each NIC."""
        return paths(self.vmi, self.definitions, self.facts, self.namespace)


class Goal(NamedTuple):
    """What a machine's networks shall lead to: an address.

    ``machine`` has it, and on ``network`` (``pod`` or ``namespace/name``); both are empty when an
    address was given, which may be on any.
    """

    address: str
    network: str = ""
    machine: str = ""

    def asked_on(self, path: Path) -> str:
        """The address, where the network of a NIC can be asked for it: pods are routed to."""
        found = not self.network or self.network == path.network != "pod"
        return self.address if found else ""

    def pinged_on(self, path: Path) -> str:
        """The address, where it is to be pinged by the network of a NIC."""
        return self.address if self.network in {"", path.network} else ""


def machine(session: Session, target: str) -> Machine:
    """What the API says of a machine, without looking at its links. Raises ``NotFound``."""
    named = settle(session, parse(target))
    rest, namespace = session.rest, named.namespace
    vm = find(rest, VIRTUAL_MACHINE, namespace, named.name)
    vmi = find(rest, VIRTUAL_MACHINE_INSTANCE, namespace, named.name)
    if vm is None and vmi is None:
        raise NotFound(f"there is no machine {named.name} in namespace {namespace}")
    pods = launchers(rest, namespace, named.name) if vmi else []
    spec = _spec(vm, vmi)
    return Machine(
        name=named.name,
        namespace=namespace,
        spec=spec,
        vmi=vmi or {},
        pod=pods[-1] if pods else {},
        definitions={
            name: _found(session, ATTACHMENT_DEFINITION, *name.split("/", 1))
            for name in _definitions(spec, namespace)
        },
    )


def running(session: Session, target: str) -> Machine:
    """The same, with its links. Raises ``VirtctlError`` when it has no pod."""
    found = machine(session, target)
    if not found.pod:
        raise VirtctlError(
            f"VM {found.name} does not run, so it has no network yet", f"virtctl start {found.name}"
        )
    return with_facts(session, found)


def leases(session: Session, target: str) -> list[str]:
    """What our DHCP servers saw of a machine's guest, a line a NIC; none where that is unseen."""
    try:
        found = running(session, target)
    except VirtctlError:
        return []
    return [f"{one.nic}: {one.said}" for way in found.paths for one in of_lease(way, found.facts)]


def with_facts(
    session: Session, found: Machine, probes: Mapping[str, Sequence[tuple[str, ...]]] | None = None
) -> Machine:
    """A running machine with what its node sees, and answers to what is asked on its links.

    ``probes`` go by the parameters of the API: ``ask``, ``name`` and ``echo``.
    """
    query = {
        kind: "/".join(",".join(one) for one in asked)
        for kind, asked in (probes or {}).items()
        if asked
    }
    where = f"{sights_path(found)}/network"
    try:
        document = session.rest.send(Request("GET", where, query)).document()
    except ApiError as error:
        if error.code not in _NOT_SEEN:
            raise
        return replace(found, facts=_of_api(session, found, error))
    return replace(found, facts=seen.read(document))


def goal(session: Session, found: Machine, target: str) -> Goal:
    """The address that ``target`` means: itself, or that of another machine on a shared network.

    Networks of definitions come before the pod network. Raises ``VirtctlError`` when there is no
    such machine, or no address of it that is known and on a network of ``found``.
    """
    try:
        return Goal(str(ipaddress.ip_address(target)))
    except ValueError:
        pass  # the name of a machine
    try:
        other = machine(session, target)
    except NotFound as error:
        raise VirtctlError(
            str(error), "name a machine of `virtctl get vms`, or an address"
        ) from error
    if (other.namespace, other.name) == (found.namespace, found.name):
        raise UsageError(f"VM {other.name} is what is checked", "name another machine")
    if not other.pod:
        raise VirtctlError(
            f"VM {other.name} does not run, so it has no address", f"virtctl start {other.name}"
        )
    own = {path.network for path in found.paths}
    shared = [path for path in other.paths if path.network in own]
    if not shared:
        raise VirtctlError(
            f"VMs {found.name} and {other.name} share no network",
            f"attach one to both: `virtctl net attach {other.name} NETWORK`",
        )
    for path in sorted(shared, key=lambda path: path.network == "pod"):
        for address in _addresses(path, other):
            return Goal(address, path.network, other.name)
    networks = ", ".join(path.network for path in shared)
    raise VirtctlError(
        f"no address of VM {other.name} is known on {networks}",
        "name its address, or install the guest agent in it, which tells",
    )


def node_of(found: Machine) -> str:
    """The node that a machine is on; empty when none has been chosen yet."""
    return text(found.vmi, "status", "nodeName") or text(found.pod, "spec", "nodeName")


def surroundings(session: Session, found: Machine) -> Iterator[Finding]:
    """What is wrong around a machine that runs: with its node, or by others on its networks."""
    name = node_of(found)
    with contextlib.suppress(ApiError):  # nodes are not for everybody to read
        if name:
            yield from causes.of_node(name, find(session.rest, NODE, "", name))
    others: list[Document] = []
    for namespace in ("", found.namespace):
        try:
            others = list(list_all(session.rest, VIRTUAL_MACHINE_INSTANCE, namespace))
            break
        except ApiError:
            continue
    yield from causes.of_twins(found.vmi, others)


def sights_path(found: Machine) -> str:
    """Where a node of ours shows the network of a machine's pod."""
    return f"/apis/{SIGHTS_GROUP}/v1/namespaces/{found.namespace}/pods/{name_of(found.pod)}"


def events(session: Session, found: Machine) -> list[Document]:
    """Events of a machine, its instance and its pod, and of the definitions that it names."""
    names = {found.name, name_of(found.pod) if found.pod else ""}
    names |= {name.partition("/")[2] for name in found.definitions}
    listed = list_all(session.rest, EVENT, found.namespace)
    return [one for one in listed if text(one, "involvedObject", "name") in names]


def _addresses(path: Path, found: Machine) -> list[str]:
    """Addresses at which others reach a NIC, those of IPv4 first."""
    known = [*path.guest]
    if path.network == "pod":
        known.append(text(found.pod, "status", "podIP"))
    far = [one for one in known if one and not one.startswith(("169.254.", "127.", "fe80"))]
    return sorted(far, key=lambda one: ":" in one)


def _of_api(session: Session, found: Machine, error: ApiError) -> Facts:
    node = node_of(found)
    unseen: tuple[str, ...] = _UNSEEN
    if error.code == 403:
        unseen = (*unseen, f"you may not get pods/network in {SIGHTS_GROUP}")
    if error.code == 400:
        unseen = (*unseen, str(error))
    state = _found(session, NODE_NETWORK_STATE, "", node) if node else None
    if state is None:
        unseen = (*unseen, f"the node's links: there is no NodeNetworkState of {node}")
        return Facts(node=node, unseen=unseen)
    return Facts(node=node, scopes={"node": seen.of_node_state(state)}, unseen=unseen)


def _found(session: Session, kind: Kind, namespace: str, name: str) -> Document | None:
    try:
        return find(session.rest, kind, namespace, name)
    except ApiError:
        return None


def _spec(vm: Document | None, vmi: Document | None) -> Document:
    return child(vmi or {}, "spec") or child(vm or {}, "spec", "template", "spec")


def _definitions(spec: Document, namespace: str) -> list[str]:
    names = (definition_name(one, namespace) for one in objects(spec, "networks"))
    return [name for name in names if name != "pod"]
