import pytest

from launcher import hostnet
from launcher.errors import HostError
from launcher.hostnet import Backend, VirtualService
from tests.fakes.background import background
from tests.fakes.service import make_service
from tests.fakes.waiting import until
from virtctl.local.networks.serviceips import CIDR
from virtctl.local.node.services import ServiceRules, virtual_services
from virtctl.models.kinds import ENDPOINT_SLICE, SERVICE


def service(name="web", cluster_ip="10.96.1.1", *ports, **spec):
    listed = list(ports) or [{"name": "ssh", "port": 22}]
    return {
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"clusterIP": cluster_ip, "ports": listed, **spec},
    }


def piece(*addresses, name="web", version="IPv4", ready=True, port="ssh"):
    endpoints = [{"addresses": [one], "conditions": {"ready": ready}} for one in addresses]
    return {
        "metadata": {
            "name": f"{name}-{version.lower()}",
            "namespace": "default",
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": version,
        "endpoints": endpoints,
        "ports": [{"name": port, "port": 2222}],
    }


def backends(*slices):
    (found,) = virtual_services([service()], slices)
    return [one.address for one in found.backends]


def test_a_service_s_ports_lead_to_what_is_ready():
    (found,) = virtual_services([service()], [piece("10.244.1.2", "10.244.1.3")])
    assert found == VirtualService(
        address="10.96.1.1", protocol="tcp", port=22,
        backends=(
            Backend(address="10.244.1.2", port=2222), Backend(address="10.244.1.3", port=2222),
        ),
    )  # fmt: skip


def test_what_does_not_count():
    assert backends(piece("10.244.1.2", ready=False)) == []
    assert backends(piece("fd10::2", version="IPv6")) == []
    assert backends(piece("10.244.1.2", name="other")) == []
    assert backends(piece("10.244.1.2", port="http")) == []


@pytest.mark.parametrize(
    "address", ["", "host.example", "10.244.1.2; flush ruleset", "10.244.1", "fd10::2", 7, None]
)
def test_what_is_no_address_never_reaches_nft(address):
    assert backends(piece(address, "10.244.1.3")) == ["10.244.1.3"]


def test_ports_and_protocols_that_there_are_not():
    odd = piece("10.244.1.2")
    odd["ports"][0]["port"] = 70000
    assert backends(odd) == []
    strange = {"port": 22, "protocol": "tcp accept"}
    assert list(virtual_services([service("web", "10.96.1.1", strange)], [])) == []


def test_services_without_an_address_of_ours_have_no_rules():
    assert list(virtual_services([service(cluster_ip="None")], [])) == []
    assert list(virtual_services([service(cluster_ip="192.0.2.1")], [])) == []


def test_stickiness_and_protocol():
    udp = {"port": 53, "protocol": "UDP"}
    (found,) = virtual_services([service("web", "10.96.1.1", udp, sessionAffinity="ClientIP")], [])
    assert (found.protocol, found.sticky) == ("udp", True)


async def test_changes_reach_every_node_once():
    api, heard = make_service(), []
    network = hostnet.design(["node1", "node2"], directory="/d")
    rules = ServiceRules(api, network, lambda node, found, cidr: heard.append((node, found, cidr)))
    async with background(rules.run()):
        await until(lambda: len(heard) == 2)  # those of an earlier daemon may be there
        assert {found for _, found, _ in heard} == {()}
        heard.clear()
        api.create(ENDPOINT_SLICE, "default", piece("10.244.1.2"))
        api.create(SERVICE, "default", service())
        await until(lambda: len(heard) == 2)
        assert [node.name for node, _, _ in heard] == ["node1", "node2"]
        (_, (found,), cidr), _ = heard
        assert (found.port, cidr) == (22, CIDR)
        api.delete(SERVICE, "default", "web")
        await until(lambda: len(heard) == 4)
        assert heard[-1][1] == ()


async def test_rules_that_are_refused_are_told(caplog):
    api = make_service()

    def refuse(node, found, cidr):
        raise HostError("no such hook")

    rules = ServiceRules(api, hostnet.design(["node1"], directory="/d"), refuse)
    async with background(rules.run()) as (task,):
        api.create(SERVICE, "default", service())
        await until(
            lambda: "addresses of services do not work on node1: no such hook" in caplog.text
        )
        assert not task.done()
