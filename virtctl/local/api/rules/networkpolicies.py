"""Rules of NetworkPolicies; what is refused is worded as upstream."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue

_PROTOCOLS = ("SCTP", "TCP", "UDP")
_TYPES = ("Egress", "Ingress")
_PORT_PROBLEM = "must be between 1 and 65535, inclusive"
_CIDR_PROBLEM = 'must be a valid CIDR value, (e.g. "10.9.8.0/24" or "2001:db8::/64")'
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def network_policy_causes(spec: Document) -> Iterator[Cause]:
    """What is wrong with a policy."""
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        for position, rule in enumerate(documents.objects(spec, direction)):
            field = f"spec.{direction}[{position}]"
            for number, port in enumerate(documents.objects(rule, "ports")):
                yield from _port_causes(port, f"{field}.ports[{number}]")
            for number, peer in enumerate(documents.objects(rule, peers)):
                yield from _peer_causes(peer, f"{field}.{peers}[{number}]")
    for position, kind in enumerate(documents.items(spec, "policyTypes")):
        if kind not in _TYPES:
            yield _unsupported(f"spec.policyTypes[{position}]", kind, _TYPES)


def _port_causes(port: Document, field: str) -> Iterator[Cause]:
    protocol = documents.text(port, "protocol", default="TCP")
    if protocol not in _PROTOCOLS:
        yield _unsupported(f"{field}.protocol", protocol, _PROTOCOLS)
    number, end = port.get("port"), port.get("endPort")
    if isinstance(number, int) and not 0 < number < 65536:
        yield invalid(f"{field}.port", f"Invalid value: {number}: {_PORT_PROBLEM}")
    if not isinstance(end, int):
        return
    where = f"{field}.endPort"
    if number is None:
        yield invalid(
            where, f"Invalid value: {end}: may not be specified when `port` is not specified"
        )
    elif not isinstance(number, int):
        yield invalid(
            where, f"Invalid value: {end}: may not be specified when `port` is non-numeric"
        )
    elif end < number:
        yield invalid(where, f"Invalid value: {end}: must be greater than or equal to `port`")
    elif end > 65535:
        yield invalid(where, f"Invalid value: {end}: {_PORT_PROBLEM}")


def _peer_causes(peer: Document, field: str) -> Iterator[Cause]:
    given = [name for name in ("podSelector", "namespaceSelector", "ipBlock") if name in peer]
    if not given:
        yield required(field, "Required value: must specify a peer")
    if "ipBlock" not in given:
        return
    if len(given) > 1:
        problem = "Forbidden: may not specify both ipBlock and another peer"
        yield Cause("FieldValueForbidden", problem, field)
    yield from _block_causes(documents.child(peer, "ipBlock"), f"{field}.ipBlock")


def _block_causes(block: Document, field: str) -> Iterator[Cause]:
    cidr = documents.text(block, "cidr")
    if not cidr:
        yield required(f"{field}.cidr", "Required value")
        return
    whole = _network(cidr)
    if whole is None:
        yield invalid(f"{field}.cidr", f'Invalid value: "{cidr}": {_CIDR_PROBLEM}')
        return
    for position, each in enumerate(documents.items(block, "except")):
        where, part = f"{field}.except[{position}]", _network(str(each))
        if part is None:
            yield invalid(where, f'Invalid value: "{each}": {_CIDR_PROBLEM}')
        elif not _is_within(part, whole):
            yield invalid(where, f'Invalid value: "{each}": must be a strict subset of `cidr`')


def _network(text: str) -> _Network | None:
    try:
        return ipaddress.ip_network(text, strict=False) if "/" in text else None
    except ValueError:
        return None


def _is_within(part: _Network, whole: _Network) -> bool:
    same = part.version == whole.version
    inside = part.network_address in whole and part.broadcast_address in whole
    return same and inside and part.prefixlen > whole.prefixlen


def _unsupported(field: str, value: JsonValue, known: tuple[str, ...]) -> Cause:
    choices = ", ".join(f'"{choice}"' for choice in known)
    return not_supported(field, f'Unsupported value: "{value}": supported values: {choices}')
