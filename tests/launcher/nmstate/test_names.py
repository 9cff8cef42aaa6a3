"""States said in full."""

import pytest

from launcher.errors import SpecError
from launcher.nmstate import names, schema

CURRENT = schema.read(
    {
        "interfaces": [
            {"name": "eth1", "type": "ethernet", "mac-address": "02:00:00:00:00:0A"},
            {"name": "br1", "type": "linux-bridge", "mac-address": "02:00:00:00:00:0A"},
        ]
    }
)


def resolve(*interfaces: dict) -> schema.State:
    return names.resolve(schema.read({"interfaces": list(interfaces)}), CURRENT)


def test_a_card_is_found_by_its_address() -> None:
    (found,) = resolve(
        {"name": "lan", "identifier": "mac-address", "mac-address": "02:00:00:00:00:0a"}
    ).interfaces
    assert (found.name, found.type, found.state) == ("eth1", "ethernet", "up")


def test_a_type_is_known_from_what_is_there() -> None:
    (found,) = resolve({"name": "br1"}).interfaces
    assert found.type == "linux-bridge"


def test_a_mac_can_be_another_s() -> None:
    (found,) = resolve({"name": "br9", "type": "linux-bridge", "copy-mac-from": "eth1"}).interfaces
    assert found.mac_address == "02:00:00:00:00:0A"
    with pytest.raises(SpecError, match="there is no `eth7`"):
        resolve({"name": "br9", "type": "linux-bridge", "copy-mac-from": "eth7"})


def test_an_identifier_that_is_none() -> None:
    with pytest.raises(SpecError, match="must be `name` or `mac-address`; got `pci`"):
        resolve({"name": "br9", "identifier": "pci"})


def test_addresses_and_routes_have_their_usual_form() -> None:
    (found,) = resolve(
        {"name": "br1", "ipv6": {"address": [{"ip": "FD00::0001", "prefix-length": 64}]}}
    ).interfaces
    assert found.ipv6.address[0].text == "fd00::1/64"
    route = names.whole_route(schema.Route(destination="10.1.2.3/8", metric=-1, table_id=0))
    assert (route.destination, route.metric, route.table_id) == ("10.0.0.0/8", None, 254)
