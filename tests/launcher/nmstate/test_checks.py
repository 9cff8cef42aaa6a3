"""What is refused is in ``refusals``; here is what is not."""

from launcher.nmstate import checks, schema
from launcher.nmstate.schema import Interface


def test_a_veth_may_be_called_a_card_and_a_card_a_veth() -> None:
    for there, given in (("veth", "ethernet"), ("ethernet", "veth")):
        wish, now = Interface(name="a", type=given, state="up"), Interface(name="a", type=there)
        assert checks.interface(wish, now) is None


def test_what_has_no_effect_is_told() -> None:
    given = schema.read(
        {
            "interfaces": [
                {
                    "name": "a",
                    "wait-ip": "ipv4",
                    "ipv4": {"dhcp-client-id": "ll", "auto-dns": True},
                },
                {"name": "b", "bridge": {"options": {"vlan-protocol": "802.1ad"}}},
                {"name": "c", "bridge": {"options": {"vlan-protocol": "802.1q"}}},
            ]
        }
    )
    assert checks.unused(given) == (
        "a: `wait-ip`, `ipv4.dhcp-client-id` has no effect on these nodes",
        "b: `bridge.options.vlan-protocol` has no effect on these nodes",
    )


def test_words_and_numbers_of_bond_options() -> None:
    for value in ("fast", "1", 1):
        given = schema.read(
            {
                "interfaces": [
                    {
                        "name": "bond0",
                        "type": "bond",
                        "state": "up",
                        "link-aggregation": {"mode": "802.3ad", "options": {"lacp_rate": value}},
                    }
                ]
            }
        )
        assert checks.interface(given.interfaces[0], None) is None
