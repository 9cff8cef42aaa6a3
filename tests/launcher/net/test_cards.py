"""Which cards nodes get."""

import pytest

from launcher.errors import SpecError
from launcher.net import cards, nodes
from launcher.net.nodes import HandedCard

NETWORK = nodes.design(["node1", "node2"], directory="/d", suffix="ab12")


def test_cards_of_the_host_and_of_a_fabric() -> None:
    found = cards.with_cards(
        NETWORK, fabric=["ens1f0", "ens1f0"], handed=["eth3=enp2s0", "eth4@node2"]
    )
    assert found.fabric == ("ens1f0",)
    assert found.cards == (
        HandedCard(device="eth3", name="enp2s0", node="node1"),
        HandedCard(device="eth4", name="eth4", node="node2"),
    )
    assert cards.cable(found, "node2", "ens1f0") == "n2-ens1f0"
    assert cards.mac(found, "node1", "ens1f0") == cards.mac(NETWORK, "node1", "ens1f0")
    assert cards.mac(found, "node1", "ens1f0") != cards.mac(found, "node2", "ens1f0")


@pytest.mark.parametrize(
    ("fabric", "handed", "said"),
    [
        (["eth0"], [], "fabric: `eth0` is a name of the node's own"),
        (["a-very-long-name"], [], "is no name of a card"),
        ([], ["eth3@node9"], "nic: there is no node `node9` for `eth3`"),
        ([], ["=x"], "is not like `enp2s0`"),
        ([], ["eth3", "eth4=eth3"], "the node `node1` has two cards `eth3`"),
        ([], ["eth3", "eth3=eth4"], "can be handed over once"),
        (["enp2s0"], ["enp2s0"], "the node `node1` has two cards `enp2s0`"),
    ],
)
def test_what_cannot_be(fabric: list[str], handed: list[str], said: str) -> None:
    with pytest.raises(SpecError) as caught:
        cards.with_cards(NETWORK, fabric=fabric, handed=handed)
    assert said in str(caught.value)
