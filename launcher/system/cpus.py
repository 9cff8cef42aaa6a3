"""What libvirt says of the CPUs that a host can give to guests, read from its XML. Pure."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from launcher.facts import CpuFacts


def cpu_facts(domain: str, expanded: str) -> CpuFacts:
    """Facts of a domain's capabilities, and of the host model with all its features."""
    cpu = _parsed(domain).find("cpu")
    modes = cpu if cpu is not None else ET.Element("cpu")
    found = modes.find("mode[@name='host-model']")
    model = found if found is not None else ET.Element("mode")
    custom = modes.findall("mode[@name='custom']/model")
    return CpuFacts(
        known=tuple(_text(one) for one in custom),
        usable=tuple(_text(one) for one in custom if one.get("usable") != "no"),
        features=_required(_parsed(expanded)) if expanded else (),
        vendor=model.findtext("vendor", ""),
        host_model=model.findtext("model", ""),
        required=_required(model),
    )


def host_cpu(domain: str) -> str:
    """The host's model as a CPU of its own; empty when there is none."""
    model = _parsed(domain).find("cpu/mode[@name='host-model']")
    if model is None or model.get("supported") != "yes":
        return ""
    made = ET.Element("cpu", mode="custom", match="exact")
    made.extend(list(model))
    return ET.tostring(made, encoding="unicode")


def _parsed(xml: str) -> ET.Element:
    return ET.fromstring(xml)  # noqa: S314 - libvirt's own


def _text(element: ET.Element) -> str:
    return (element.text or "").strip()


def _required(holder: ET.Element) -> tuple[str, ...]:
    return tuple(one.get("name", "") for one in holder.findall("feature[@policy='require']"))
