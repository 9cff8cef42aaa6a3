"""``k8s.v1.cni.cncf.io/network-status``: which links a pod has, as Multus writes it down.

Read from CNI results of all versions: since 0.3.0 addresses are a list, before there was one of
each IP version.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from virtctl.local.networks.selections import STATUS
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue


@dataclass(frozen=True, kw_only=True)
class LinkStatus:
    """One link of a pod. ``result`` is the CNI's; ``network`` is the definition's name.

    ``mac`` and ``mtu`` (bytes) are the link's own. ``is_default`` is said of the pod's first link.
    """

    network: str
    interface: str
    result: Document
    mac: str = ""
    mtu: int = 0
    is_default: bool = False


def entry(link: LinkStatus) -> Document:
    """The entry of one link, its keys in the usual order."""
    ips, gateways = addresses(link.result)
    made: Document = {"name": link.network, "interface": link.interface}
    if ips:
        listed: list[JsonValue] = list(ips)
        made["ips"] = listed
    if link.mac:
        made["mac"] = link.mac
    if link.mtu:
        made["mtu"] = link.mtu
    if link.is_default:
        made["default"] = True
    made["dns"] = doc.child(link.result, "dns")
    if link.is_default and gateways:
        ways: list[JsonValue] = list(gateways)
        made["gateway"] = ways
    return made


def annotation(links: Iterable[LinkStatus]) -> str:
    """The annotation, laid out as Multus does it."""
    entries = [msgspec.json.format(msgspec.json.encode(entry(link)), indent=4) for link in links]
    return "[" + ",".join(each.decode() for each in entries) + "]"


def interfaces(pod: Document) -> dict[str, Document]:
    """The entries of a pod's annotation by their links; none when it cannot be read."""
    text = doc.strings(pod, "metadata", "annotations").get(STATUS, "")
    try:
        found: JsonValue = msgspec.json.decode(text) if text else []
    except msgspec.DecodeError:
        return {}
    entries = found if isinstance(found, list) else []
    return {doc.text(one, "interface"): one for one in entries if isinstance(one, dict)}


def addresses(result: Document) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Addresses without their prefixes, and gateways, of a CNI result."""
    found = list(doc.objects(result, "ips"))
    ips = [doc.text(one, "address") for one in found]
    gateways = [doc.text(one, "gateway") for one in found]
    for old in ("ip4", "ip6"):
        ips.append(doc.text(result, old, "ip"))
        gateways.append(doc.text(result, old, "gateway"))
    plain = (ip.partition("/")[0] for ip in ips if ip)
    return tuple(plain), tuple(gateway for gateway in gateways if gateway)
