"""Whatever is desired, it is refused with a field or becomes a plan, and taking back plans, too."""

import contextlib
from pathlib import Path

import yaml
from hypothesis import given
from hypothesis import strategies as st

from launcher.errors import SpecError
from launcher.nmstate import capture, check, plan, schema
from launcher.nmstate.merge import Facts, merge

CURRENT = schema.read(yaml.safe_load(Path(__file__).with_name("node.yaml").read_text()))
NAMES = st.sampled_from(
    ["br1", "ovs-br1", "ovs0", "enp2s0", "ens1f0", "eno1", "eno2", "new0", "new1", "eth0"]
)
TYPES = st.sampled_from([None, *schema.TYPES])
FLAGS = st.none() | st.booleans()
ADDRESSES = st.lists(
    st.fixed_dictionaries(
        {"ip": st.sampled_from(["10.0.0.1", "fd00::1", "x"]), "prefix-length": st.just(24)}
    ),
    max_size=2,
)
IPS = st.fixed_dictionaries(
    {}, optional={"enabled": FLAGS, "dhcp": FLAGS, "autoconf": FLAGS, "address": ADDRESSES}
)
VLANS = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["access", "trunk"]),
        "tag": st.integers(0, 5000),
        "enable-native": FLAGS,
        "trunk-tags": st.lists(st.fixed_dictionaries({"id": st.integers(1, 99)}), max_size=2),
    },
)
PORTS = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "vlan": VLANS,
            "stp-path-cost": st.integers(1, 9),
            "link-aggregation": st.fixed_dictionaries(
                {"mode": st.sampled_from(["lacp", "balance-slb"])},
                optional={"port": st.lists(st.fixed_dictionaries({"name": NAMES}), max_size=2)},
            ),
        },
    ),
    max_size=3,
)
INTERFACES = st.lists(
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={
            "type": TYPES,
            "state": st.sampled_from(schema.STATES),
            "mtu": st.integers(0, 70000),
            "ipv4": IPS,
            "ipv6": IPS,
            "bridge": st.fixed_dictionaries(
                {}, optional={"port": PORTS, "options": st.fixed_dictionaries({"stp": FLAGS})}
            ),
            "link-aggregation": st.fixed_dictionaries(
                {"mode": st.sampled_from(["802.3ad", "active-backup"])},
                optional={"port": st.lists(NAMES, max_size=2)},
            ),
            "vlan": st.fixed_dictionaries({"id": st.integers(0, 99), "base-iface": NAMES}),
            "vxlan": st.fixed_dictionaries({"id": st.integers(0, 99)}),
            "veth": st.fixed_dictionaries({"peer": NAMES}),
        },
    ),
    max_size=4,
)
ROUTES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "destination": st.sampled_from(["0.0.0.0/0", "10.0.0.0/8", "fd00::/8", "x"]),
            "next-hop-interface": NAMES,
            "state": st.sampled_from(["absent"]),
        },
    ),
    max_size=2,
)
RULES = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "family": st.sampled_from(["ipv4", "ipv6", "x"]),
            "ip-from": st.sampled_from(["10.0.0.0/8", "fd00::1", "", "x"]),
            "route-table": st.integers(0, 300),
            "priority": st.integers(-1, 9),
            "fwmark": st.sampled_from([0, 32, "0x20", "x"]),
            "state": st.sampled_from(["absent"]),
        },
    ),
    max_size=2,
)
STATES = st.fixed_dictionaries(
    {},
    optional={
        "interfaces": INTERFACES,
        "routes": st.fixed_dictionaries({"config": ROUTES}),
        "route-rules": st.fixed_dictionaries({"config": RULES}),
    },
)


@given(STATES, st.booleans())
def test_anything_is_refused_or_planned(desired: dict, filtering: bool) -> None:
    try:
        goal = merge(schema.read(desired), CURRENT, Facts(vlan_filtering=filtering))
    except SpecError:
        return
    for op in plan.plan(goal, CURRENT):
        assert op.describe()
    check.mismatches(goal, CURRENT)
    kept = [each for each in CURRENT.interfaces if each.key not in goal.touched]
    now = schema.State(interfaces=(*kept, *goal.interfaces), routes=CURRENT.routes)
    back = plan.back(CURRENT, now, goal.touched, goal.desired)
    for op in plan.plan(back, now):
        assert op.describe()


@given(st.text(max_size=40))
def test_any_expression_is_refused_or_finds_something(expression: str) -> None:
    with contextlib.suppress(SpecError):
        found, filled = capture.resolve(
            {"a": expression}, {"b": "{{ capture.a }}"}, schema.write(CURRENT)
        )
        assert (set(found), set(filled)) == ({"a"}, {"b"})
