"""Rules of devices that come by resource claims (DRA), and of those that come by device plugins."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import duplicate, invalid, required
from virtctl.models import documents
from virtctl.models.documents import Document

_CLAIM = ("claimName", "requestName")
_SOURCES = ("resourceClaimName", "resourceClaimTemplateName")


@dataclass(frozen=True)
class _Devices:
    """Devices of one sort: the field that has them, and what messages call one."""

    member: str
    noun: str
    gate: str
    is_exclusive: bool


_SORTS = (
    _Devices("gpus", "GPU", "GPUsWithDRA", is_exclusive=True),
    _Devices("hostDevices", "HostDevice", "HostDevicesWithDRA", is_exclusive=False),
)


@dataclass
class _Pairs:
    """Claims that devices name, and who asks first for each claim and request."""

    claims: set[str] = field(default_factory=set)
    owners: dict[str, str] = field(default_factory=dict)


def claim_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with an instance's claims, and with the devices that come by them."""
    yield from _listed_causes(spec, f"{path}.resourceClaims")
    pairs = _Pairs()
    for sort in _SORTS:
        yield from _device_causes(spec, sort, path, context, pairs)
    known = {documents.text(one, "name") for one in documents.objects(spec, "resourceClaims")}
    if pairs.claims - known:
        yield invalid(
            f"{path}.resourceClaims",
            "vmi.spec.resourceClaims must specify all claims used in vmi.spec.domain.devices.gpus "
            "and vmi.spec.domain.devices.hostDevices",
        )


def _listed_causes(spec: Document, path: str) -> Iterator[Cause]:
    seen: set[str] = set()
    for position, claim in enumerate(documents.objects(spec, "resourceClaims")):
        where, name = f"{path}[{position}]", documents.text(claim, "name")
        if not name:
            yield required(f"{where}.name", f"{where}.name is a required field")
        elif name in seen:
            yield duplicate(f"{where}.name", f'duplicate resourceClaims name "{name}"')
        elif problems := ", ".join(names.label_problems(name)):
            yield invalid(
                f"{where}.name",
                f"{where}.name does not conform to the kubernetes DNS_LABEL rules: {problems}",
            )
        seen.add(name)
        yield from _source_causes(claim, where)


def _source_causes(claim: Document, where: str) -> Iterator[Cause]:
    given = [source for source in _SOURCES if claim.get(source) is not None]
    if len(given) > 1:
        yield invalid(
            where, "at most one of resourceClaimName or resourceClaimTemplateName may be specified"
        )
    if not given:
        yield invalid(where, "must specify one of: resourceClaimName, resourceClaimTemplateName")
    for source in given:
        for problem in names.subdomain_problems(documents.text(claim, source)):
            yield invalid(f"{where}.{source}", problem)


def _device_causes(
    spec: Document, sort: _Devices, path: str, context: AdmissionContext, pairs: _Pairs
) -> Iterator[Cause]:
    where, shown = f"{path}.domain.devices.{sort.member}", f"vmi.spec.domain.devices.{sort.member}"
    listed = [*enumerate(documents.objects(spec, "domain", "devices", sort.member))]
    claimed = [(position, one) for position, one in listed if _is_claimed(one)]
    others = [one for _, one in listed if not _is_claimed(one)]
    if sort.is_exclusive and claimed and others:
        yield invalid(
            where,
            f"{shown} contains both DRA and non-DRA {sort.noun}s; each {sort.noun} must be either "
            "DRA or non-DRA",
        )
        return
    for device in others:
        yield from _plugin_causes(device, sort, where, shown)
    if claimed and not context.has_gate(sort.gate):
        yield invalid(
            where, f"{shown} contains DRA enabled {sort.noun}s but feature gate is not enabled"
        )
        return
    yield from _request_causes(claimed, sort, where, pairs)


def _is_claimed(device: Document) -> bool:
    return not device.get("deviceName") and any(name in device for name in _CLAIM)


def _plugin_causes(device: Document, sort: _Devices, where: str, shown: str) -> Iterator[Cause]:
    if not device.get("deviceName"):
        yield required(
            where,
            f"{shown} contains {sort.noun}s without deviceName or claimRequest; each {sort.noun} "
            "must specify either a deviceName or a claimRequest",
        )
    elif any(name in device for name in _CLAIM):
        yield invalid(where, f"{shown} contains {sort.noun}s with both deviceName and claimRequest")


def _request_causes(
    claimed: list[tuple[int, Document]], sort: _Devices, where: str, pairs: _Pairs
) -> Iterator[Cause]:
    for position, device in claimed:
        missing = [name for name in _CLAIM if not device.get(name)]
        for name in missing:
            yield required(f"{where}[{position}].{name}", f"{name} is required for DRA {sort.noun}")
        if missing:
            continue
        pairs.claims.add(documents.text(device, "claimName"))
        pair = "/".join(documents.text(device, name) for name in _CLAIM)
        owner = f"{sort.noun}s[{position}]"
        if pair in pairs.owners:
            first = pairs.owners[pair]
            between = "" if first.startswith(sort.noun) else f" between {first} and {owner}"
            yield duplicate(
                f"{where}[{position}]", f'duplicate claimName/requestName pair "{pair}"{between}'
            )
        pairs.owners.setdefault(pair, owner)
