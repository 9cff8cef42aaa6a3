from launcher.net.model import (
    Address,
    Chain,
    Link,
    NetState,
    Route,
    Rule,
    Sysctl,
    Table,
    Verdict,
)
from launcher.net.verify import mismatches

GATEWAY = Address.parse("10.0.2.1/24")


def test_nothing_asked_is_nothing_missing() -> None:
    assert mismatches(NetState(), NetState(links=(Link(name="eth0"),))) == ()


def test_what_is_not_named_is_not_looked_at() -> None:
    there = Link(name="br0", kind="bridge", mac="02:00:00:00:00:09", mtu=9000, up=True)
    assert mismatches(NetState(links=(Link(name="br0"),)), NetState(links=(there,))) == ()


def test_each_mismatch_has_a_path() -> None:
    chain = Chain(name="c", rules=(Rule(verdict=Verdict.DROP),))
    desired = NetState(
        links=(
            Link(name="gone"),
            Link(
                name="br0",
                kind="bridge",
                mac="02:00:00:00:00:00",
                mtu=1400,
                master="x",
                addresses=(GATEWAY,),
                up=True,
            ),
        ),
        routes=(Route(destination="0.0.0.0/0", device="br0", gateway="10.0.2.9"),),
        sysctls=(Sysctl(key="a/b", value="1"), Sysctl(key="c/d", value="1")),
        tables=(
            Table(family="ip", name="nat", chains=(chain,)),
            Table(family="ip6", name="nat"),
        ),
    )
    observed = NetState(
        links=(
            Link(
                name="br0",
                kind="veth",
                mac="02:00:00:00:00:01",
                mtu=1500,
                master="",
                addresses=(Address.parse("10.9.9.9/24"),),
                up=False,
            ),
        ),
        sysctls=(Sysctl(key="a/b", value="0"),),
        tables=(Table(family="ip", name="nat", chains=(Chain(name="c"), Chain(name="other"))),),
    )
    assert mismatches(desired, observed) == (
        "links/gone: missing",
        "links/br0/kind: `veth` instead of `bridge`",
        "links/br0/mac: `02:00:00:00:00:01` instead of `02:00:00:00:00:00`",
        "links/br0/mtu: `1500` instead of `1400`",
        "links/br0/master: nothing instead of `x`",
        "links/br0/up: `False` instead of `True`",
        "links/br0/addresses: `10.0.2.1/24` is missing",
        "links/br0/addresses: `10.9.9.9/24` should not be there",
        "routes/0.0.0.0/0: not via `10.0.2.9`",
        "sysctls/a/b: `0` instead of `1`",
        "sysctls/c/d: nothing instead of `1`",
        "tables/ip/nat/c: has other rules",
        "tables/ip/nat/other: should not be there",
        "tables/ip6/nat: missing",
    )
