"""Rules of interfaces and networks."""

import pytest

from tests.fakes.rules import fields, gates, said, with_devices
from virtctl.local.api.rules import network

PATH = "spec.domain.devices.interfaces[0]"
POD = {"name": "default", "pod": {}}
MULTUS = {"name": "default", "multus": {"networkName": "n"}}


def nic(binding="masquerade", **parts):
    return {"name": "default", binding: {}, **parts}


def ports(start, end, protocol="TCP"):
    return {"start": start, "end": end, "protocol": protocol}


def causes(interfaces, networks=(POD,), context=None):
    document = with_devices(interfaces=[*interfaces], networks=networks)
    return said(network.network_causes(document, "spec", context or gates()))


@pytest.mark.parametrize(
    ("interface", "net"),
    [
        (nic(), POD),
        (nic("bridge", model="e1000", macAddress="02:00:00:00:00:01"), MULTUS),
        (nic(ports=[{"port": 22, "name": "ssh", "protocol": "TCP"}, {"port": 53}]), POD),
        (nic(dhcpOptions={"privateOptions": [{"option": 224, "value": "x"}]}), POD),
        (nic(state="down", pciAddress="0000:01:00.0"), POD),
        (nic(macAddress="0200.0000.0001", pciAddress="0000:01:20.0"), POD),
        (nic("passtBinding"), POD),
        (nic("bridge", state="absent"), MULTUS),
    ],
)
def test_good_interfaces(interface, net):
    assert causes([interface], [net]) == []


@pytest.mark.parametrize(
    ("interface", "field", "message"),
    [
        ({"name": "default"}, PATH, "exactly one binding"),
        (nic(bridge={}), PATH, "exactly one binding"),
        (nic(model="rtl8029"), f"{PATH}.model", "not supported"),
        (nic(macAddress="x"), f"{PATH}.macAddress", "malformed MAC address (x)"),
        (nic(macAddress="02:00:00:00:00:01:02:03"), f"{PATH}.macAddress", "too long"),
        (nic(macAddress="02:00-00:00:00:01"), f"{PATH}.macAddress", "malformed MAC address"),
        (nic(pciAddress="x"), f"{PATH}.pciAddress", "malformed PCI address"),
        (nic(state="sideways"), f"{PATH}.state", "sideways"),
        (nic(ports=[{"port": 0}]), f"{PATH}.ports[0].port", "mandatory"),
        (nic(ports=[{"port": 70000}]), f"{PATH}.ports[0].port", "in range"),
        (nic(ports=[{"port": 1, "protocol": "tcp"}]), f"{PATH}.ports[0].protocol", "TCP or UDP"),
        (nic(ports=[{"port": 1, "name": "B_d"}]), f"{PATH}.ports[0].name", "B_d"),
        (
            nic(ports=[{"port": 1, "name": "a"}, {"port": 2, "name": "a"}]),
            f"{PATH}.ports[1].name",
            "Duplicate",
        ),
        (nic(dhcpOptions={"ntpServers": ["::1"]}), f"{PATH}.dhcpOptions.ntpServers[0]", "IPv4"),
        (nic(dhcpOptions={"privateOptions": [{"option": 1}]}), "spec", "224 to 254"),
        (nic(portRanges=[{"start": 1}]), f"{PATH}.name", "PortRangesSpec"),
    ],
)
def test_bad_interfaces(interface, field, message):
    ((where, text),) = causes([interface])
    assert where == field
    assert message in text


@pytest.mark.parametrize(
    ("networks", "field", "message"),
    [
        ([{"name": "default"}], "spec.networks[0]", "should have a network type"),
        ([{**POD, **MULTUS}], "spec.networks[0]", "only one network type"),
        ([{"name": "default", "multus": {}}], "spec.networks[0]", "must have a networkName"),
        (
            [{"name": "default", "resourceClaim": {}}],
            "spec.networks",
            "NetworkDevicesWithDRA",
        ),
    ],
)
def test_bad_networks(networks, field, message):
    assert any(
        where == field and message in text for where, text in causes([nic("bridge")], networks)
    )


def test_names_pair():
    assert causes([nic()], [])[1] == (f"{PATH}.name", f"{PATH}.name 'default' not found.")
    assert causes([]) == [("spec.networks[0].name", "spec.networks[0].name 'default' not found.")]
    found = causes([nic(), nic()], [POD, POD])
    assert {field for field, _ in found} == {
        "spec.interfaces",
        "spec.networks[1].name",
        "spec.domain.devices.interfaces[1].name",
    }


def test_masquerade_needs_the_pod_network():
    assert causes([nic()], [MULTUS]) == [
        (f"{PATH}.name", "Masquerade interface only implemented with pod network")
    ]


def test_bridge_on_the_pod_network_can_be_forbidden():
    assert causes([nic("bridge")]) == []
    context = gates(network={"permitBridgeInterfaceOnPodNetwork": False})
    assert len(causes([nic("bridge")], context=context)) == 1


def test_one_default_network():
    first = {"name": "a", "multus": {"networkName": "n", "default": True}}
    second = {**first, "name": "b"}
    interfaces = [{"name": name, "bridge": {}} for name in ("a", "b")]
    assert causes(interfaces, [first, second]) == [
        ("spec.networks", "Multus CNI should only have one default network")
    ]


def test_retired_bindings():
    document = with_devices(interfaces=[nic("macvtap"), nic("slirp")])
    assert fields(network.retired_causes(document, "spec")) == [
        f"{PATH}.macvtap",
        "spec.domain.devices.interfaces[1].slirp",
    ]


@pytest.mark.parametrize(
    ("interface", "net", "message"),
    [
        (nic("sriov", state="down"), MULTUS, "not supported for SR-IOV NICs"),
        (nic("sriov", state="absent"), MULTUS, "supported only for bridge binding"),
        (nic("bridge", state="absent"), POD, "not supported on default networks"),
        (nic(macAddress="02:00:00:00:00:00"), POD, "reserved for the in-pod bridge"),
        (nic("passtBinding"), MULTUS, "PasstBinding interface only implemented"),
        (nic("passt"), POD, "exactly one binding method"),
    ],
)
def test_what_a_binding_cannot(interface, net, message):
    ((_, text),) = causes([interface], [net])
    assert message in text


@pytest.mark.parametrize(
    ("parts", "where", "message"),
    [
        ({"portRanges": [{"protocol": "ICMP"}]}, ".portRanges[0].protocol", "only TCP or UDP"),
        ({"portRanges": [ports(0, 1)]}, ".portRanges[0].start", "Start must be a valid"),
        ({"portRanges": [ports(1, 0)]}, ".portRanges[0].end", "End must be a valid"),
        ({"portRanges": [ports(9, 8)]}, ".portRanges[0].start", "less than or equal"),
        ({"portRanges": [ports(1, 5), ports(5, 8)]}, ".portRanges", "[1-5] and [5-8] overlap"),
        ({"portRanges": [ports(n, n) for n in range(1, 12)]}, ".portRanges", "No more than 10"),
        ({"portRanges": [ports(1, 2)], "ports": [{"port": 1}]}, ".name", "both ports and"),
    ],
)
def test_bad_port_ranges(parts, where, message):
    ((field, text),) = causes([nic(**parts)], context=gates("PortRangesSpec"))
    assert field == PATH + where
    assert message in text


def test_port_ranges_are_for_masquerade():
    found = causes([nic("bridge", portRanges=[ports(1, 2)])], context=gates("PortRangesSpec"))
    assert "only supported on masquerade" in found[0][1]


def test_retired_bindings_are_said_to_be_so():
    listed = [nic(name) for name in ("slirp", "passt", "macvtap")]
    found = said(network.retired_causes(with_devices(interfaces=listed), "spec"))
    assert all("has been discontinued since v1.3" in text for _, text in found)
    assert len(found) == 3


@pytest.mark.parametrize(
    ("key", "cidr", "problem"),
    [
        ("vmNetworkCIDR", "10.0.2.0/30", ""),
        ("vmNetworkCIDR", "10.0.2.57/24", ""),
        ("vmNetworkCIDR", "10.0.2.0/31", "is too small"),
        ("vmIPv6NetworkCIDR", "fd10:0:2::/126", ""),
        ("vmIPv6NetworkCIDR", "fd10:0:2::/127", "use a prefix of at most 126"),
    ],
)
def test_networks_of_the_guests_own(key, cidr, problem):
    found = causes([nic()], [{"name": "default", "pod": {key: cidr}}])
    assert bool(found) is bool(problem)
    assert not problem or problem in str(found)
    assert not problem or f"spec.networks[0].pod.{key}" in str(found)


@pytest.mark.parametrize(
    ("text", "good"),
    [("02:00:00:00:00:01", True), ("02-00-00-00-00-01", True), ("02:00", False), ("x", False)],
)
def test_addresses_of_ethernet(text, good):
    assert network.is_mac(text) is good


@pytest.mark.parametrize("cidr", ["fd00::/64", "10.0.2.0", "a/b"])
def test_what_is_no_network_is_let_in_with_a_warning(cidr):
    context = gates()
    networks = [{"name": "default", "pod": {"vmNetworkCIDR": cidr}}]
    spec = with_devices(interfaces=[nic()], networks=networks)
    assert not list(network.network_causes(spec, "spec", context))
    assert not list(network.network_causes(spec, "spec", context))
    assert [f"`{cidr}` is no CIDR of IPv4" in warning for warning in context.warnings] == [True]
