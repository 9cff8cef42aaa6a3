"""All that can be wrong with a machine's networks, and the words by which ``net check`` and ``net
policy why`` name the cause.

``FAULTS`` is the list. Each fault is made in a control plane in memory, whose controllers and node
agent are the real ones, or in what a node shows of links; the command then runs against that. Words
of plugins and of OVN are those of ``pluginwords``, which tests with the real programs confirm:
``test_secondary``, ``test_overlays`` and ``test_nodeapply``. The same with real machines is in
``tests/vm/test_network_faults.py``.
"""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from launcher.hostnet import LinkMade
from launcher.net import secondary
from launcher.net.model import Link
from tests.fakes import pluginwords, sighted
from tests.fakes.canned import api_server
from tests.fakes.cluster import Cluster
from tests.fakes.env import virtctl
from tests.fakes.mirrored import mirror
from tests.virtctl.cli.commands.net.test_explain import CORE, NETWORK, server
from tests.virtctl.cli.test_netpolicies import ROOT, enactment, enactments, policy
from tests.virtctl.local.node.test_multus import CONFIG, define, with_networks
from virtctl.errors import ApiError
from virtctl.models.kinds import ATTACHMENT_DEFINITION, CONFIG_MAP, VIRTUAL_MACHINE

__all__ = ["server"]
IPAM = {"type": "host-local", "subnet": "10.9.9.0/30"}
BRIDGE = {"k8s.v1.cni.cncf.io/resourceName": "bridge.network.kubevirt.io/br7"}


@dataclass(frozen=True)
class Fault:
    """A fault of a cluster: how it is made, and what names it.

    ``fails`` says whether the command's exit code does, too: what may be meant is a doubt.
    """

    name: str
    make: Callable[[Cluster], None]
    says: str
    fails: bool = True
    network: str = "virt-bridge"


def defined(config: object = CONFIG, **host: object) -> Callable[[Cluster], None]:
    """A network of this configuration, on a host that is like this."""

    def make(cluster: Cluster) -> None:
        define(cluster, config=config)
        for name, value in host.items():
            setattr(cluster.host, name, value)

    return make


def elsewhere(cluster: Cluster) -> None:
    cluster.service.ensure_namespace("other")
    define(cluster, namespace="other")


def on_a_bridge(cluster: Cluster) -> None:
    metadata = {"name": "virt-bridge", "namespace": "default", "annotations": BRIDGE}
    document = {"metadata": metadata, "spec": {"config": json.dumps(CONFIG)}}
    cluster.service.create(ATTACHMENT_DEFINITION, "default", document)


def a_twin(**made: object) -> Callable[[Cluster], None]:
    """Another machine whose link has the same as that of ours will have."""

    def make(cluster: Cluster) -> None:
        define(cluster)
        cluster.host.made = LinkMade(**made)
        other = with_networks(("nic-add1", "virt-bridge"))
        other["metadata"]["name"] = "vm0"
        cluster.service.create(VIRTUAL_MACHINE, "default", other)

    return make


def notes(bridge: str, mtu: int, *links: Link) -> LinkMade:
    return LinkMade(mtu=mtu, notes=secondary.notes(bridge, mtu, links))


NARROW = (Link(name="br1", kind="bridge"), Link(name="lan0", master="br1", mtu=1500))
FAULTS = (
    Fault("definition missing", lambda _: None, "there is no definition default/virt-bridge"),
    Fault(
        "definition in another namespace", elsewhere, "refers to target namespace other",
        network="other/virt-bridge",
    ),
    Fault("broken JSON", defined("{"), "the configuration of virt-bridge cannot be read"),
    Fault("unknown plugin", defined(refuse_links=pluginwords.NO_PLUGIN), pluginwords.NO_PLUGIN),
    Fault("no node has the bridge", on_a_bridge, "Insufficient bridge.network.kubevirt.io/br7"),
    Fault(
        "the plugin had to make the bridge", defined(made=notes("br9", 1500)),
        "the node had no bridge br9: the plugin made one, which leads nowhere", fails=False,
    ),
    Fault(
        "addresses for a bridged guest", defined(CONFIG | {"ipam": IPAM}),
        "the network has `ipam` and the NIC the bridge binding", fails=False,
    ),
    Fault(
        "VLAN on a kernel without", defined(refuse_links=pluginwords.NO_VLANS),
        "this kernel's bridges know no VLANs",
    ),
    Fault(
        "VLAN on a bridge that does not filter", defined(refuse_links=pluginwords.NO_FILTER),
        "make the bridge by a NodeNetworkConfigurationPolicy",
    ),
    Fault(
        "MTU too large for others", defined(made=notes("br1", 9000, *NARROW)),
        "the MTU 9000 is larger than the 1500 of lan0", fails=False,
    ),
    Fault(
        "the same MAC", a_twin(mac="02:00:00:00:00:07"),
        "02:00:00:00:00:07 is also that of the pod default/virt-launcher-vm0", fails=False,
    ),
    Fault(
        "the same address", a_twin(result={"ips": [{"address": "10.9.9.9/24"}]}),
        "10.9.9.9 is also that of the pod default/virt-launcher-vm0", fails=False,
    ),
    Fault(
        "no address left, host-local", defined(refuse_links=pluginwords.NO_ADDRESSES),
        "give the definition's `ipam` a larger range",
    ),
    Fault(
        "no address left, OVN", defined(refuse_links=pluginwords.OVERLAY_FULL),
        "give the definition larger `subnets`, or exclude less",
    ),
)  # fmt: skip


@pytest.fixture
async def cluster():
    made = Cluster()
    made.start()
    yield made
    await made.stop()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_net_check_names_the_cause(cluster: Cluster, fault: Fault) -> None:
    fault.make(cluster)
    if cluster.service.find(VIRTUAL_MACHINE, "default", "vm0"):
        await cluster.until(lambda: cluster.printable("vm0") == "Running")
    machine = with_networks(("nic-add1", fault.network))
    cluster.service.create(VIRTUAL_MACHINE, "default", machine)
    with api_server() as served:

        def check():
            mirror(cluster.service, served)
            return virtctl("net", "check", "vm1", server=served.url)

        async with asyncio.timeout(60):
            ran = check()
            # Events come after what they are about.
            while fault.says not in ran.out or bool(ran.code) is not fault.fails:
                await asyncio.sleep(0.02)
                ran = check()
    assert "Traceback" not in ran.err


# --- what nodes show of links, and of what keeps networks ------------------------------------


def link(scope: str, name: str, /, **new: object) -> Callable[[dict], None]:
    return lambda answer: sighted.change(answer, scope, name, **new)


def answered(link_name: str, mac: str) -> Callable[[dict], None]:
    def make(answer: dict) -> None:
        for one in answer["answers"]:
            if one["link"] == link_name:
                one["mac"] = mac

    return make


def found(**more: object) -> Callable[[dict], None]:
    return lambda answer: answer.update(more)


LAN_NIC = f"{sighted.LAN}-nic"
OVERLAY = {"type": "ovn-k8s-cni-overlay", "topology": "layer2"}
SEEN = (
    ("bridge absent on the node", link("node", "br1", name="br0"), "node br1: link: the bridge is"),
    ("bridge down", link("node", "br1", up=False), "node br1: link: is down"),
    ("no cable", link("node", "enp2s0", carrier=False), "node enp2s0: link: has no carrier"),
    ("MTU too large", link("node", "br1", mtu=1300), "MTU 1300, but the guest may send frames"),
    ("another VLAN", link("node", "veth2", vlans=[]), "is in VLAN none instead of 33"),
    ("duplicate IP", answered(LAN_NIC, "02:00:00:00:00:99"), "the network has 172.17.33.250 too"),
    ("a silent guest", answered("tap0", ""), "the guest does not answer for 10.0.2.2"),
    ("no gateway", answered("eth0", ""), "the gateway 10.244.1.1 does not answer"),
    (
        "an offer that was not taken",
        found(leases=[{"bridge": "k6t-eth0", "address": "10.0.2.2", "offers": 3}]),
        "10.0.2.2 was offered 3 times, and the guest never took it",
    ),
    (
        "large packets are lost",
        found(echoes=[
            {"address": "10.0.2.2", "bytes": size, "answered": size == 84} for size in (84, 1400)
        ]),
        "a small ping comes back, one of 1400 bytes does not",
    ),
    (
        "no name",
        found(names=[{"name": "web.default", "server": "10.244.1.1", "addresses": 0}]),
        "the name service knows no IPv4 address of web.default",
    ),
)  # fmt: skip


@pytest.mark.parametrize(("make", "says"), [one[1:] for one in SEEN], ids=[one[0] for one in SEEN])
def test_net_check_names_what_a_node_shows(server, make, says) -> None:
    answer = sighted.sights()
    make(answer)
    server.object(NETWORK, answer)
    server.object(f"{CORE}/events", {"items": []})
    ran = virtctl("net", "check", "web", server=server.url)
    assert says in ran.out
    assert ran.code == 1


def test_a_killed_program_of_ovn(server) -> None:
    nads = "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions"
    server.object(f"{nads}/lan", sighted.definition(**OVERLAY))
    answer = sighted.sights()
    answer["programs"] = {"ovn-northd": True, "node1/ovn-controller": False}
    server.object(NETWORK, answer)
    server.object(f"{CORE}/events", {"items": []})
    ran = virtctl("net", "check", "web", server=server.url)
    assert (ran.code, "node1/ovn-controller of OVN does not run" in ran.out) == (1, True)


def test_a_node_that_was_removed(server) -> None:
    server.on("GET", "/api/v1/nodes/node1", *[])
    server.on("GET", NETWORK, *[])
    server.object(f"{CORE}/events", {"items": []})
    ran = virtctl("net", "check", "web", server=server.url)
    assert ran.code == 1
    assert "ran on node1, which is no node of the cluster any more" in ran.out.splitlines()[-1]


def test_a_policy_that_cuts_the_uplink(server) -> None:
    why = f"error reconciling: rolling back desired state configuration: {pluginwords.NO_GATEWAY}"
    server.object(f"{ROOT}/br1", policy())
    enactments(server, [enactment("node1", "Failing", why)])
    ran = virtctl("net", "policy", "why", "br1", server=server.url)
    assert (ran.code, pluginwords.NO_GATEWAY in ran.out) == (1, True)


async def test_the_mac_of_another_machine_and_an_empty_pool_are_refused(cluster: Cluster) -> None:
    for name, mac, refusal in (
        ("vm0", "02:00:00:00:00:07", ""),
        ("vm1", "02:00:00:00:00:07", "is already in use by default/vm0"),
        ("vm2", "", "the range is full"),
    ):
        machine = with_networks()
        machine["metadata"]["name"] = name
        nic = machine["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][0]
        if mac:
            nic["macAddress"] = mac
        else:
            data = {"RANGE_START": "02:00:00:00:00:07", "RANGE_END": "02:00:00:00:00:07"}
            settings = {"metadata": {"name": "kubemacpool-mac-range-config"}, "data": data}
            cluster.service.create(CONFIG_MAP, "kubevirt", settings)
        try:
            cluster.service.create(VIRTUAL_MACHINE, "default", machine)
            said = ""
        except ApiError as error:
            said = str(error)
        assert refusal in said
        assert bool(refusal) is bool(said)
