from tests.fakes import sighted
from virtctl.output.networks import facts

STATE = {"status": {"currentState": {"interfaces": [
    {"name": "br1", "type": "linux-bridge", "state": "up", "mtu": 1500,
     "bridge": {"port": [{"name": "eth1"}]}},
    {"name": "eth1", "type": "ethernet", "state": "down", "mac-address": "0A:00:00:00:00:01",
     "ipv4": {"address": [{"ip": "10.9.0.1", "prefix-length": 24}]}},
]}}}  # fmt: skip


def test_what_a_node_shows() -> None:
    found = facts.read(sighted.sights())
    pod, node = found.scopes["pod"], found.scopes["node"]
    assert (pod.gateway, pod.way_out) == ("10.244.1.1", "eth0")
    outer = pod.link("b6e7df19490-nic")
    end = node.other_end(outer)
    assert (end.name, end.pvid) == ("veth2", 33)
    assert [port.name for port in node.ports("br1")] == ["enp2s0", "veth2"]
    assert found.answer("tap0", "10.0.2.2") == sighted.MAC
    assert found.answer("tap0", "10.0.2.3") is None


def test_what_a_node_state_says() -> None:
    node = facts.of_node_state(STATE)
    card = node.link("eth1")
    assert (card.master, card.mac, card.up) == ("br1", "0a:00:00:00:00:01", False)
    assert (card.addresses, card.counted) == (("10.9.0.1/24",), False)
    assert node.other_end(card) is None
