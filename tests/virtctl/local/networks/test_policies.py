"""What policies mean for pods; the objects are those of the API."""

import json

import pytest

from virtctl.local.networks.policies import Allow, Block, Ports, World, guards


def pod(name: str, ip: str, *, namespace: str = "a", node: str = "node1", lan: str = "", **labels):
    metadata = {"name": name, "namespace": namespace, "uid": name, "labels": labels}
    entries = [{"name": "pod", "interface": "eth0", "ips": [ip], "default": True}]
    if lan:
        entry = {"name": "a/lan", "interface": "net1", "mac": f"02:00:00:00:00:0{name[-1]}"}
        entries.append(entry | ({"ips": [lan]} if lan != "mac" else {}))
    metadata["annotations"] = {"k8s.v1.cni.cncf.io/network-status": json.dumps(entries)}
    ports = [{"name": "web", "containerPort": 8080}]
    return {
        "metadata": metadata,
        "spec": {"nodeName": node, "containers": [{"name": "c", "ports": ports}]},
        "status": {"phase": "Running", "podIPs": [{"ip": ip}]},
    }


PODS = (
    pod("db1", "10.0.0.1", app="db"),
    pod("web2", "10.0.0.2", app="web"),
    pod("other3", "10.0.0.3", namespace="b", node="node2", app="web"),
)
LABELS = {"a": {"team": "x"}, "b": {"team": "y"}}


def policy(selector: dict, **spec) -> dict:
    return {
        "metadata": {"name": "p", "namespace": "a"},
        "spec": {"podSelector": selector, **spec},
    }


def of(*policies: dict, node: str = "node1", pods=PODS, multi: tuple = ()):
    world = World(policies=policies, multi=multi, pods=pods, labels=LABELS)
    return {guard.pod: guard for guard in guards(world, node)}


DB = {"matchLabels": {"app": "db"}}


def allowed(*peers: dict, **more):
    (rule,) = of(policy(DB, ingress=[{"from": list(peers), **more}]))["db1"].ingress
    return rule


def test_pods_that_nobody_selects_are_open() -> None:
    assert of() == {}
    assert set(of(policy(DB))) == {"db1"}
    assert of(policy(DB), node="node2") == {}


def test_by_default_nothing_may_come() -> None:
    guard = of(policy({}))["web2"]
    assert (guard.ingress, guard.egress, guard.addresses) == ((), None, ("10.0.0.2",))


def test_types_are_what_is_said_or_what_has_rules() -> None:
    assert of(policy(DB, egress=[]))["db1"].egress == ()
    guard = of(policy(DB, policyTypes=["Egress"]))["db1"]
    assert (guard.ingress, guard.egress) == (None, ())
    guard = of(policy(DB, policyTypes=["Ingress"], egress=[{}]))["db1"]
    assert guard.egress is None


def test_pods_of_the_same_namespace() -> None:
    assert allowed({"podSelector": {"matchLabels": {"app": "web"}}}).blocks == (Block("10.0.0.2"),)


def test_pods_of_other_namespaces() -> None:
    chosen = {"namespaceSelector": {"matchLabels": {"team": "y"}}}
    assert allowed(chosen).blocks == (Block("10.0.0.3"),)
    both = chosen | {"podSelector": {"matchExpressions": [{"key": "app", "operator": "Exists"}]}}
    assert allowed(both).blocks == (Block("10.0.0.3"),)
    assert allowed(chosen | {"podSelector": DB}).blocks == ()
    assert len(allowed({"namespaceSelector": {}}).blocks) == 3


def test_blocks_of_addresses() -> None:
    block = {"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.8/29"]}}
    assert allowed(block).blocks == (Block("192.0.2.0/24", ("192.0.2.8/29",)),)
    assert allowed({"ipBlock": {"cidr": "1.2.3.4; flush ruleset"}}) == Allow()


def test_no_peers_are_all_of_them() -> None:
    assert allowed() == Allow(any_peer=True)


@pytest.mark.parametrize(
    ("port", "found"),
    [
        ({}, Ports("tcp")),
        ({"protocol": "UDP", "port": 53}, Ports("udp", 53, 53)),
        ({"port": 80, "endPort": 90}, Ports("tcp", 80, 90)),
        ({"port": "web"}, Ports("tcp", 8080, 8080)),
    ],
)
def test_ports(port: dict, found: Ports) -> None:
    assert allowed(ports=[port]) == Allow(any_peer=True, ports=(found,))


def test_ports_that_nobody_has_allow_nothing() -> None:
    assert allowed(ports=[{"port": "nosuch"}]) == Allow()
    assert allowed(ports=[{"protocol": "ICMP"}]) == Allow()


def test_named_ports_of_egress_are_those_of_the_peers() -> None:
    rule = {"to": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": "web"}]}
    (allow,) = of(policy(DB, egress=[rule], policyTypes=["Egress"]))["db1"].egress
    assert allow == Allow(blocks=(Block("10.0.0.2"),), ports=(Ports("tcp", 8080, 8080),))


def test_policies_add_up() -> None:
    one = policy(DB, ingress=[{"from": [{"podSelector": {}}]}])
    two = policy(DB, ingress=[{}])
    assert len(of(one, two)["db1"].ingress) == 2


def test_pods_that_are_over_are_nobody() -> None:
    gone = pod("web4", "10.0.0.4", app="web")
    gone["status"]["phase"] = "Succeeded"
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    (allow,) = of(policy(DB, ingress=[rule]), pods=(*PODS, gone))["db1"].ingress
    assert allow.blocks == (Block("10.0.0.2"),)


def test_networks_beside_the_pod_network() -> None:
    pods = (
        pod("vm1", "10.0.0.1", lan="172.16.0.1", app="db"),
        pod("vm2", "10.0.0.2", lan="172.16.0.2", app="web"),
        pod("vm3", "10.0.0.3", lan="mac", app="web"),
        pod("vm4", "10.0.0.4", app="web"),
    )
    rule = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}]}
    multi = policy(DB, ingress=[rule])
    multi["metadata"]["annotations"] = {"k8s.v1.cni.cncf.io/policy-for": "other/x, lan"}
    guard = of(pods=pods, multi=(multi,))["vm1"]
    assert (guard.link, guard.addresses) == ("net1", ("172.16.0.1",))
    assert guard.ingress == (Allow(blocks=(Block("172.16.0.2"),), macs=("02:00:00:00:00:03",)),)
    multi["metadata"]["annotations"] = {}
    assert of(pods=pods, multi=(multi,)) == {}


def test_links_have_names_that_stay() -> None:
    assert of(policy(DB))["db1"].name == of(policy(DB), policy(DB))["db1"].name
