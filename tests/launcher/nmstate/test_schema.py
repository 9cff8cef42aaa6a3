"""States are read with their field names, and written back."""

import pytest

from launcher.errors import SpecError
from launcher.nmstate import schema


def test_reads_and_writes_what_nmstate_writes() -> None:
    given = {
        "interfaces": [
            {
                "name": "br0",
                "type": "linux-bridge",
                "ipv4": {"enabled": True, "address": [{"ip": "10.0.0.1", "prefix-length": 24}]},
                "bridge": {"options": {"stp": {"enabled": True}}, "port": [{"name": "bond0"}]},
            }
        ]
    }
    state = schema.read(given)
    assert state.interface("br0").ipv4.address[0].text == "10.0.0.1/24"
    assert schema.write(state) == given


def test_old_names_are_read() -> None:
    (found,) = schema.read(
        {"interfaces": [{"name": "b", "master": "br1", "link-aggregation": {"slaves": ["a"]}}]}
    ).interfaces
    assert found.controller == "br1"
    assert found.link_aggregation.port == ("a",)


def test_null_is_as_if_it_was_not_there_but_for_maps_of_the_switch() -> None:
    state = schema.read(
        {"interfaces": [{"name": "b", "mtu": None}], "ovs-db": {"external_ids": {"a": None}}}
    )
    assert state.interfaces[0].mtu is None
    assert state.ovs_db.external_ids == {"a": None}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"interfaces": [{"mtu": 3}]}, "interfaces[0]: object missing required field `name`"),
        ({"interfaces": {}}, "interfaces: expected `array`, got `object`"),
        ({"interface": []}, "desiredState: object contains unknown field `interface`"),
        (
            {"interfaces": [{"name": "a", "mtu": "big"}]},
            "interfaces[0].mtu: expected `int | null`, got `str`",
        ),
    ],
)
def test_what_is_wrong_is_named(given: dict, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        schema.read(given)
    assert str(caught.value) == said


def test_an_ovs_bridge_may_have_the_name_of_an_interface() -> None:
    state = schema.read(
        {
            "interfaces": [
                {"name": "x", "type": "ovs-bridge"},
                {"name": "x", "type": "ovs-interface"},
            ]
        }
    )
    assert state.interface("x", bridge=False).type == "ovs-interface"
    assert state.interface("x", bridge=True).type == "ovs-bridge"
    assert state.interface("y") is None


def test_addresses_in_their_usual_form() -> None:
    assert schema.canonical("FD00::0:1") == "fd00::1"
    assert schema.canonical("nonsense") == "nonsense"
