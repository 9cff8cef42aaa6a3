"""Paths as text: a table of hops for each NIC, with notes and rules below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from virtctl.models.documents import Document, integer
from virtctl.output.networks.facts import Link
from virtctl.output.networks.path import Hop, Path
from virtctl.output.tables import grid

_HEAD = ["WHERE", "LINK", "KIND", "STATE", "MTU", "MAC", "RX", "TX", "ADDRESSES"]


def told(name: str, node: str, found: Sequence[Path], unseen: Sequence[str]) -> list[str]:
    """All that is known of a machine's network."""
    lines = [f"{name}{f' on {node}' if node else ''}"]
    for path in found:
        lines += ["", f"{path.nic}: {path.binding} to {network_word(path)}"]
        lines += [f"  {line}" for line in grid([_HEAD, *(_row(hop) for hop in path.hops)])]
        for hop in path.hops:
            lines += [f"    {hop.name}: {said}" for said in hop.notes]
            lines += [f"    {hop.name}: rule {rule}" for rule in hop.rules]
    if unseen:
        lines += ["", *(f"not seen: {one}" for one in unseen)]
    return lines


def network_word(path: Path) -> str:
    """The network of a path, for people."""
    return "the pod network" if path.network == "pod" else path.network


def state(hop: Hop) -> str:
    """How a hop is, in a word."""
    if hop.missing:
        return "MISSING"
    if hop.link is None:
        return "-"
    if not hop.link.up:
        return "DOWN"
    return "up" if hop.link.carrier else "NO-CARRIER"


def _row(hop: Hop) -> list[str]:
    link = hop.link
    addresses = hop.addresses or (link.addresses if link else ())
    shown = [one for one in addresses if not one.startswith("fe80")]
    return [
        hop.where,
        hop.name,
        hop.kind,
        state(hop),
        str(hop.mtu or "-"),
        hop.mac or (link.mac if link else "") or "-",
        *(_counters(link)),
        " ".join(shown) or "-",
    ]


def _counters(link: Link | None) -> Iterator[str]:
    for counters in (link.rx, link.tx) if link and link.counted else ():
        yield _counted(counters)
    if link is None or not link.counted:
        yield from ("-", "-")


def _counted(counters: Document) -> str:
    lost = integer(counters, "dropped") + integer(counters, "errors")
    return f"{integer(counters, 'packets')}{f' (lost {lost})' if lost else ''}"
