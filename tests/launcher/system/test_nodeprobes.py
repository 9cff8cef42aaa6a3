"""What a node can do before a policy, and what it is asked after it."""

from pathlib import Path

import pytest

from launcher.nmstate.merge import Goal
from launcher.nmstate.schema import Resolver, State
from launcher.nmstate.shown import Kept
from launcher.system import lookups, nodeobserve, nodeprobes
from tests.fakes.instance import until
from tests.fakes.nodeplaces import node
from tests.fakes.scratch import answers, shell

pytestmark = pytest.mark.host


def test_what_works_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = Goal(desired=State(), resolver=Resolver(server=("192.0.2.9",)))
    asked = []

    def answer(servers: tuple[str, ...], seconds: float) -> bool:
        asked.append(servers)
        return "192.0.2.1" in servers

    monkeypatch.setattr(lookups, "answers", answer)
    monkeypatch.setattr(lookups, "servers", lambda: ("192.0.2.1",))
    monkeypatch.setattr(nodeprobes, "_WORKS_SECONDS", 0.05)
    with node(tmp_path, nics=1) as (place, wire):
        assert nodeprobes.gateway(place, "0.0.0.0/0") is None
        shell("ip address add 10.66.0.1/24 dev en0\nip link set en0 up", place.netns)
        shell("ip route add default via 10.66.0.2 metric 50", place.netns)
        assert nodeprobes.select(place, Goal(desired=State())) == ()
        shell("ip address add 10.66.0.2/24 dev p0", wire)
        until(lambda: answers("10.66.0.2", place.netns), "answer")
        monkeypatch.setattr(nodeprobes, "_WORKS_SECONDS", 60)
        gateway, servers = nodeprobes.select(place, names)
        nodeobserve.write_kept(place, Kept(servers=("192.0.2.9",)))
        assert servers(1) == "of the name servers 192.0.2.9 none answers"
        assert asked == [("192.0.2.1",), ("192.0.2.9",)]
        assert gateway(60) == ""
        # Of several default routes the one that is used counts.
        shell("ip route add default via 10.66.0.3 metric 40", place.netns)
        assert nodeprobes.gateway(place, "0.0.0.0/0")[0] == "10.66.0.3"
        assert gateway(0.05) == "the default gateway 10.66.0.3 does not answer any more"


def test_a_link_local_gateway_is_asked_on_its_link(tmp_path: Path) -> None:
    with node(tmp_path, nics=1) as (place, wire):
        shell("ip address add fe80::2/64 dev p0 nodad", wire)
        shell("ip address add fe80::1/64 dev en0 nodad\nip link set en0 up", place.netns)
        shell("ip route add default via fe80::2 dev en0", place.netns)
        assert nodeprobes.gateway(place, "::/0")[0] == "fe80::2"
        assert nodeprobes.Gateway(place, "::/0")(60) == ""
