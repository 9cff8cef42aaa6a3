"""A machine's secondary networks and its running pod: what the pod is to ask for, and what of it
the machine's status says. Pure; the controllers' side of launcher-network.md §2, §11 and §12.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import deepcopy

from virtctl.local.networks import netstatus, selections
from virtctl.local.networks.linknames import is_primary, secondary_link
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue

FROM_MULTUS = "multus-status"
_FROM_DOMAIN = "domain"


def sources(interface: Document) -> list[str]:
    """Who knows of an interface of a status."""
    return [word for word in doc.text(interface, "infoSource").split(", ") if word]


def live_annotation(vmi: Document, pod: Document) -> str | None:
    """The networks that a running machine's pod is to ask for; None when it does so already.

    A NIC that is to go keeps its link until the guest has let go of it.
    """
    known = doc.strings(pod, "metadata", "annotations").get(selections.NETWORKS, "")
    wanted = selections.pod_annotations(_with_leaving(vmi)).get(selections.NETWORKS, "[]")
    there, asked = _links(known, vmi), _links(wanted, vmi)
    if there is not None and asked is not None and there.keys() == asked.keys():
        return None
    return selections.with_claims(wanted, there or {})


def _links(annotation: str, vmi: Document) -> dict[str, str] | None:
    """The links that an annotation asks for, with their claims; None when it cannot be read."""
    try:
        found = selections.parse(annotation, doc.namespace_of(vmi))
    except selections.BadSelection:
        return None
    return {one.interface: one.claim for one in found}


def interfaces(vmi: Document, pod: Document | None, known: Iterable[Document]) -> list[JsonValue]:
    """The status' interfaces with what Multus says: links that are in the pod, and no others."""
    links = netstatus.interfaces(pod) if pod is not None else {}
    names = {
        doc.text(network, "name"): secondary_link(doc.text(network, "name"))
        for network in doc.objects(vmi, "spec", "networks")
        if doc.find(network, "multus") is not None and not is_primary(network)
    }
    there = {name: link for name, link in names.items() if link in links}
    found = [_told(entry, there) for entry in known]
    listed = {doc.text(entry, "name") for entry in found}
    new: list[JsonValue] = [
        {"name": name, "podInterfaceName": link, "infoSource": FROM_MULTUS}
        for name, link in there.items()
        if name not in listed
    ]
    return [*(one for one in found if _is_of_use(one)), *new]


def reported(entries: Iterable[Document], known: Iterable[Document]) -> list[JsonValue]:
    """What a node saw of interfaces, with what the controllers wrote of them before."""
    before = {doc.text(one, "name"): one for one in known if doc.text(one, "name")}
    made: list[JsonValue] = []
    for entry in entries:
        old = before.pop(doc.text(entry, "name"), {})
        if FROM_MULTUS in sources(old):
            entry["infoSource"] = ", ".join([*sources(entry), FROM_MULTUS])
        made.append(entry)
    bare = (one for one in before.values() if sources(one)[-1:] == [FROM_MULTUS])
    made.extend(_without_domain(one) for one in bare)
    return made


def missing(vmi: Document, there: Mapping[tuple[str, str], Document]) -> list[str]:
    """Definitions that a machine names and that do not exist, as ``namespace/name``."""
    return [f"{key[0]}/{key[1]}" for key in selections.definitions(vmi) if key not in there]


def _with_leaving(vmi: Document) -> Document:
    """The machine with those NICs counted that the guest still has."""
    held = {
        doc.text(one, "name")
        for one in doc.objects(vmi, "status", "interfaces")
        if _FROM_DOMAIN in sources(one)
    }
    made = deepcopy(vmi)
    for interface in doc.objects(made, "spec", "domain", "devices", "interfaces"):
        if doc.text(interface, "state") == "absent" and doc.text(interface, "name") in held:
            interface["state"] = ""
    return made


def _told(entry: Document, there: Mapping[str, str]) -> Document:
    name = doc.text(entry, "name")
    known = sources(entry)
    others = [word for word in known if word != FROM_MULTUS]
    if name in there:
        link: Document = {"podInterfaceName": there[name]}
        return {**entry, **link, "infoSource": ", ".join([*others, FROM_MULTUS])}
    if others == known:
        return entry
    return {**entry, "infoSource": ", ".join(others)}


def _is_of_use(entry: Document) -> bool:
    """Whether anybody knows of the interface; the primary one is listed by its name alone."""
    return "infoSource" not in entry or bool(sources(entry))


def _without_domain(entry: Document) -> Document:
    kept = ("name", "podInterfaceName")
    return {**{key: entry[key] for key in kept if key in entry}, "infoSource": FROM_MULTUS}
