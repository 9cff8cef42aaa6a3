"""VLANs of bridge ports as rtnetlink messages of the family ``AF_BRIDGE`` (linux/if_bridge.h)."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import msgspec

from launcher.net.rtnetlink import NESTED, build_attribute

_LINK = struct.Struct("=BxHiII")
_ATTRIBUTE = struct.Struct("=HH")
_VLAN = struct.Struct("=HH")  # flags, id
_AF_BRIDGE = 7
_IFLA_AF_SPEC, _IFLA_EXT_MASK = 26, 29
_BRIDGE_FLAGS, _BRIDGE_VLAN_INFO = 0, 2
_COMPRESSED = 4  # RTEXT_FILTER_BRVLAN_COMPRESSED
_SELF, _MASTER = 2, 1
_PVID, _UNTAGGED, _BEGIN, _END = 2, 4, 8, 16


class PortVlans(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A range of VLANs that a port carries; ``native`` ones come and go untagged."""

    first: int
    last: int
    native: bool = False


def build_change(index: int, vlans: Iterable[PortVlans]) -> bytes:
    """Body that adds VLANs to the port of an index, or removes them."""
    spec = build_attribute(_BRIDGE_FLAGS, struct.pack("=H", _MASTER))
    for vlan in vlans:
        own = _PVID | _UNTAGGED if vlan.native else 0
        if vlan.first == vlan.last:
            spec += build_attribute(_BRIDGE_VLAN_INFO, _VLAN.pack(own, vlan.first))
        else:
            spec += build_attribute(_BRIDGE_VLAN_INFO, _VLAN.pack(own | _BEGIN, vlan.first))
            spec += build_attribute(_BRIDGE_VLAN_INFO, _VLAN.pack(own | _END, vlan.last))
    body = _LINK.pack(_AF_BRIDGE, 0, index, 0, 0)
    return body + build_attribute(_IFLA_AF_SPEC | NESTED, spec)


def build_list() -> bytes:
    """Body of a request for the VLANs of all ports."""
    mask = build_attribute(_IFLA_EXT_MASK, struct.pack("=I", _COMPRESSED))
    return _LINK.pack(_AF_BRIDGE, 0, 0, 0, 0) + mask


def parse(body: bytes) -> tuple[int, tuple[PortVlans, ...]]:
    """Read an answer: index of the port and its VLANs."""
    _, _, index, _, _ = _LINK.unpack_from(body)
    found = []
    first = 0
    for kind, payload in _attributes(_spec(body)):
        if kind != _BRIDGE_VLAN_INFO:
            continue
        flags, vid = _VLAN.unpack(payload)
        if flags & _BEGIN:
            first = vid
            continue
        begin = first if flags & _END else vid
        found.append(PortVlans(first=begin, last=vid, native=bool(flags & _PVID)))
    return index, tuple(found)


def _spec(body: bytes) -> bytes:
    for kind, payload in _attributes(body[_LINK.size :]):
        if kind == _IFLA_AF_SPEC:
            return payload
    return b""


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Attributes in order: here a type comes more than once."""
    while len(data) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(data)
        if length < _ATTRIBUTE.size:
            return
        yield kind & ~NESTED, data[_ATTRIBUTE.size : length]
        data = data[(length + 3) & ~3 :]
