"""A case is a directory: NICs and the network that the CNI made, beside the plan and its undo.

After a wanted change, write the new texts with ``python tests/launcher/net/test_bindings.py``.
"""

from pathlib import Path

import msgspec
import pytest
import yaml

from launcher.errors import HostError
from launcher.net import bindings, difference, verify
from launcher.net.model import Address, Link, NetState, Route, Sysctl
from launcher.ops.base import Plan
from launcher.spec import (
    Binding,
    Bridge,
    Elsewhere,
    Firmware,
    MachineSpec,
    ManagedTap,
    Masquerade,
    Memory,
    Nic,
    Passt,
    PluginTap,
    PodOptions,
)
from tests.fakes.host import FakeHost, normal

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())
POD = NetState(
    links=(
        Link(
            name="eth0",
            kind="veth",
            mac="0a:58:0a:f4:01:02",
            mtu=1400,
            master="",
            addresses=(Address.parse("10.244.1.2/24"), Address.parse("fd10:244:0:1::2/64")),
            up=True,
        ),
    )
)


def machine(nics: tuple[Nic, ...], pod: PodOptions | None = None) -> MachineSpec:
    return MachineSpec(
        name="fedora-0",
        namespace="default",
        uid="u",
        hostname="fedora-0",
        memory=Memory(guest=1),
        firmware=Firmware(uuid="x"),
        nics=nics,
        pod=pod or PodOptions(),
    )


def nic(binding: Binding | None = None, **fields: object) -> Nic:
    given = {"name": "default", "pod_nic": "eth0", "binding": binding or Masquerade(), **fields}
    return Nic(**given)


def read(case: Path) -> tuple[MachineSpec, NetState]:
    spec = yaml.safe_load((case / "spec.yaml").read_text())
    observed = yaml.safe_load((case / "observed.yaml").read_text())
    nics = msgspec.convert(spec["nics"], tuple[Nic, ...])
    pod = msgspec.convert(spec.get("pod", {}), PodOptions)
    return machine(nics, pod), msgspec.convert(observed, NetState)


def wanted(case: Path) -> tuple[NetState, NetState]:
    spec, observed = read(case)
    return bindings.desired(spec, bindings.pod_net(spec, observed)), observed


def texts(case: Path) -> dict[str, str]:
    desired, observed = wanted(case)
    ops = difference.plan(desired, observed)
    backs = difference.undo(ops, observed)
    return {
        "plan.txt": shell(ops),
        "undo.txt": shell(tuple(op for back in reversed(backs) for op in back)),
    }


def shell(ops: Plan) -> str:
    return "".join(f"{op.describe()}\n" for op in ops)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Path) -> None:
    for name, text in texts(case).items():
        assert text == (case / name).read_text(), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_done_needs_nothing_more(case: Path) -> None:
    desired, observed = wanted(case)
    host = FakeHost(observed)
    for op in difference.plan(desired, observed):
        host.perform(op)
    assert difference.plan(desired, host.state) == ()
    assert verify.mismatches(desired, host.state) == ()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case_undone_is_as_before_however_far_it_came(case: Path) -> None:
    desired, observed = wanted(case)
    ops = difference.plan(desired, observed)
    undo = difference.undo(ops, observed)
    for done in range(len(ops) + 1):
        host = FakeHost(observed)
        for op in ops[:done]:
            host.perform(op)
        for op in (op for backs in reversed(undo[:done]) for op in backs):
            host.perform(op)
        assert normal(host.state) == normal(observed)


def test_facts_by_name() -> None:
    net = bindings.pod_net(machine((nic(),)), POD)
    assert net.attachment("default").pod_nic == "eth0"
    with pytest.raises(KeyError):
        net.attachment("other")


def test_absent_nics_and_those_from_elsewhere_are_left_out() -> None:
    spec = machine((nic(Bridge(), state="absent"), nic(Elsewhere(), name="fast")))
    assert bindings.pod_net(spec, POD).attachments == ()
    assert bindings.desired(spec, bindings.pod_net(spec, POD)) == NetState()


def pod_with(*names: str) -> NetState:
    address = (Address.parse("10.1.1.5/24"),)
    return NetState(
        links=tuple(
            Link(name=name, kind="veth", mac="02:00:00:00:00:05", mtu=1500, addresses=address)
            for name in names
        ),
        routes=tuple(Route(destination="10.1.1.0/24", device=name) for name in names),
    )


def test_links_of_old_machines_are_numbered() -> None:
    spec = machine((nic(Bridge(), name="blue", pod_nic="podb", primary=False, ordinal=2),))
    (found,) = bindings.pod_net(spec, pod_with("net2")).attachments
    assert (found.pod_nic, found.bridge, found.tap) == ("net2", "k6t-net2", "tap2")
    (found,) = bindings.pod_net(spec, pod_with("podb")).attachments
    assert (found.pod_nic, found.bridge, found.tap) == ("podb", "k6t-b", "tapb")


def test_the_bridges_address_counts_those_that_are_made_now_and_the_server_all() -> None:
    names = ("a", "b", "c")
    nics = tuple(nic(Bridge(), name=name, pod_nic=f"pod{name}", primary=False) for name in names)
    pod = pod_with("poda", "podb", "podc")
    (found,) = bindings.pod_net(machine(nics), pod, ["c"]).attachments
    assert str(found.bridge_address) == "169.254.75.10/32"
    assert found.lease is not None
    assert found.lease.server == "169.254.75.12"


def test_the_bridges_of_old_machines_count_by_the_nics_and_not_by_the_networks() -> None:
    red = nic(Bridge(), name="red", pod_nic="podr", primary=False, ordinal=2)
    blue = nic(Bridge(), name="blue", pod_nic="podb", primary=False, ordinal=1)
    spec = machine((red, nic(name="default"), blue))
    net = bindings.pod_net(spec, pod_with("eth0", "net1", "net2"))
    addresses = {each.pod_nic: str(each.bridge_address) for each in net.attachments}
    assert addresses["net1"] == "169.254.75.10/32"
    assert addresses["net2"] == "169.254.75.12/32"


def test_nics_are_set_up_in_the_order_that_they_are_named_in() -> None:
    nics = tuple(nic(Bridge(), name=name, pod_nic=f"pod{name}", primary=False) for name in "ab")
    net = bindings.pod_net(machine(nics), pod_with("poda", "podb"), ["b", "a", "other"])
    assert [each.name for each in net.attachments] == ["b", "a"]
    assert str(net.attachments[0].bridge_address) == "169.254.75.10/32"


def test_what_kubevirt_deletes_of_a_nic_that_is_not_to_be_there() -> None:
    blue = nic(Bridge(), name="blue", pod_nic="podb", primary=False)
    assert shell(bindings.strays(blue)) == (
        "ip link delete k6t-b\nip link delete tapb\nip link delete podb\n"
    )
    assert bindings.strays(nic(ManagedTap(), name="x", pod_nic="podx", primary=False)) == ()


def test_only_the_first_masqueraded_nic_has_nat() -> None:
    spec = machine((nic(), nic(name="more", pod_nic="net1", primary=False)))
    net = bindings.pod_net(spec, pod_with("eth0", "net1"))
    (table,) = bindings.desired(spec, net).tables
    (jump,) = table.chains[0].rules
    assert jump.matches[0].values == ("eth0",)


def test_a_plugins_tap_is_taken_where_there_is_one() -> None:
    spec = machine((nic(PluginTap()),))
    (found,) = bindings.pod_net(spec, pod_with("eth0", "tap0")).attachments
    assert found.tap == "tap0"
    (found,) = bindings.pod_net(spec, pod_with("eth0")).attachments
    assert found.tap == "eth0"
    assert bindings.removal(found) == ()
    with pytest.raises(HostError, match="no link `eth0`"):
        bindings.pod_net(spec, NetState())


def test_passt_needs_two_settings() -> None:
    spec = machine((nic(Passt()),))
    net = bindings.pod_net(spec, POD)
    assert net.attachments[0].tap == ""
    assert [str(a) for a in net.attachments[0].addresses] == ["10.244.1.2/24", "fd10:244:0:1::2/64"]
    assert bindings.desired(spec, net) == NetState(
        sysctls=(
            Sysctl(key="net/ipv4/ping_group_range", value="107 107"),
            Sysctl(key="net/ipv4/ip_unprivileged_port_start", value="0"),
        )
    )
    assert "net/ipv4/ping_group_range" in bindings.setting_keys(net)


def test_a_tap_has_the_queues_that_its_nic_has_already() -> None:
    spec = machine((nic(queues=4, known_queues=2), nic(name="x", pod_nic="eth1", queues=4)))
    desired = bindings.desired(spec, bindings.pod_net(spec, pod_with("eth0", "eth1")))
    assert [link.queues for link in desired.links if link.kind == "tap"] == [2, 4]


def test_what_goes_of_a_nic() -> None:
    spec = machine((nic(Bridge(), name="blue", pod_nic="podb", primary=False),))
    net = bindings.pod_net(spec, pod_with("podb"))
    assert shell(bindings.removal(net.attachments[0])) == (
        "ip link delete k6t-b\nip link delete tapb\nip link delete podb\n"
    )
    masqueraded = bindings.pod_net(machine((nic(),)), POD).attachments[0]
    assert shell(bindings.removal(masqueraded)) == "ip link delete k6t-eth0\nip link delete tap0\n"


def test_who_needs_a_stand_in() -> None:
    assert bindings.needs_holder([nic(), nic(ManagedTap())])
    assert not bindings.needs_holder([nic(), nic(PluginTap())])


if __name__ == "__main__":
    for each in CASES:
        for file, content in texts(each).items():
            (each / file).write_text(content)
