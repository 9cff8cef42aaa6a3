"""The engine on a node that is really there: done, or as it was."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError, PlanFailed, SpecError, VerifyFailed
from launcher.nmstate import check, schema
from launcher.nmstate.merge import Goal
from launcher.nmstate.schema import Ip, State
from launcher.ops.nodelinks import MakeLink
from launcher.system import linkkinds, namespaces, nodeapply, nodelinks, nodeobserve, nodeprobes
from launcher.system.nodeapply import Conditions
from launcher.system.nodeobserve import NodePlace
from tests.fakes.instance import until
from tests.fakes.nodeplaces import NEEDS_OVS, apply, node
from tests.fakes.scratch import answers, inside_scratch_netns, shell

pytestmark = pytest.mark.host

BRIDGE = """
interfaces:
  - name: br1
    type: linux-bridge
    description: the lab
    ipv4: {enabled: true, address: [{ip: 10.77.0.1, prefix-length: 24}]}
    ipv6: {enabled: false}
    bridge: {options: {stp: {enabled: true}}, port: [{name: en0, stp-path-cost: 50}]}
routes:
  config:
    - {destination: 10.78.0.0/16, next-hop-interface: br1, next-hop-address: 10.77.0.9}
"""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[NodePlace]:
    with node(tmp_path) as (place, _):
        yield place


def look(place: NodePlace) -> str:
    """The state, without what the kernel does by itself in its own time."""
    state = nodeobserve.state(place)
    bare = [
        msgspec.structs.replace(
            each, ipv6=Ip(enabled=each.ipv6.enabled) if each.ipv6 else None, mac_address=None
        )
        for each in state.interfaces
    ]
    return msgspec.json.encode((bare, state.routes.config, state.ovn)).decode()


def test_a_bridge_is_made_is_there_and_goes(place: NodePlace) -> None:
    before = look(place)
    assert apply(place, BRIDGE).ops
    assert apply(place, BRIDGE).ops == ()
    found = nodeobserve.state(place).interface("br1")
    assert found.description == "the lab"
    assert found.bridge.options.stp.enabled
    assert found.bridge.port[0].stp_path_cost == 50
    assert "10.78.0.0/16 via 10.77.0.9 dev br1" in shell("ip route", place.netns)
    apply(
        place,
        "interfaces: [{name: br1, state: absent}, {name: en0, state: down, ipv6: {enabled: true}}]",
    )
    assert look(place) == before
    assert not place.checkpoint.exists()


def test_what_fails_half_way_is_taken_back(place: NodePlace) -> None:
    apply(place, BRIDGE)
    before = look(place)
    with pytest.raises(PlanFailed, match="ip route replace"):
        apply(
            place,
            """
            interfaces:
              - name: br1
                mtu: 1400
                bridge: {options: {stp: {enabled: false}}, port: [{name: en1}]}
              - {name: ve1, type: veth, veth: {peer: ve2}}
            routes:
              config:
                - destination: 10.99.0.0/16
                  next-hop-interface: br1
                  next-hop-address: 192.0.2.1
            """,
        )
    assert look(place) == before
    assert not place.checkpoint.exists()


def test_what_is_not_seen_afterwards_is_taken_back(
    place: NodePlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(place, BRIDGE)
    before = look(place)
    looks = []

    def differs(goal: Goal, seen: State) -> list[str]:
        looks.append(seen)
        return ["interfaces[br1].mtu: `1500` instead of `1400`"]

    monkeypatch.setattr(check, "mismatches", differs)
    with pytest.raises(VerifyFailed, match=r"interfaces\[br1\].mtu: `1500` instead of `1400`"):
        apply(place, "interfaces: [{name: br1, mtu: 1400, bridge: {port: [{name: en1}]}}]")
    assert len(looks) == nodeapply.VERIFY_TIMES
    assert look(place) == before


def test_a_bridge_keeps_the_mtu_that_was_asked_for(place: NodePlace) -> None:
    apply(
        place,
        """
        interfaces:
          - {name: br1, type: linux-bridge, mtu: 1500, bridge: {port: [{name: en1}]}}
          - {name: en1, mtu: 1400}
        """,
    )
    assert nodeobserve.state(place).interface("br1").mtu == 1500


def test_a_probe_that_fails_takes_all_back(place: NodePlace) -> None:
    before = look(place)
    conditions = Conditions(probes=(lambda seconds: "the API does not answer any more",))
    with pytest.raises(HostError, match="the API does not answer any more"):
        apply(place, BRIDGE, conditions)
    assert look(place) == before


def test_a_policy_that_cuts_the_way_out_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nodeprobes, "_WORKS_SECONDS", 30)
    with node(tmp_path, nics=1) as (place, wire):
        shell(
            """
            ip address add 10.66.0.1/24 dev en0
            ip link set en0 up
            ip route add default via 10.66.0.2
            ip address add fd66::1/64 dev en0 nodad
            ip -6 route add default via fd66::2
            """,
            place.netns,
        )
        shell("ip address add 10.66.0.2/24 dev p0\nip address add fd66::2/64 dev p0 nodad", wire)
        until(lambda: answers("10.66.0.2", place.netns), "answer")
        before = look(place)
        # The other family's gateway, which still answers, does not make up for it.
        with pytest.raises(HostError, match="there is no default gateway any more"):
            apply(place, "interfaces: [{name: en0, ipv4: {enabled: false}}]")
        assert look(place) == before
        other = (
            "interfaces: [{name: en0, ipv4: {address: [{ip: 10.66.0.1, prefix-length: 24}, "
            "{ip: 10.67.0.1, prefix-length: 24}]}}]\nroutes: {config: [{destination: 0.0.0.0/0, "
            "next-hop-interface: en0, next-hop-address: 10.66.0.2, state: absent}, "
            "{destination: 0.0.0.0/0, next-hop-interface: en0, next-hop-address: 10.67.0.2}]}"
        )
        with pytest.raises(HostError, match=r"gateway 10.67.0.2 does not answer any more"):
            apply(place, other)
        assert look(place) == before
        until(lambda: answers("10.66.0.2", place.netns), "answer")


def test_a_later_process_takes_back_what_one_that_died_had_begun(place: NodePlace) -> None:
    before = look(place)

    class Died(BaseException):
        pass

    def die(seconds: float) -> str:
        raise Died

    with pytest.raises(Died):
        apply(place, BRIDGE, Conditions(probes=(die,)))
    assert nodeobserve.state(place).interface("br1") is not None
    assert nodeapply.recover(place)
    assert look(place) == before
    assert not nodeapply.recover(place)


def test_a_checkpoint_that_cannot_be_read_is_told(place: NodePlace) -> None:
    place.checkpoint.parent.mkdir()
    place.checkpoint.write_text("{")
    with pytest.raises(HostError, match="cannot be read"):
        nodeapply.recover(place)


def test_what_cannot_be_is_refused_before_anything_is_done(place: NodePlace) -> None:
    with pytest.raises(SpecError, match="unknown port `nosuch`"):
        apply(
            place, "interfaces: [{name: br1, type: linux-bridge, bridge: {port: [{name: nosuch}]}}]"
        )
    preview = nodeapply.preview(place, schema.read({"interfaces": [{"name": "en0", "mtu": 1400}]}))
    assert [op.describe() for op in preview.ops] == [
        "ip link set en0 mtu 1400",
        "ip link set en0 up",
    ]


def test_kinds_that_the_kernel_has_not_are_refused_before_anything_is_done() -> None:
    with inside_scratch_netns("kinds"):
        there = MakeLink(name="b", kind="bridge")
        with pytest.raises(SpecError, match="no links of the kind `nonsense`") as caught:
            nodeapply._refuse_unknown((there, MakeLink(name="x", kind="nonsense")))
        assert (caught.value.path, "`nonsense`" in (caught.value.hint or "")) == (
            "interfaces[x].type",
            True,
        )
        assert "x" not in shell("ip -br link").split()
        nodeapply._refuse_unknown((there,))


OVS = """
interfaces:
  - name: ovs-br1
    type: ovs-bridge
    bridge: {options: {stp: true}, port: [{name: en0}, {name: in1, vlan: {mode: access, tag: 33}}]}
  - name: in1
    type: ovs-interface
    mtu: 1400
    ipv4: {enabled: true, address: [{ip: 10.55.0.1, prefix-length: 24}]}
routes:
  config:
    - {destination: 10.56.0.0/16, next-hop-interface: in1, next-hop-address: 10.55.0.9}
ovn: {bridge-mappings: [{localnet: localnet2, bridge: ovs-br1, state: present}]}
"""


RULES = """
interfaces:
  - {name: en0, ipv4: {enabled: true, address: [{ip: 10.9.0.1, prefix-length: 24}]}}
routes:
  config:
    - {destination: 0.0.0.0/0, next-hop-address: 10.9.0.9, next-hop-interface: en0, table-id: 100}
route-rules:
  config:
    - {ip-from: 10.9.0.0/24, route-table: 100}
    - {family: ipv6, iif: en0, action: prohibit, priority: 5, fwmark: 0x20, fwmask: 0xff}
"""


def test_rules_for_routes_come_go_and_come_back(place: NodePlace) -> None:
    before = nodeobserve.state(place).route_rules
    assert before.config == ()
    with pytest.raises(PlanFailed, match="ip -6 rule add"):
        apply(place, RULES.replace("iif: en0", "iif: a-name-that-no-link-has"))
    assert nodeobserve.state(place).route_rules == before
    apply(place, RULES)
    assert apply(place, RULES).ops == ()
    assert "from 10.9.0.0/24 lookup 100" in shell("ip rule", place.netns)
    ours = shell("ip -6 rule", place.netns)
    assert "from all fwmark 0x20/0xff iif en0 prohibit" in ours.replace("[detached] ", "")
    made = nodeobserve.state(place).route_rules
    assert [each.priority for each in made.config] == [30000, 5]
    with pytest.raises(HostError, match="not now"):
        apply(
            place,
            "route-rules: {config: [{state: absent}, {family: ipv4, route-table: 7}]}",
            Conditions(probes=(lambda seconds: "not now",)),
        )
    assert nodeobserve.state(place).route_rules == made
    apply(place, "route-rules: {config: [{state: absent, route-table: 100}]}")
    assert [each.family for each in nodeobserve.state(place).route_rules.config] == ["ipv6"]


@pytest.mark.skipif(bool(NEEDS_OVS), reason=NEEDS_OVS)
def test_open_vswitch_with_everything_and_back(place: NodePlace) -> None:
    apply(place, OVS)
    assert apply(place, OVS).ops == ()
    shown = nodeobserve.state(place)
    assert shown.ovn.bridge_mappings[0].localnet == "localnet2"
    assert shown.interface("in1").controller == "ovs-br1"
    before = look(place)
    with pytest.raises(PlanFailed):
        apply(
            place,
            """
            interfaces:
              - {name: ovs-br1, type: ovs-bridge, bridge: {port: [{name: en1}]}}
              - {name: ovs-br2, type: ovs-bridge}
            ovn: {bridge-mappings: [{localnet: localnet2, state: absent}]}
            routes:
              config:
                - destination: 10.99.0.0/16
                  next-hop-interface: lo
                  next-hop-address: 192.0.2.1
            """,
        )
    again = nodeobserve.state(place)
    assert again.ovn == shown.ovn
    assert again.interface("ovs-br2") is None
    assert again.interface("in1").ipv4 == shown.interface("in1").ipv4
    # STP off means a new bridge: what stands on it is put back.
    apply(place, "interfaces: [{name: ovs-br1, type: ovs-bridge, bridge: {options: {stp: false}}}]")
    assert "10.56.0.0/16 via 10.55.0.9 dev in1" in shell("ip route", place.netns)
    assert (
        nodeobserve.state(place).interface("in1").mac_address == again.interface("in1").mac_address
    )
    assert "in1" in before


BONDS = {
    "balance-rr": "packets_per_slave: 2, resend_igmp: 3, miimon: 100, updelay: 200, downdelay: 100",
    "active-backup": (
        "arp_interval: 100, arp_ip_target: '10.0.0.1,10.0.0.2', arp_validate: all, "
        "arp_all_targets: all, primary: en0, primary_reselect: better, fail_over_mac: active, "
        "num_grat_arp: 2, arp_missed_max: 3"
    ),
    "balance-xor": "xmit_hash_policy: layer3+4, miimon: 50, all_slaves_active: delivered",
    "broadcast": "use_carrier: true, miimon: 100",
    "802.3ad": (
        "lacp_rate: fast, ad_select: bandwidth, ad_actor_sys_prio: 100, ad_user_port_key: 3, "
        "ad_actor_system: '02:00:00:00:00:09', min_links: 1, lacp_active: 'off'"
    ),
    "balance-tlb": "tlb_dynamic_lb: false, lp_interval: 2",
    "balance-alb": "miimon: 200",
}


@pytest.mark.skipif(not linkkinds.known("bond"), reason="this kernel has no bonds")
def test_bonds_of_all_modes_with_their_options(place: NodePlace) -> None:
    for mode, options in BONDS.items():
        text = f"""
            interfaces:
              - name: bond0
                type: bond
                link-aggregation: {{mode: {mode}, options: {{{options}}}, port: [en0, en1]}}
            """
        apply(place, text)
        bond = nodeobserve.state(place).interface("bond0").link_aggregation
        assert (bond.mode, bond.port) == (mode, ("en0", "en1"))
        assert apply(place, text).ops == ()
        apply(place, "interfaces: [{name: bond0, type: bond, state: absent}]")
    # One mode after the other, on the same bond.
    for mode in BONDS:
        apply(
            place,
            "interfaces: [{name: bond0, type: bond, "
            f"link-aggregation: {{mode: {mode}, port: [en0, en1]}}}}]",
        )
        assert nodeobserve.state(place).interface("bond0").link_aggregation.mode == mode
    # Back to the mode from before, with options that the other one does not have.
    with pytest.raises(PlanFailed, match="ip route"):
        apply(
            place,
            """
            interfaces:
              - {name: bond0, type: bond, link-aggregation: {mode: balance-rr, port: [en0]}}
            routes:
              config: [{destination: 10.99.0.0/16, next-hop-interface: lo,
                        next-hop-address: 192.0.2.1}]
            """,
        )
    bond = nodeobserve.state(place).interface("bond0").link_aggregation
    assert (bond.mode, bond.port) == (mode, ("en0", "en1"))


def vlans(place: NodePlace) -> list[tuple[int, int, bool]]:
    with namespaces.in_netns(place.netns):
        index = next(each.index for each in nodelinks.seen() if each.name == "en0")
        return [(v.first, v.last, v.native) for v in nodelinks.port_vlans()[index]]


def test_vlans_and_options_of_bridges_change_and_come_back(place: NodePlace) -> None:
    with namespaces.in_netns(place.netns):
        filters = nodelinks.can_filter_vlans()
    text = """
        interfaces:
          - name: br1
            type: linux-bridge
            bridge:
              options: {multicast-snooping: false, mac-ageing-time: 100, group-forward-mask: 8,
                        stp: {enabled: true, priority: 4096, forward-delay: 4, hello-time: 1}}
              port: [{name: en0, stp-hairpin-mode: true, stp-priority: 5, VLAN}]
        """
    usual = [(1, 1, True), (2, 4094, False)]
    native = "mode: trunk, enable-native: true, tag: 7, trunk-tags: [{id-range: {min: 9, max: 12}}]"
    for vlan, wanted in (
        ("", usual),
        ("vlan: {mode: access, tag: 33}", [(33, 33, True)]),
        (f"vlan: {{{native}}}", [(7, 7, True), (9, 12, False)]),
    ):
        if vlan and not filters:
            break
        apply(place, text.replace(", VLAN", f", {vlan}" if vlan else ""))
        assert apply(place, text.replace(", VLAN", f", {vlan}" if vlan else "")).ops == ()
        assert not filters or vlans(place) == wanted
    before = look(place)
    with pytest.raises(PlanFailed, match="ip route"):
        apply(
            place,
            """
            interfaces:
              - name: br1
                bridge:
                  options: {multicast-snooping: true, mac-ageing-time: 300, stp: {enabled: false}}
                  port: [{name: en0, stp-hairpin-mode: false}, {name: en1}]
            routes:
              config: [{destination: 10.99.0.0/16, next-hop-interface: lo,
                        next-hop-address: 192.0.2.1}]
            """,
        )
    assert look(place) == before
