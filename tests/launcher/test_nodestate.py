"""The door."""

from pathlib import Path

import pytest

from launcher import hostnet, nodestate
from launcher.errors import SpecError
from tests.fakes.nodeplaces import node


def test_where_a_node_is(tmp_path: Path) -> None:
    network = hostnet.design(["node1"], directory=tmp_path)
    place = nodestate.place_of(network, network.nodes[0])
    assert place.netns == "virtctl-node1"
    assert place.home == tmp_path / "nodes/node1"
    assert nodestate.find_switch(place) is None
    assert not nodestate.recover(place)
    assert nodestate.name_servers(place) == ()


@pytest.mark.host
def test_show_preview_and_apply(tmp_path: Path) -> None:
    with node(tmp_path, nics=1) as (place, _):
        captures = {"nic": 'interfaces.name=="en0"'}
        wanted = {"interfaces": [{"name": "{{ capture.nic.interfaces.0.name }}", "mtu": 1400}]}
        found, filled = nodestate.captured(place, captures, wanted)
        assert found["nic"]["interfaces"][0]["mtu"] == 1500
        assert filled["interfaces"] == [{"name": "en0", "mtu": 1400}]
        assert nodestate.captured(place, {}, wanted) == ({}, wanted)
        assert nodestate.preview(place, filled).ops
        assert nodestate.apply(place, filled).desired["interfaces"][0]["mtu"] == 1400
        (card, _lo) = nodestate.show(place)["interfaces"]
        assert card["mtu"] == 1400
        with pytest.raises(SpecError, match="belongs to this node"):
            nodestate.apply(place, {"interfaces": [{"name": "cni0", "state": "absent"}]})
        nodestate.revive(place)
        nodestate.end(place)
