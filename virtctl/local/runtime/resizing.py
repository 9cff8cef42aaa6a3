"""CPU sockets and memory of a running instance: what it can be given, and what is on its way. Pure.

Upstream an instance is given more by migrating it; here its own launcher plugs it in.
"""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.local.runtime.conditions import condition
from virtctl.models.documents import Document, integer, text
from virtctl.wire.quantities import Notation, Quantity, parse_quantity

KINDS = frozenset({"HotVCPUChange", "HotMemoryChange"})
"""Conditions of an instance that waits for its guest."""

_BLOCK = parse_quantity("2Mi")
_HUGE_BLOCK = parse_quantity("1Gi")
_SOCKETS = ("domain", "cpu", "sockets")
_GUEST = ("domain", "memory", "guest")


def more_sockets(wanted: Document, vmi: Document) -> int:
    """The number of sockets to give the instance; 0 when there is none to give."""
    asked = integer(wanted, *_SOCKETS, default=1)
    has = integer(vmi, "spec", *_SOCKETS, default=1)
    limit = integer(vmi, "spec", "domain", "cpu", "maxSockets")
    return asked if has < asked <= limit else 0


def other_memory(wanted: Document, vmi: Document) -> str:
    """The memory that the instance can be given, as the template says it; empty for none."""
    asked, has = text(wanted, *_GUEST), text(vmi, "spec", *_GUEST)
    if not asked or not has or not fits(asked, vmi):
        return ""
    return asked if parse_quantity(asked) != parse_quantity(has) else ""


def memory_limit(asked: str, vmi: Document) -> str:
    """The limit of the instance's memory with as much more as the guest gets; empty for none."""
    limit = text(vmi, "spec", "domain", "resources", "limits", "memory")
    if not limit:
        return ""
    more = parse_quantity(asked).exact - parse_quantity(text(vmi, "spec", *_GUEST)).exact
    return str(Quantity.of(parse_quantity(limit).exact + more, Notation.BINARY))


def fits(asked: str, vmi: Document) -> bool:
    """Whether so much memory is between what the guest began with and what it may have."""
    memory = {key: text(vmi, "spec", "domain", "memory", key) for key in ("guest", "maxGuest")}
    limit = memory["maxGuest"]
    begun = text(vmi, "status", "memory", "guestAtBoot", default=memory["guest"])
    if not limit or not begun:
        return False
    first, last, wanted = (parse_quantity(each) for each in (begun, limit, asked))
    return first <= wanted <= last and _whole(wanted, first, vmi)


def _whole(wanted: Quantity, first: Quantity, vmi: Document) -> bool:
    page = text(vmi, "spec", "domain", "memory", "hugepages", "pageSize")
    block = _HUGE_BLOCK if page == "1Gi" else _BLOCK
    return (wanted.nano - first.nano) % block.nano == 0


def under_way(vmi: Document) -> Iterator[Document]:
    """Conditions of CPUs and memory that the guest is asked for and has not taken yet."""
    spec, status = vmi.get("spec"), vmi.get("status")
    if not isinstance(spec, dict) or not isinstance(status, dict):
        return
    sockets = integer(status, "currentCPUTopology", "sockets")
    if sockets and integer(spec, *_SOCKETS, default=1) > sockets:
        yield condition("HotVCPUChange", "True")
    guest, current = text(spec, *_GUEST), text(status, "memory", "guestCurrent")
    if guest and current and parse_quantity(guest) != parse_quantity(current):
        yield condition("HotMemoryChange", "True")
