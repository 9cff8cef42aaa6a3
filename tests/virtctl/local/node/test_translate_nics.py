"""NICs and their networks."""

import pytest

from launcher.spec import (
    Bridge,
    DhcpOptions,
    Elsewhere,
    ManagedTap,
    Masquerade,
    Nic,
    Passt,
    PluginTap,
    Port,
    PrivateOption,
)
from tests.fakes.manifests import instance, with_nic
from virtctl.errors import InvalidField
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate_nics import LiveChanges, live_changes, nics, pod_options


def made(vmi, facts: TranslateFacts | None = None, vcpus: int = 1) -> tuple[Nic, ...]:
    return nics(vmi, facts or TranslateFacts(), vcpus)


def test_none() -> None:
    assert made(instance()) == ()


def test_masquerade() -> None:
    assert made(with_nic()) == (
        Nic(name="default", pod_nic="eth0", binding=Masquerade(), primary=True),
    )


def test_masquerade_with_a_network_of_its_own() -> None:
    (found,) = made(with_nic(network={"pod": {"vmNetworkCIDR": "10.9.0.0/24"}}))
    assert found.binding == Masquerade(cidr="10.9.0.0/24")


def test_options() -> None:
    interface = {
        "masquerade": {}, "macAddress": "02:00:00:00:00:01", "model": "virtio",
        "ports": [{"port": 22, "name": "ssh"}, {"port": 53, "protocol": "UDP"}],
        "bootOrder": 2, "acpiIndex": 3, "state": "down", "pciAddress": "0000:05:00.0",
        "tag": "lan",
        "dhcpOptions": {
            "bootFileName": "b", "tftpServerName": "t", "ntpServers": ["10.0.0.1"],
            "privateOptions": [{"option": 240, "value": "v"}],
        },
    }  # fmt: skip
    (found,) = made(with_nic(interface))
    assert found.mac == "02:00:00:00:00:01"
    assert found.ports == (Port(port=22, name="ssh"), Port(port=53, protocol="UDP"))
    assert (found.boot_order, found.acpi_index, found.state) == (2, 3, "down")
    assert found.tag == "lan"
    assert found.dhcp == DhcpOptions(
        boot_file_name="b",
        tftp_server_name="t",
        ntp_servers=("10.0.0.1",),
        private_options=(PrivateOption(option=240, value="v"),),
    )


@pytest.mark.parametrize(
    ("model", "vcpus", "queues"), [("virtio", 4, 4), ("virtio", 999, 256), ("e1000", 4, 0)]
)
def test_queues(model: str, vcpus: int, queues: int) -> None:
    vmi = with_nic(
        {"masquerade": {}, "model": model},
        spec__domain__devices__networkInterfaceMultiqueue=True,
    )
    vmi["spec"]["domain"]["devices"]["networkInterfaceMultiqueue"] = True
    assert made(vmi, vcpus=vcpus)[0].queues == queues


def secondary(status: list | None = None, **fields):
    vmi = with_nic({"bridge": {}, **fields}, {"multus": {"networkName": "blue"}})
    vmi["status"] = {"interfaces": status or []}
    return vmi


def test_secondary_network() -> None:
    (found,) = made(secondary())
    assert (found.pod_nic, found.primary, found.ordinal) == ("pod37a8eec1ce1", False, 1)
    (found,) = made(secondary(), TranslateFacts(pod_nics={"default": "pod1234"}))
    assert found.pod_nic == "pod1234"


def test_secondary_networks_are_numbered_in_the_order_of_the_networks() -> None:
    vmi = instance(
        spec__domain__devices__interfaces=[{"name": n, "bridge": {}} for n in "bca"],
        spec__networks=[
            {"name": "a", "pod": {}},
            {"name": "c", "multus": {"networkName": "c"}},
            {"name": "b", "multus": {"networkName": "b"}},
        ],
    )
    assert [(nic.name, nic.ordinal) for nic in made(vmi)] == [("b", 2), ("c", 1), ("a", 0)]


def test_the_controller_knows_the_primary_link() -> None:
    vmi = with_nic()
    vmi["status"] = {"interfaces": [{"name": "default", "podInterfaceName": "ovn-udn1"}]}
    assert made(vmi)[0].pod_nic == "ovn-udn1"


def test_what_the_domain_has_already() -> None:
    known = {"name": "default", "mac": "02:00:00:00:00:0a", "queueCount": 2}
    (found,) = made(secondary([{**known, "infoSource": "domain, multus-status"}]))
    assert (found.known_mac, found.known_queues) == ("02:00:00:00:00:0a", 2)
    (found,) = made(secondary([{**known, "infoSource": "multus-status"}]))
    assert found.known_queues is None
    (found,) = made(secondary([{**known, "infoSource": "domain"}], model="e1000"))
    assert found.known_queues is None


def test_ranges_of_ports_count_behind_their_gate() -> None:
    ranges = [{"start": 8000, "end": 8010}, {"start": 20, "end": 30, "protocol": "UDP"}]
    vmi = with_nic({"masquerade": {}, "portRanges": ranges})
    assert made(vmi)[0].ports == ()
    facts = TranslateFacts(config={"developerConfiguration": {"featureGates": ["PortRangesSpec"]}})
    assert made(vmi, facts)[0].ports == (
        Port(port=8000, last=8010),
        Port(port=20, last=30, protocol="UDP"),
    )


def test_an_unknown_state_is_refused() -> None:
    with pytest.raises(InvalidField, match="logical default interface state value is unsupported"):
        made(with_nic({"masquerade": {}, "state": "sideways"}))


@pytest.mark.parametrize(
    ("note", "mesh"), [("true", True), ("TRUE", True), ("false", False), (None, False)]
)
def test_a_mesh_is_asked_for_by_annotation(note: str | None, mesh: bool) -> None:
    vmi = with_nic()
    if note is not None:
        vmi["metadata"]["annotations"] = {"sidecar.istio.io/inject": note}
    assert pod_options(vmi, TranslateFacts()).mesh is mesh


def test_migrations_over_tcp_keep_their_ports() -> None:
    vmi = with_nic()
    assert pod_options(vmi, TranslateFacts()).migration_ports
    vmi["status"] = {"migrationTransport": "Unix"}
    assert not pod_options(vmi, TranslateFacts()).migration_ports


def test_taps_belong_to_the_user_that_runs_qemu() -> None:
    gate = {"developerConfiguration": {"featureGates": ["Root"]}}
    assert pod_options(with_nic(), TranslateFacts()).tap_owner == 107
    assert pod_options(with_nic(), TranslateFacts(config=gate)).tap_owner == 0


def test_changes_of_a_running_machine() -> None:
    names = {"old": "up", "new": "", "early": "", "going": "absent", "gone": "absent"}
    names["forgotten"] = "absent"
    sources = {
        "old": "domain, multus-status",
        "new": "multus-status",
        "going": "domain, multus-status",
        "gone": "multus-status",
    }
    interfaces = [{"name": name, "state": state} for name, state in names.items()]
    vmi = instance(spec__domain__devices__interfaces=interfaces)
    status = [{"name": name, "infoSource": source} for name, source in sources.items()]
    vmi["status"] = {"interfaces": status}
    assert live_changes(vmi) == LiveChanges(plugged=("new",), unplugged=("gone",))


def test_missing_network() -> None:
    vmi = with_nic()
    vmi["spec"]["networks"] = []
    with pytest.raises(InvalidField, match=r"interfaces\[0\]\.name.*network default"):
        made(vmi)


@pytest.mark.parametrize("binding", ["sriov"])
def test_what_is_not_implemented_is_refused_by_name(binding: str) -> None:
    with pytest.raises(InvalidField, match=rf"interfaces\[0\]\.{binding}") as caught:
        made(with_nic({binding: {}}))
    assert caught.value.hint == "use one of: bridge, masquerade, passtBinding"


@pytest.mark.parametrize("binding", ["slirp", "macvtap", "passt"])
def test_what_kubevirt_has_given_up_is_refused(binding: str) -> None:
    with pytest.raises(InvalidField, match=r"has been discontinued since v1\.3"):
        made(with_nic({binding: {}}))


def test_no_binding() -> None:
    with pytest.raises(InvalidField, match="not implemented"):
        made(with_nic({}))


PLUGINS = {
    "network": {
        "binding": {
            "mine": {"domainAttachmentType": "tap"},
            "managed": {"domainAttachmentType": "managedTap"},
            "side": {"sidecarImage": "x"},
        }
    }
}
ALL = frozenset({"masquerade", "bridge", "sriov", "passtBinding", "plugin", "sidecar"})


def plugged(name: str, bindings: frozenset[str] = ALL) -> Nic:
    facts = TranslateFacts(bindings=bindings, config=PLUGINS)
    return made(with_nic({"binding": {"name": name}}), facts)[0]


def test_plugins_are_looked_up() -> None:
    assert plugged("mine").binding == PluginTap()
    assert plugged("managed").binding == ManagedTap()
    assert plugged("side").binding == Elsewhere()
    with pytest.raises(InvalidField, match=r"binding\.name.*no network binding plugin"):
        plugged("other")


def test_plugins_that_are_not_served_are_refused() -> None:
    with pytest.raises(InvalidField, match="sidecars of binding plugins"):
        plugged("side", frozenset({"plugin"}))
    with pytest.raises(InvalidField, match="plugins are not implemented"):
        plugged("mine", frozenset())


def test_all_bindings() -> None:
    facts = TranslateFacts(bindings=ALL)
    assert made(with_nic({"bridge": {}}), facts)[0].binding == Bridge()
    assert made(with_nic({"sriov": {}}), facts)[0].binding == Elsewhere()
    named = TranslateFacts(bindings=ALL, pod_nics={"default": "eth0"})
    assert made(with_nic({"passtBinding": {}}), named)[0].binding == Passt()


def test_passt_waits_for_the_name_of_the_pods_link() -> None:
    vmi, facts = with_nic({"passtBinding": {}}), TranslateFacts(bindings=ALL)
    with pytest.raises(InvalidField, match="has not been reported yet"):
        made(vmi, facts)
    vmi["status"] = {"interfaces": [{"name": "default", "podInterfaceName": "ovn-udn1"}]}
    assert made(vmi, facts)[0].pod_nic == "ovn-udn1"
