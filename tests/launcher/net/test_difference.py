"""The laws of plans: doing one leaves nothing to do, and undoing it leaves nothing done."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.errors import HostError
from launcher.net import difference, verify
from launcher.net.model import (
    Address,
    Chain,
    Link,
    NetState,
    Peer,
    Route,
    Rule,
    Sysctl,
    Table,
    Verdict,
)
from launcher.ops.base import Plan
from launcher.ops.links import AddNamespace, DeleteLink, DeleteNamespace
from tests.fakes.host import FakeHost, normal

NAMES = ("eth0", "br0", "tap0", "vl-n1")
KINDS = {"eth0": "veth", "br0": "bridge", "tap0": "tap", "vl-n1": "veth"}
ADDRESSES = tuple(
    Address.parse(text) for text in ("10.0.2.1/24", "10.1.0.5/16", "fd10::1/64", "fd10::2/64")
)
KEYS = ("net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding", "net/ipv4/conf/br0/route_localnet")

macs = st.sampled_from(["02:00:00:00:00:00", "02:00:00:00:00:01"])
mtus = st.sampled_from([1400, 1500, 9000])
address_lists = st.lists(st.sampled_from(ADDRESSES), max_size=3, unique=True).map(tuple)
names = st.lists(st.sampled_from(NAMES), unique=True)
tables = st.lists(
    st.builds(
        lambda family, verdicts: Table(
            family=family,
            name="nat",
            chains=(Chain(name="c", rules=tuple(Rule(verdict=v) for v in verdicts)),),
        ),
        st.sampled_from(["ip", "ip6"]),
        st.lists(st.sampled_from([Verdict.ACCEPT, Verdict.DROP]), max_size=2),
    ),
    max_size=2,
    unique_by=lambda table: table.family,
).map(tuple)


@st.composite
def observed_states(draw: st.DrawFn) -> NetState:
    there = draw(names)
    links = tuple(
        Link(
            name=name,
            kind=KINDS[name],
            mac=draw(macs),
            mtu=draw(mtus),
            **plugged(there, name, draw(st.booleans())),
            addresses=draw(address_lists),
            up=draw(st.booleans()),
        )
        for name in there
    )
    everywhere = [key for key in KEYS if "br0" not in key or "br0" in there]
    return NetState(
        links=links,
        # A link that is down has no routes.
        routes=draw(routes([link.name for link in links if link.up])),
        sysctls=tuple(Sysctl(key=key, value=draw(st.sampled_from("01"))) for key in everywhere),
        tables=draw(tables),
    )


def plugged(there: list[str], name: str, wanted: bool) -> dict[str, object]:
    if name == "tap0" and "br0" in there and wanted:
        return {"master": "br0", "learning": True}
    return {"master": ""}


@st.composite
def routes(draw: st.DrawFn, there: list[str]) -> tuple[Route, ...]:
    if not there:
        return ()
    wanted = draw(st.lists(st.sampled_from(["0.0.0.0/0", "10.244.1.0/24"]), unique=True))
    gateways = st.sampled_from(["", "10.1.0.1", "10.1.0.2"])
    return tuple(
        Route(destination=to, device=draw(st.sampled_from(there)), gateway=draw(gateways))
        for to in wanted
    )


@st.composite
def desired_states(draw: st.DrawFn) -> NetState:
    # A bridge comes before its ports, as the order of a desired network has to be.
    wanted = sorted(draw(names), key=NAMES.index)
    maybe = st.booleans()
    links = tuple(
        Link(
            name=name,
            kind=KINDS[name],
            mac=draw(st.just("") | macs),
            mtu=draw(st.just(0) | mtus),
            master="br0" if name == "tap0" and "br0" in wanted and draw(maybe) else None,
            addresses=draw(st.none() | address_lists),
            up=draw(st.none() | maybe),
            peer=Peer(name="peer") if KINDS[name] == "veth" else None,
        )
        for name in wanted
    )
    keys = [key for key in KEYS if "br0" not in key or "br0" in wanted]
    return NetState(
        links=links,
        routes=draw(routes(wanted)),
        sysctls=tuple(
            Sysctl(key=key, value=draw(st.sampled_from("01"))) for key in keys if draw(maybe)
        ),
        tables=draw(tables),
    )


@given(desired_states(), observed_states())
@settings(max_examples=300, deadline=None)
def test_planning_again_after_doing_gives_nothing(desired: NetState, observed: NetState) -> None:
    host = FakeHost(observed)
    for op in difference.plan(desired, observed):
        host.perform(op)
    assert difference.plan(desired, host.state) == ()
    assert verify.mismatches(desired, host.state) == ()


@given(desired_states(), observed_states(), st.integers(0, 40))
@settings(max_examples=300, deadline=None)
def test_undoing_restores_however_far_it_came(
    desired: NetState, observed: NetState, done: int
) -> None:
    host = FakeHost(observed)
    ops = difference.plan(desired, observed)
    undo = difference.undo(ops, observed)
    assert len(undo) == len(ops)
    for op in ops[:done]:
        host.perform(op)
    for backs in reversed(undo[:done]):
        for back in backs:
            host.perform(back)
    assert normal(host.state) == normal(observed)


@given(observed_states())
@settings(deadline=None)
def test_what_is_observed_needs_nothing(observed: NetState) -> None:
    assert difference.plan(observed, observed) == ()


def lines(ops: Plan) -> list[str]:
    return [op.describe().partition("\n")[0] for op in ops]


def test_settings_of_a_link_come_before_it_goes_up() -> None:
    desired = NetState(
        links=(Link(name="br0", kind="bridge", up=True),),
        sysctls=(
            Sysctl(key="net/ipv4/ip_forward", value="1"),
            Sysctl(key="net/ipv6/conf/br0/accept_dad", value="0"),
        ),
    )
    assert lines(difference.plan(desired, NetState())) == [
        "ip link add br0 type bridge",
        "sysctl -w net/ipv6/conf/br0/accept_dad=0",
        "ip link set br0 up",
        "sysctl -w net/ipv4/ip_forward=1",
    ]


def test_a_route_takes_the_place_of_another_to_the_same_network() -> None:
    old = Route(destination="10.244.1.0/24", device="a", gateway="10.0.0.1")
    new = Route(destination="10.244.1.0/24", device="a", gateway="10.0.0.2")
    assert lines(difference.plan(NetState(routes=(new,)), NetState(routes=(old,)))) == [
        "ip route delete 10.244.1.0/24 via 10.0.0.1 dev a",
        "ip route add 10.244.1.0/24 via 10.0.0.2 dev a",
    ]


def test_a_link_of_another_kind_is_not_touched() -> None:
    desired = NetState(links=(Link(name="br0", kind="bridge"),))
    observed = NetState(links=(Link(name="br0", kind="veth"),))
    with pytest.raises(HostError, match="`br0` exists as `veth`, but `bridge` is needed"):
        difference.plan(desired, observed)


def test_a_link_that_somebody_else_makes_has_to_be_there() -> None:
    with pytest.raises(HostError, match="there is no link `eth0`"):
        difference.plan(NetState(links=(Link(name="eth0", up=True),)), NetState())


def test_a_namespace_is_undone_and_a_removal_is_not() -> None:
    made = AddNamespace(name="n")
    assert difference.undo((made,), NetState()) == ((DeleteNamespace(name="n"),),)
    with pytest.raises(ValueError, match="cannot be taken back"):
        difference.undo((DeleteLink(name="a"),), NetState())
