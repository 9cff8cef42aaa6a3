"""What is kept of a node, and what is seen of it."""

from pathlib import Path

import pytest

from launcher.nmstate.shown import Kept
from launcher.system import nodeobserve
from launcher.system.nodeobserve import NodePlace
from tests.fakes.nodeplaces import node


def test_what_is_kept(tmp_path: Path) -> None:
    place = NodePlace("nowhere", tmp_path)
    assert nodeobserve.read_kept(place) == Kept()
    kept = Kept(servers=("9.9.9.9",), dhcp=(("eth1", 4),))
    nodeobserve.write_kept(place, kept)
    assert nodeobserve.read_kept(place) == kept
    place.kept.write_text("{")
    assert nodeobserve.read_kept(place) == Kept()
    assert nodeobserve.switch_rows(place) is None


@pytest.mark.host
def test_a_node_is_seen(tmp_path: Path) -> None:
    with node(tmp_path, nics=1) as (place, _):
        state = nodeobserve.state(place)
    assert [each.name for each in state.interfaces] == ["en0", "lo"]
    assert [each.type for each in state.interfaces] == ["ethernet", "loopback"]
