import json

from virtctl.output.addresses import Address, merge


def instance(binding: str = "masquerade", **interface: object) -> dict[str, object]:
    return {
        "spec": {
            "domain": {
                "devices": {"interfaces": [{"name": "default", binding: {}, "macAddress": "02:00"}]}
            },
            "networks": [{"name": "default", "pod": {}}],
        },
        "status": {"interfaces": [{"name": "default", "mac": "02:00", **interface}]},
    }


POD = {
    "metadata": {
        "annotations": {
            "k8s.v1.cni.cncf.io/network-status": json.dumps(
                [{"ips": ["10.244.1.2"], "mac": "0a:58"}]
            )
        }
    },
    "status": {"podIPs": [{"ip": "10.244.1.2"}, {"ip": "fd10:244::2"}]},
}


def shown(found: list[Address]) -> list[tuple[str, bool, str]]:
    return [(a.address, a.reachable, ",".join(a.sources)) for a in found]


def test_masquerade_tells_where_to_reach_it_from_what_it_sees() -> None:
    vmi = instance(ipAddress="10.244.1.2", ipAddresses=["10.244.1.2"], infoSource="domain")
    assert shown(merge(vmi, POD)) == [
        ("10.244.1.2", True, "instance,pod,network"),
        ("fd10:244::2", True, "pod"),
        ("10.0.2.2", False, "masquerade"),
    ]


def test_the_pods_address_is_known_before_the_agents() -> None:
    vmi = instance()
    assert shown(merge(vmi, POD))[0] == ("10.244.1.2", True, "pod,network")


def test_an_agents_inner_address_is_not_where_to_reach_it() -> None:
    vmi = instance(ipAddress="10.0.2.2", ipAddresses=["10.0.2.2"], infoSource="guest-agent")
    found = merge(vmi, {})
    assert shown(found) == [("10.0.2.2", False, "agent,masquerade")]


def test_a_bridged_guests_address_is_its_own() -> None:
    vmi = instance("bridge", ipAddresses=["192.168.1.5/24", "fe80::1"], infoSource="guest-agent")
    assert shown(merge(vmi, {})) == [("192.168.1.5", True, "agent"), ("fe80::1", False, "agent")]


def test_the_bridge_binding_leaves_the_pods_ipv6_address_behind() -> None:
    vmi = instance("bridge", ipAddress="10.244.1.2", infoSource="domain")
    assert shown(merge(vmi, POD)) == [("10.244.1.2", True, "instance,pod,network")]


def test_another_masquerade_network() -> None:
    vmi = instance()
    vmi["spec"]["networks"][0]["pod"] = {"vmNetworkCIDR": "10.11.12.0/24"}  # type: ignore[index]
    assert shown(merge(vmi, {})) == [("10.11.12.2", False, "masquerade")]


def test_broken_annotations_are_no_news() -> None:
    pod = {"metadata": {"annotations": {"k8s.v1.cni.cncf.io/network-status": "{broken"}}}
    assert merge({"status": {}}, pod) == []


def test_families_and_json() -> None:
    one = Address("10.0.0.1", "default", "02:00", sources=["pod"])
    assert one.matches("4")
    assert not one.matches("6")
    assert one.document() == {
        "address": "10.0.0.1", "use": "reach", "interface": "default", "mac": "02:00",
        "sources": ["pod"],
    }  # fmt: skip
