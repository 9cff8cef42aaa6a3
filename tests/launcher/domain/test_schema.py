"""libvirt's own schema, asked about every domain that we keep on record."""

import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

CASES = sorted((Path(__file__).parent / "cases").iterdir())
VALIDATOR = shutil.which("virt-xml-validate") or ""

NEWER = frozenset({"tdx"})  # cases of what older versions of libvirt refuse
READ_OVER = ("filesystemOverhead", "capacity")
# What virt-launcher prints although the schema has no place for it; libvirt reads over it.
UNKNOWN = {
    "./devices/disk": READ_OVER,
    "./sysinfo": ("bios", "baseBoard", "chassis"),
    "./devices/interface": ("source",),
}
# Attributes of the same kind, by element.
UNKNOWN_ATTRIBUTES = {
    "./devices/disk/source": ("name",),
    "./devices/hostdev[@type='pci']": ("display", "ramfb"),
    "./devices/hostdev[@type='pci']/source/address": ("type",),
}
# What the schema wants, and libvirt itself takes for granted.
GRANTED = {"./devices/hostdev": ("mode", "subsystem")}


def without_quirks(text: str) -> str:
    """The domain as the schema would have it, with all that means something kept."""
    root = ET.fromstring(text)
    for path, tags in UNKNOWN.items():
        for holder in root.findall(path):
            drop(holder, tags)
    for path, names in UNKNOWN_ATTRIBUTES.items():
        for found in root.findall(path):
            for name in names:
                found.attrib.pop(name, None)
    for path, (name, value) in GRANTED.items():
        for found in root.findall(path):
            found.attrib.setdefault(name, value)
    for system in root.findall("./sysinfo/system"):
        drop(system, ("entry",))
    return ET.tostring(root, encoding="unicode")


def drop(holder: ET.Element, tags: tuple[str, ...]) -> None:
    """Take out the children of these tags that say nothing, or that libvirt reads over."""
    for child in list(holder):
        if child.tag in tags and (child.tag in READ_OVER or is_empty(child)):
            holder.remove(child)


def is_empty(element: ET.Element) -> bool:
    """Whether there is nothing in an element."""
    return not (len(element) or element.text or set(element.attrib) - {"name"})


@pytest.mark.skipif(not VALIDATOR, reason="needs virt-xml-validate of libvirt-clients")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_schema(case: Path, tmp_path: Path) -> None:
    file = tmp_path / "domain.xml"
    file.write_text(without_quirks((case / "domain.xml").read_text()))
    asked = subprocess.run([VALIDATOR, file, "domain"], capture_output=True, text=True, check=False)
    if asked.returncode and case.name in NEWER:
        pytest.skip("this libvirt does not know such guests yet")
    assert asked.returncode == 0, asked.stderr
