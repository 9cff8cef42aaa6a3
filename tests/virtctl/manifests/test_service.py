import pytest

from virtctl.errors import UsageError, VirtctlError
from virtctl.manifests.service import Choices, Wish, build, choices, label_value
from virtctl.models.documents import Document, child
from virtctl.models.kinds import (
    INSTANCE_REPLICA_SET,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
)

PLAIN = Choices("ClusterIP", "TCP", [], "")


def machine(kind: Kind, **selector: object) -> Document:
    spec: Document = {
        "networks": [{"name": "lan", "multus": {}}, {"name": "pods", "pod": {}}],
        "domain": {
            "devices": {
                "interfaces": [
                    {"name": "lan", "ports": [{"port": 1}]},
                    {
                        "name": "pods",
                        "ports": [{"port": 8080, "name": "web"}, {"port": 53, "protocol": "UDP"}],
                    },
                ]
            }
        },
    }
    if kind != VIRTUAL_MACHINE_INSTANCE:
        spec = {"template": {"spec": spec}, "selector": dict(selector)}  # type: ignore[dict-item]
    return {"metadata": {"name": "web", "uid": "u1"}, "spec": spec}


@pytest.mark.parametrize("kind", [VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE])
def test_ports_that_the_pod_network_declares(kind: Kind) -> None:
    made = build(Wish("svc"), PLAIN, kind, machine(kind))
    assert child(made, "spec")["ports"] == [
        {"name": "port-1", "port": 8080, "targetPort": 0},
        {"name": "port-2", "port": 53, "protocol": "UDP", "targetPort": 0},
    ]
    assert child(made, "spec")["selector"] == {"vmi.kubevirt.io/id": "web"}


def test_all_flags_and_the_owner() -> None:
    wish = Wish(
        "svc", 80, "http", "udp", "8080", "loadbalancer", "10.0.0.9", "192.0.2.9", "ipv6,ipv4"
    )
    owner = machine(VIRTUAL_MACHINE)
    assert build(wish, choices(wish), VIRTUAL_MACHINE, owner) == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {
            "name": "svc",
            "ownerReferences": [
                {
                    "apiVersion": "kubevirt.io/v1",
                    "kind": "VirtualMachine",
                    "name": "web",
                    "uid": "u1",
                    "controller": True,
                    "blockOwnerDeletion": False,
                }
            ],
        },
        "spec": {
            "ports": [{"port": 80, "name": "http", "protocol": "UDP", "targetPort": 8080}],
            "selector": {"vmi.kubevirt.io/id": "web"},
            "type": "LoadBalancer",
            "clusterIP": "10.0.0.9",
            "externalIPs": ["192.0.2.9"],
            "ipFamilies": ["IPv6", "IPv4"],
            "ipFamilyPolicy": "PreferDualStack",
        },
    }


def test_a_target_port_may_have_a_name() -> None:
    made = build(Wish("s", 80, target_port="web"), PLAIN, VIRTUAL_MACHINE, machine(VIRTUAL_MACHINE))
    ports = child(made, "spec")["ports"]
    assert isinstance(ports, list)
    assert ports[0] == {"port": 80, "protocol": "TCP", "targetPort": "web"}


def test_replica_sets_are_selected_by_their_labels() -> None:
    kind = INSTANCE_REPLICA_SET
    made = build(Wish("s", 80), PLAIN, kind, machine(kind, matchLabels={"app": "web"}))
    assert child(made, "spec")["selector"] == {"app": "web"}
    with pytest.raises(VirtctlError, match="without any selector labels"):
        build(Wish("s", 80), PLAIN, kind, machine(kind))
    with pytest.raises(VirtctlError, match="with match expressions"):
        build(Wish("s", 80), PLAIN, kind, machine(kind, matchExpressions=[{}]))


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        (Wish("s", type="ExternalName"), "`ExternalName` for flag `--type`"),
        (Wish("s", type="round"), "must be one of ClusterIP, NodePort, LoadBalancer"),
        (Wish("s", protocol="sctp"), "`sctp` for flag `--protocol`"),
        (Wish("s", protocol=""), "`` for flag `--protocol`"),
        (Wish("s", type=""), "`` for flag `--type`"),
        (Wish("s", ip_family="ipv5"), "must be one of IPv4, IPv6, IPv4,IPv6"),
        (Wish("s", ip_family_policy="both"), "`both` for flag `--ip-family-policy`"),
    ],
)
def test_words_that_do_not_exist(wish: Wish, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choices(wish)


def test_two_families_want_a_policy() -> None:
    assert choices(Wish("s", ip_family="IPv4,IPv6")).policy == "PreferDualStack"
    found = choices(Wish("s", ip_family="IPv4,IPv6", ip_family_policy="requiredualstack"))
    assert found.policy == "RequireDualStack"


def test_no_port_anywhere() -> None:
    with pytest.raises(VirtctlError, match="couldn't find port"):
        build(Wish("s"), PLAIN, VIRTUAL_MACHINE, {"metadata": {"name": "a"}, "spec": {}})


def test_long_names_are_cut_and_told_apart() -> None:
    assert label_value("a" * 63) == "a" * 63
    cut = label_value("a" * 64)
    assert (len(cut), cut[:55]) == (63, "a" * 54 + "-")
    assert cut != label_value("a" * 65)
