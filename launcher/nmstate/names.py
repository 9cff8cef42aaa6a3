"""Say in full what a desired state says in short: names by MAC, types, addresses, routes."""

from __future__ import annotations

import ipaddress

import msgspec

from launcher.errors import SpecError
from launcher.nmstate.schema import DnsResolver, Interface, Ip, IpAddress, Route, State, canonical

_replace = msgspec.structs.replace
MAIN = 254
_UPPER = ("mac_address", "permanent_mac_address")


def resolve(desired: State, current: State) -> State:
    """The desired state with every interface's name, type, and addresses in their usual form.

    Raises ``SpecError`` for interfaces that are not there or come twice.
    """
    found: dict[tuple[str, bool], Interface] = {}
    for place, each in enumerate(desired.interfaces):
        whole = _interface(each, current, place)
        if whole.key in found:
            raise SpecError(f"interfaces[{place}]", f"`{whole.name}` comes twice")
        found[whole.key] = whole
    return _replace(
        desired,
        interfaces=tuple(found.values()),
        dns_resolver=_resolver(desired.dns_resolver),
    )


def _interface(given: Interface, current: State, place: int) -> Interface:
    named = given
    if given.identifier == "mac-address":
        named = _by_mac(given, current, place)
    elif given.identifier not in {None, "name"}:
        raise SpecError(
            f"interfaces[{place}].identifier",
            f"must be `name` or `mac-address`; got `{given.identifier}`",
        )
    kind = named.type or _type_of(named, current)
    changes: dict[str, object] = {
        "type": kind,
        "state": named.state or "up",
        "identifier": None,
        "profile_name": None,
        "ipv4": _ip(named.ipv4, named.name, 4),
        "ipv6": _ip(named.ipv6, named.name, 6),
    }
    for field in _UPPER:
        if getattr(named, field):
            changes[field] = getattr(named, field).upper()
    if named.copy_mac_from:
        source = current.interface(named.copy_mac_from)
        if source is None:
            raise SpecError(
                f"interfaces[{place}].copy-mac-from", f"there is no `{named.copy_mac_from}`"
            )
        changes["mac_address"] = source.mac_address
    return _replace(named, **changes)


def _by_mac(given: Interface, current: State, place: int) -> Interface:
    mac = (given.mac_address or "").upper()
    if not mac:
        raise SpecError(f"interfaces[{place}]", "`identifier: mac-address` needs a `mac-address`")
    for permanent in (True, False):
        for each in current.interfaces:
            known = each.permanent_mac_address if permanent else each.mac_address
            if known and known.upper() == mac and each.type in {"ethernet", "veth"}:
                return _replace(given, name=each.name, type=given.type or each.type)
    raise SpecError(
        f"interfaces[{place}].mac-address", f"no interface of this node has the address {mac}"
    )


def _type_of(given: Interface, current: State) -> str | None:
    there = current.interface(given.name)
    if there is not None:
        return there.type
    return None if given.state != "absent" else "unknown"


def _ip(given: Ip | None, name: str, version: int) -> Ip | None:
    if given is None or given.address is None:
        return given
    addresses = tuple(_address(each, name, version) for each in given.address)
    return _replace(given, address=addresses)


def _address(given: IpAddress, name: str, version: int) -> IpAddress:
    path = f"interfaces[{name}].ipv{version}.address"
    try:
        found = ipaddress.ip_interface(f"{given.ip}/{given.prefix_length}")
    except ValueError:
        raise SpecError(path, f"`{given.ip}/{given.prefix_length}` is no address") from None
    if found.version != version:
        raise SpecError(path, f"`{given.ip}` is not an address of IPv{version}")
    return IpAddress(ip=str(found.ip), prefix_length=found.network.prefixlen)


def _resolver(given: DnsResolver | None) -> DnsResolver | None:
    if given is None or given.config is None or given.config.server is None:
        return given
    servers = tuple(canonical(each) for each in given.config.server)
    return _replace(given, config=_replace(given.config, server=servers))


def whole_route(given: Route) -> Route:
    """A route with its destination and next hop in their usual form, and its table's number."""
    try:
        destination = str(ipaddress.ip_network(given.destination or "", strict=False))
    except ValueError:
        raise SpecError(
            "routes.config.destination", f"`{given.destination}` is no network like `10.0.0.0/8`"
        ) from None
    metric = given.metric if given.metric and given.metric > 0 else None
    return _replace(
        given,
        destination=destination,
        next_hop_address=canonical(given.next_hop_address or ""),
        metric=metric,
        table_id=given.table_id if given.table_id and given.table_id > 0 else MAIN,
        state=None,
        protocol=None,
    )
