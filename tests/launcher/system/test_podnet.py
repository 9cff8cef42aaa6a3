from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError, PlanFailed, VerifyFailed
from launcher.spec import Bridge, Firmware, MachineSpec, Masquerade, Memory, Nic
from launcher.system import linkkinds, namespaces, podnet, process
from launcher.system.journal import Journal, Progress
from tests.fakes.scratch import pod_by_hand, scratch_netns, shell

pytestmark = pytest.mark.host

SPEC = MachineSpec(
    name="fedora-0",
    namespace="default",
    uid="u",
    hostname="fedora-0",
    memory=Memory(guest=1),
    firmware=Firmware(uuid="x"),
    nics=(Nic(name="default", pod_nic="eth0", binding=Masquerade()),),
)


BRIDGED = msgspec.structs.replace(
    SPEC, nics=(Nic(name="default", pod_nic="eth0", binding=Bridge()),)
)


def blue(state: str = "") -> Nic:
    return Nic(name="blue", pod_nic="podb", binding=Bridge(), primary=False, state=state)


@pytest.fixture
def pod() -> Iterator[str]:
    with scratch_netns("pod") as name, scratch_netns("node") as node:
        pod_by_hand(name, node)
        with namespaces.in_netns(name):
            yield name


def look() -> str:
    """All of the pod's network, without what a kernel counts or changes by itself."""
    rows = [line.split() for line in process.run(["ip", "-br", "link"]).stdout.splitlines()]
    links = [f"{name} {mac} {',UP' in flags}\n" for name, _, mac, flags in rows]
    return (
        "".join(links)
        + shell("nft -s list ruleset")
        + routes("ip route")
        + routes("ip -6 route")
        + "\n".join(sorted(set(shell("ip -br address").split()) - {"UP", "DOWN", "UNKNOWN"}))
        + "\n"
        + shell("sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding")
    )


def routes(command: str) -> str:
    # Who made a route, and whether a guest has opened its tap by now, is nothing to compare.
    return shell(command).replace("proto static ", "").replace("linkdown ", "")


def test_facts_come_back_and_a_second_call_changes_nothing(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    net = podnet.set_up(SPEC, journal)
    attachment = net.attachment("default")
    assert attachment.mtu == 1400
    assert [address.ip for address in attachment.addresses] == ["10.129.2.132", "fd01:0:0:5::9"]
    before = look()
    assert podnet.set_up(SPEC, journal) == net
    assert look() == before


def test_a_failure_takes_everything_back(pod: str, tmp_path: Path) -> None:
    shell("ip link add other type bridge")
    shell("ip link add tap0 type veth peer name x")
    before = look()
    with pytest.raises(HostError, match="`tap0` exists as `veth`, but `tap` is needed"):
        podnet.set_up(SPEC, tmp_path / "journal.jsonl")
    assert look() == before


def test_a_failure_half_way_takes_everything_back(pod: str, tmp_path: Path) -> None:
    again = Nic(name="second", pod_nic="eth0", binding=Masquerade(), primary=False)
    spec = msgspec.structs.replace(SPEC, nics=(*SPEC.nics, again))
    before = look()
    journal = tmp_path / "journal.jsonl"
    with pytest.raises(PlanFailed):  # the second NIC's bridge has the name of the first's
        podnet.set_up(spec, journal)
    assert look() == before
    assert Journal(journal).progress(podnet.PLAN) is Progress.PENDING


def test_a_try_that_did_not_end_is_never_redone(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    Journal(journal).begin(podnet.PLAN, (), ())
    before = look()
    with pytest.raises(HostError, match="began and did not end; it is not redone") as caught:
        podnet.set_up(SPEC, journal)
    assert caught.value.hint
    assert look() == before


def test_a_network_that_was_changed_since_is_told(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    podnet.set_up(SPEC, journal)
    shell("ip link set tap0 nomaster")
    with pytest.raises(VerifyFailed, match="links/tap0/master: nothing instead of `k6t-eth0`"):
        podnet.set_up(SPEC, journal)


def test_a_bridged_pod_gives_its_address_away(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    net = podnet.set_up(BRIDGED, journal)
    lease = net.attachment("default").lease
    assert lease is not None
    assert (str(lease.address), lease.gateway) == ("10.129.2.132/23", "10.129.2.1")
    links = shell("ip address")
    assert "inet 169.254.75.10/32 scope global k6t-eth0" in links
    assert "eth0-nic@" in links
    eth0 = shell("ip address show eth0")
    assert "<BROADCAST,NOARP> mtu 1400" in eth0
    assert "state DOWN" in eth0
    assert "inet 10.129.2.132/23 brd 10.129.3.255" in eth0
    assert "inet6 fd01:0:0:5::9/64" in eth0
    moved = shell("ip -br address show eth0-nic").split()[2:]
    assert [address for address in moved if not address.startswith("fe80:")] == []
    assert "learning off" in shell("bridge -d link show dev eth0-nic")
    assert shell("sysctl -n net.ipv4.conf.all.arp_ignore") == "1\n"
    before = look()
    assert podnet.set_up(BRIDGED, journal) == net
    assert look() == before


def test_what_keeps_the_address_is_noted_unless_it_is_a_dummy(pod: str, tmp_path: Path) -> None:
    net = podnet.set_up(BRIDGED, tmp_path / "journal.jsonl")
    if linkkinds.known("dummy"):
        assert net.notes() == ()
    else:
        assert net.notes()[0].startswith("stand-in: a link of kind ifb keeps the pod's address")


def test_a_bridged_pod_is_put_back_as_it_was(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    before = look()
    podnet.set_up(BRIDGED, journal)
    podnet.take_back(journal)
    assert sorted(look().splitlines()) == sorted(before.splitlines())
    # And may be tried again.
    assert podnet.set_up(BRIDGED, journal).attachment("default").lease


def test_a_failed_bridge_leaves_the_pod_its_address(pod: str, tmp_path: Path) -> None:
    # The name of the pod's link to be is taken, which only the kernel notices.
    shell("ip link add eth0-nic type bridge")
    shell("ip link set eth0-nic up")
    before = look()
    with pytest.raises(HostError):
        podnet.set_up(BRIDGED, tmp_path / "journal.jsonl", holder="nonsense")
    assert sorted(look().splitlines()) == sorted(before.splitlines())


def test_a_kernel_that_cannot_make_the_holder_leaves_all_as_it_was(
    pod: str, tmp_path: Path
) -> None:
    before = look()
    with pytest.raises(PlanFailed, match="cannot make the nonsense `eth0`"):
        podnet.set_up(BRIDGED, tmp_path / "journal.jsonl", holder="nonsense")
    assert sorted(look().splitlines()) == sorted(before.splitlines())


def test_a_nic_comes_and_goes_while_the_machine_runs(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    podnet.set_up(SPEC, journal)
    shell("ip link add podb address 02:00:00:00:00:0b type veth peer name peer")
    shell("ip link set podb up")
    both = msgspec.structs.replace(SPEC, nics=(*SPEC.nics, blue()))
    before = shell("ip -o -4 address show k6t-eth0")
    net = podnet.set_up(both, journal, only=["blue"])
    assert [each.name for each in net.attachments] == ["default", "blue"]
    assert "b-nic@" in shell("ip link")
    assert Journal(journal).progress(f"{podnet.PLAN} 2") is Progress.FINISHED
    gone = msgspec.structs.replace(SPEC, nics=(*SPEC.nics, blue("absent")))
    for _ in range(2):
        net = podnet.set_up(gone, journal, only=["blue"])
        assert [each.name for each in net.attachments] == ["default"]
    names = [line.split()[0] for line in shell("ip -br link").splitlines()]
    assert {"k6t-b", "tapb", "podb"}.isdisjoint(names)
    # The CNI's own link is for its plugin to remove.
    assert any(name.startswith("b-nic@") for name in names)
    assert shell("ip -o -4 address show k6t-eth0") == before


def test_nics_that_come_take_those_along_that_are_not_to_be_there(pod: str, tmp_path: Path) -> None:
    for name in ("podb", "podc"):
        shell(f"ip link add {name} type veth peer name p{name}")
    red = msgspec.structs.replace(blue(), name="red", pod_nic="podc")
    both = msgspec.structs.replace(SPEC, nics=(*SPEC.nics, red, blue("absent")))
    podnet.set_up(both, tmp_path / "journal.jsonl", only=["red", "blue"])
    names = {line.split()[0].partition("@")[0] for line in shell("ip -br link").splitlines()}
    assert "podc" in names
    assert "podb" not in names


def test_a_nic_that_goes_may_have_been_set_up_by_halves(pod: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.jsonl"
    podnet.set_up(SPEC, journal)
    shell("ip link add podb type veth peer name peer")
    both = msgspec.structs.replace(SPEC, nics=(*SPEC.nics, blue()))
    podnet.set_up(both, journal, only=["blue"])
    Journal(journal).begin(f"{podnet.PLAN} 2", (), ())
    with pytest.raises(HostError, match="for `blue` began and did not end"):
        podnet.set_up(both, journal)
    gone = msgspec.structs.replace(SPEC, nics=(*SPEC.nics, blue("absent")))
    podnet.set_up(gone, journal, only=["blue"])
    assert "tapb" not in shell("ip -br link")
