"""Whether a network is as it was to be: each mismatch named by its path."""

from __future__ import annotations

from launcher.net import nft
from launcher.net.model import Link, NetState, Table


def mismatches(desired: NetState, observed: NetState) -> tuple[str, ...]:
    """What of the desired network is not there; empty when all is well."""
    found: list[str] = []
    for link in desired.links:
        found += _link(link, observed.link(link.name))
    found += [
        f"routes/{route.destination}: not via `{route.gateway or route.device}`"
        for route in desired.routes
        if route not in observed.routes
    ]
    for setting in desired.sysctls:
        value = observed.sysctl(setting.key)
        if value != setting.value:
            found.append(f"sysctls/{setting.key}: {_shown(value)} instead of `{setting.value}`")
    for table in desired.tables:
        found += _table(table, observed.table(table.family, table.name))
    return tuple(found)


def _table(wanted: Table, there: Table | None) -> list[str]:
    path = f"tables/{wanted.family}/{wanted.name}"
    if there is None:
        return [f"{path}: missing"]
    chains = {chain.name: chain for chain in nft.normal(there).chains}
    found = [
        f"{path}/{chain.name}: has other rules"
        for chain in nft.normal(wanted).chains
        if chains.pop(chain.name, None) != chain
    ]
    return [*found, *(f"{path}/{name}: should not be there" for name in chains)]


def _link(wanted: Link, there: Link | None) -> list[str]:
    path = f"links/{wanted.name}"
    if there is None:
        return [f"{path}: missing"]
    found = []
    for field, ignored in (
        ("kind", ""),
        ("mac", ""),
        ("mtu", 0),
        ("master", None),
        ("up", None),
        ("learning", None),
    ):
        value, actual = getattr(wanted, field), getattr(there, field)
        if value not in {ignored, actual}:
            found.append(f"{path}/{field}: {_shown(actual)} instead of `{value}`")
    if wanted.addresses is not None:
        actual_set = set(there.addresses or ())
        found += [
            f"{path}/addresses: `{a}` is missing" for a in wanted.addresses if a not in actual_set
        ]
        found += [
            f"{path}/addresses: `{a}` should not be there"
            for a in there.addresses or ()
            if a not in wanted.addresses
        ]
    return found


def _shown(value: object) -> str:
    return "nothing" if value in {None, ""} else f"`{value}`"
