"""Rules of networks that come by resource claims (DRA)."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.causes import duplicate, invalid, not_found, required
from virtctl.models import documents
from virtctl.models.documents import Document

_CLAIM = ("claimName", "requestName")


def network_claim_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What is wrong with an instance's networks of claims; nothing where there is none."""
    networks = list(documents.objects(spec, "networks"))
    claimed = [place for place, one in enumerate(networks) if one.get("resourceClaim") is not None]
    if not claimed:
        return
    if not context.has_gate("NetworkDevicesWithDRA"):
        yield invalid(
            f"{path}.networks",
            "vmi.spec.networks contains DRA networks but NetworkDevicesWithDRA feature gate is not "
            "enabled",
        )
        return
    if any("multus" in network for network in networks):
        yield invalid(
            f"{path}.networks",
            "mixing Multus and DRA resourceClaim networks in the same VMI is not supported",
        )
        return
    known = {documents.text(claim, "name") for claim in documents.objects(spec, "resourceClaims")}
    pairs: set[str] = set()
    for position in claimed:
        yield from _binding_causes(spec, documents.text(networks[position], "name"), path)
        field = f"{path}.networks[{position}]"
        yield from _request_causes(networks[position], field, known, pairs)


def _binding_causes(spec: Document, name: str, path: str) -> Iterator[Cause]:
    """A device of a claim is passed through, or left to a plugin."""
    for interface in documents.objects(spec, "domain", "devices", "interfaces"):
        if documents.text(interface, "name") != name:
            continue
        if interface.get("sriov") is None and interface.get("binding") is None:
            yield invalid(
                f"{path}.domain.devices.interfaces",
                f'DRA network "{name}" requires an SR-IOV or binding plugin interface',
            )
        return


def _request_causes(
    network: Document, field: str, known: set[str], pairs: set[str]
) -> Iterator[Cause]:
    claim, request = (documents.text(network, "resourceClaim", name) for name in _CLAIM)
    for name, value in zip(_CLAIM, (claim, request), strict=True):
        if not value:
            yield required(f"{field}.resourceClaim.{name}", f"{name} is required for DRA network")
    if not claim or not request:
        return
    if claim not in known:
        yield not_found(
            f"{field}.resourceClaim.claimName",
            f'network references resourceClaim "{claim}" which is not defined in '
            "spec.resourceClaims",
        )
    pair = f"{claim}/{request}"
    if pair in pairs:
        yield duplicate(field, f'duplicate claimName/requestName combination "{pair}"')
    pairs.add(pair)
