from xml.etree import ElementTree as ET

from tests.fakes import sighted
from virtctl.output.networks import facts, path, picture

SVG = "{http://www.w3.org/2000/svg}"


def test_a_box_for_each_hop() -> None:
    known = facts.read(sighted.sights())
    found = path.paths(sighted.vmi(), {"default/lan": sighted.definition()}, known, "default")
    drawn = ET.fromstring(picture.draw("web & co", found))
    boxes = drawn.findall(f"{SVG}g")
    assert len(boxes) == sum(len(one.hops) for one in found)
    said = {one.text for one in drawn.iter(f"{SVG}text")}
    assert {"web & co", "tap0", "br1", "up, MTU 1400"} <= said
    assert ET.fromstring(picture.draw("web", [])).tag == f"{SVG}svg"
