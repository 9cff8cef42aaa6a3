"""A machine's secondary networks and its running pod."""

import json

from virtctl.local.networks.linknames import secondary_link
from virtctl.local.runtime import podnetworks

LINK = secondary_link("blue")


def vmi(*statuses: dict, state: str = "") -> dict:
    nic = {"name": "blue", "bridge": {}} | ({"state": state} if state else {})
    spec = {
        "networks": [
            {"name": "default", "pod": {}},
            {"name": "blue", "multus": {"networkName": "lan"}},
        ],
        "domain": {"devices": {"interfaces": [{"name": "default", "masquerade": {}}, nic]}},
    }
    metadata = {"name": "v", "namespace": "ns"}
    return {"metadata": metadata, "spec": spec, "status": {"interfaces": list(statuses)}}


def pod(*links: str, asked: str = "") -> dict:
    status = json.dumps([{"name": "n", "interface": link} for link in links])
    return {
        "metadata": {
            "annotations": {
                "k8s.v1.cni.cncf.io/network-status": status,
                "k8s.v1.cni.cncf.io/networks": asked,
            }
        }
    }


ASKED = f'[{{"name":"lan","namespace":"ns","interface":"{LINK}"}}]'


def test_a_new_network_is_asked_for_once() -> None:
    assert podnetworks.live_annotation(vmi(), pod()) == ASKED
    assert podnetworks.live_annotation(vmi(), pod(asked=ASKED)) is None
    assert podnetworks.live_annotation(vmi(), pod(asked="[{")) == ASKED


def test_a_link_stays_until_the_guest_has_let_go_of_it() -> None:
    held = {"name": "blue", "infoSource": "domain, multus-status"}
    free = {"name": "blue", "infoSource": "multus-status"}
    assert podnetworks.live_annotation(vmi(held, state="absent"), pod(asked=ASKED)) is None
    assert podnetworks.live_annotation(vmi(free, state="absent"), pod(asked=ASKED)) == "[]"


def test_the_status_tells_what_multus_made() -> None:
    primary = {"name": "default", "podInterfaceName": "eth0"}
    fresh = {"name": "blue", "podInterfaceName": LINK, "infoSource": "multus-status"}
    assert podnetworks.interfaces(vmi(), pod("eth0", LINK), [primary]) == [primary, fresh]
    seen = {"name": "blue", "infoSource": "domain, guest-agent"}
    (told,) = podnetworks.interfaces(vmi(), pod(LINK), [seen])
    assert told["infoSource"] == "domain, guest-agent, multus-status"
    assert podnetworks.interfaces(vmi(), pod(LINK), [told]) == [told]


def test_the_status_forgets_a_link_that_is_gone() -> None:
    bare = {"name": "blue", "podInterfaceName": LINK, "infoSource": "multus-status"}
    assert podnetworks.interfaces(vmi(), pod("eth0"), [bare]) == []
    seen = {"name": "blue", "infoSource": "domain, multus-status"}
    assert podnetworks.interfaces(vmi(), None, [seen]) == [{"name": "blue", "infoSource": "domain"}]


def test_a_nodes_report_keeps_what_multus_said() -> None:
    known = [
        {"name": "blue", "infoSource": "multus-status"},
        {"name": "red", "infoSource": "domain, multus-status", "podInterfaceName": "podr"},
    ]
    new = [{"name": "blue", "infoSource": "domain"}, {"infoSource": "guest-agent"}]
    assert podnetworks.reported(new, known) == [
        {"name": "blue", "infoSource": "domain, multus-status"},
        {"infoSource": "guest-agent"},
        {"name": "red", "infoSource": "multus-status", "podInterfaceName": "podr"},
    ]


def test_definitions_that_are_not_there() -> None:
    assert podnetworks.missing(vmi(), {}) == ["ns/lan"]
    assert podnetworks.missing(vmi(), {("ns", "lan"): {}}) == []
