"""NMPolicy's examples: the bridge over the interface of the default gateway."""

import pytest

from launcher.errors import SpecError
from launcher.nmstate.capture import resolve

CURRENT = {
    "interfaces": [
        {
            "name": "eth1",
            "type": "ethernet",
            "ipv4": {"address": [{"ip": "10.0.0.2"}]},
            "mtu": 1400,
        },
        {"name": "eth2", "type": "ethernet", "mtu": 1500},
    ],
    "routes": {
        "running": [
            {
                "destination": "0.0.0.0/0",
                "next-hop-interface": "eth1",
                "next-hop-address": "10.0.0.1",
            },
            {"destination": "10.0.0.0/24", "next-hop-interface": "eth1"},
        ]
    },
    "dns-resolver": {"running": {"server": ["9.9.9.9"]}},
}
GATEWAY = {
    "default-gw": 'routes.running.destination=="0.0.0.0/0"',
    "base-iface": "interfaces.name==capture.default-gw.routes.running.0.next-hop-interface",
    "base-routes": 'routes.running.next-hop-interface=="eth1"',
    "bridge-routes": 'capture.base-routes | routes.running.next-hop-interface:="br1"',
}


def test_the_interface_of_the_default_gateway() -> None:
    desired = {
        "interfaces": [
            {
                "name": "br1",
                "description": "over {{ capture.base-iface.interfaces.0.name }}, bridged",
                "mtu": "{{ capture.base-iface.interfaces.0.mtu }}",
                "ipv4": "{{ capture.base-iface.interfaces.0.ipv4 }}",
            }
        ],
        "routes": {"config": "{{ capture.bridge-routes.routes.running }}"},
    }
    found, filled = resolve(GATEWAY, desired, CURRENT)
    assert found["default-gw"] == {"routes": {"running": [CURRENT["routes"]["running"][0]]}}
    (bridge,) = filled["interfaces"]
    assert bridge["description"] == "over eth1, bridged"
    assert bridge["mtu"] == 1400
    assert bridge["ipv4"] == {"address": [{"ip": "10.0.0.2"}]}
    assert [each["next-hop-interface"] for each in filled["routes"]["config"]] == ["br1", "br1"]


def test_a_path_alone_and_values_of_all_kinds() -> None:
    found, _ = resolve(
        {
            "dns": "dns-resolver.running",
            "big": "interfaces.mtu==1500",
            "none": "interfaces.up==true",
            "same": "capture.big",
        },
        {},
        CURRENT,
    )
    assert found["dns"] == {"dns-resolver": {"running": {"server": ["9.9.9.9"]}}}
    assert [each["name"] for each in found["big"]["interfaces"]] == ["eth2"]
    assert found["none"] == {}
    assert found["same"] == found["big"]


def test_they_come_in_any_order() -> None:
    backwards = dict(reversed(GATEWAY.items()))
    found, _ = resolve(backwards, {}, CURRENT)
    assert found == resolve(GATEWAY, {}, CURRENT)[0]


@pytest.mark.parametrize(
    ("captures", "desired", "said"),
    [
        (
            {"a": "capture.b", "b": "capture.a | interfaces.mtu==1"},
            {},
            "capture.a: needs itself, by `b`",
        ),
        ({"a": "interfaces name"}, {}, "capture.a: `interfaces name` is no expression"),
        ({"a": "interfaces.name==eth1"}, {}, "`eth1` is no value: write words in quotes"),
        ({"a": "capture.b"}, {}, "capture.a: there is nothing at `capture.b`"),
        (
            {"a": 'interfaces.name=="x"'},
            {"interfaces": [{"name": "{{ capture.a.interfaces.0.name }}"}]},
            "desiredState.interfaces[0].name: there is nothing at `capture.a.interfaces`",
        ),
    ],
)
def test_what_cannot_be(captures: dict, desired: dict, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolve(captures, desired, CURRENT)
    assert said in str(caught.value)
