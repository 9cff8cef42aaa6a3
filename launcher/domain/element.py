"""An XML element as a frozen value, and its text.

Elements are data only: no policy, no host. The text is shaped as virt-launcher prints a domain:
two spaces a level, attributes in the order given, an empty element as ``<a></a>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias
from xml.etree import ElementTree as ET

Attributes: TypeAlias = Mapping[str, str | int | None]

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;", "\n": "&#xA;"}
    | {"\t": "&#x9;", "\r": "&#xD;"}
)


@dataclass(frozen=True, slots=True)
class Element:
    """One element; ``text`` and ``children`` exclude each other."""

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element, ...] = ()
    text: str = ""

    def get(self, name: str) -> str:
        """The attribute ``name``; empty when absent."""
        return dict(self.attributes).get(name, "")

    def find(self, *path: str) -> Element | None:
        """The first descendant along a path of tags."""
        here: Element | None = self
        for tag in path:
            here = next((each for each in here.children if each.tag == tag), None) if here else None
        return here

    def all(self, tag: str) -> tuple[Element, ...]:
        """The children with this tag."""
        return tuple(each for each in self.children if each.tag == tag)

    def with_children(self, children: tuple[Element, ...]) -> Element:
        """The same element with other children."""
        return Element(self.tag, self.attributes, children, self.text)


def element(
    tag: str, attributes: Attributes | None = None, *children: Element | None, text: str | int = ""
) -> Element:
    """Make an element; attributes and children that are None are left out."""
    kept = tuple(
        (key, str(value)) for key, value in (attributes or {}).items() if value is not None
    )
    return Element(tag, kept, tuple(each for each in children if each is not None), str(text))


def switch(tag: str, attribute: str, state: bool) -> Element:  # noqa: FBT001 - it is the value
    """An element that says ``on`` or ``off``."""
    return element(tag, {attribute: "on" if state else "off"})


def parse(text: str) -> Element:
    """Read XML; text beside child elements and namespaces are dropped."""
    return _from_tree(ET.fromstring(text))  # noqa: S314 - libvirt's own output


def _from_tree(node: ET.Element) -> Element:
    tag = node.tag.rpartition("}")[2]
    attributes = tuple((key.rpartition("}")[2], value) for key, value in node.attrib.items())
    children = tuple(_from_tree(child) for child in node)
    return Element(tag, attributes, children, "" if children else (node.text or "").strip())


def render(root: Element) -> str:
    """The text of an element, ending in a line feed."""
    return "".join(_lines(root, 0))


def _lines(here: Element, depth: int) -> Iterator[str]:
    margin = "  " * depth
    said = "".join(f' {key}="{value.translate(_ESCAPES)}"' for key, value in here.attributes)
    if not here.children:
        yield f"{margin}<{here.tag}{said}>{here.text.translate(_ESCAPES)}</{here.tag}>\n"
        return
    yield f"{margin}<{here.tag}{said}>\n"
    for each in here.children:
        yield from _lines(each, depth + 1)
    yield f"{margin}</{here.tag}>\n"
