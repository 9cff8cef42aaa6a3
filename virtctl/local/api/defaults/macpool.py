"""The cluster-wide pool of MAC addresses, and who has which.

An address is in use while an object has it in its spec, so that nothing is stored besides: a
machine keeps its addresses because they are written into its template, and deleting it frees them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from virtctl.errors import LocalError
from virtctl.local.networks.linknames import is_primary
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE

_MAC = re.compile(r"[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}")

NAMESPACE_LABEL = "mutatevirtualmachines.kubemacpool.io"
"""Set to ``ignore`` on a namespace or a machine, it keeps the pool away from it; ``allocate`` asks
for addresses where the pool is for those only who ask."""


def normalize(mac: str) -> str:
    """``mac`` in lower case with colons, for comparison."""
    digits = re.sub("[:.-]", "", mac.lower())
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def interfaces_of(document: Document) -> list[Document]:
    """The interfaces of a machine's template or of an instance."""
    is_machine = document.get("kind") == VIRTUAL_MACHINE.name
    spec = ("spec", "template", "spec") if is_machine else ("spec",)
    return list(documents.objects(document, *spec, "domain", "devices", "interfaces"))


def wanting(document: Document) -> Iterator[Document]:
    """The interfaces that the pool gives an address: those that have none and need one of ours.

    A guest that is bridged into the pod's own network takes the MAC that the CNI chose.
    """
    is_machine = document.get("kind") == VIRTUAL_MACHINE.name
    spec = ("spec", "template", "spec") if is_machine else ("spec",)
    networks = documents.objects(document, *spec, "networks")
    primary = {documents.text(network, "name") for network in networks if is_primary(network)}
    for interface in interfaces_of(document):
        bridged = "bridge" in interface or "binding" in interface
        takes_the_pods = bridged and documents.text(interface, "name") in primary
        if not (interface.get("macAddress") or "sriov" in interface or takes_the_pods):
            yield interface


def macs_of(document: Document) -> Iterator[str]:
    """The addresses that a machine or an instance has in its spec."""
    for interface in interfaces_of(document):
        mac = documents.text(interface, "macAddress")
        if mac:
            yield normalize(mac)


def names_by_mac(document: Document) -> dict[str, list[str]]:
    """By address, the names of the interfaces that have it."""
    found: dict[str, list[str]] = {}
    for interface in interfaces_of(document):
        mac = normalize(documents.text(interface, "macAddress"))
        found.setdefault(mac, []).append(documents.text(interface, "name"))
    return found


def machine_behind(document: Document) -> str:
    """Namespace and name of the machine: an instance has its machine's name, or none."""
    return f"{documents.namespace_of(document)}/{documents.name_of(document)}"


def owners(objects: Iterable[Document]) -> dict[str, str]:
    """Who has each address, as ``namespace/name``."""
    return {mac: machine_behind(item) for item in objects for mac in macs_of(item)}


@dataclass(frozen=True)
class MacPool:
    """``size`` addresses from ``start`` on, by default the first with ``prefix``, three octets."""

    prefix: str = "02:b3:f0"
    size: int = 1 << 24
    start: str = ""

    def address(self, number: int) -> str:
        """The address of ``number``, from 0."""
        return _spell(_number(self.start or f"{self.prefix}:00:00:00") + number)

    def free(self, used: frozenset[str] | set[str] | dict[str, str]) -> Iterator[str]:
        """The addresses that are not in ``used``, which may grow, the lowest first.

        Raises ``LocalError`` when none is left.
        """
        first = _number(self.address(0))
        for number in range(first, first + self.size):
            candidate = _spell(number)
            if candidate not in used:
                yield candidate
        raise LocalError(
            f"the range is full: no MAC address is left from {_spell(first)} to "
            f"{self.address(self.size - 1)}"
        )


def between(start: str, end: str) -> MacPool:
    """The pool of a range, both ends included. Raises ``LocalError`` for one that is none."""
    for each in (start, end):
        if not _MAC.fullmatch(each):
            raise LocalError(f"failed to parse the range: {each} is no MAC address")
        if int(each[:2], 16) & 1:
            raise LocalError(
                f"invalid mac address {each}. Multicast addressing is not supported. Unicast "
                "addressing must be used"
            )
    first, last = _number(normalize(start)), _number(normalize(end))
    if first > last:
        raise LocalError(f"invalid range. rangeStart: {start} rangeEnd: {end}")
    return MacPool(size=last - first + 1, start=_spell(first))


def _number(mac: str) -> int:
    return int(mac.replace(":", ""), 16)


def _spell(number: int) -> str:
    return number.to_bytes(6, "big").hex(":")
