from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from launcher.net import nft
from launcher.net.model import Chain, Hook, Match, Rule, Table, Verdict

links = st.sampled_from(["eth0", "k6t-eth0", "vl-n*"])
ports = st.sampled_from(["22", "80", "8000-8100"])
matches = st.one_of(
    st.builds(
        Match,
        field=st.sampled_from(["iifname", "oifname"]),
        values=st.tuples(links),
        negate=st.booleans(),
    ),
    st.builds(
        Match,
        field=st.sampled_from(["ip saddr", "ip daddr"]),
        values=st.sampled_from([("10.0.2.2",), ("127.0.0.1", "127.0.0.6"), ("10.244.0.0/16",)]),
        negate=st.booleans(),
    ),
    st.builds(
        Match,
        field=st.sampled_from(["tcp dport", "udp dport", "tcp sport"]),
        values=st.lists(ports, min_size=1, max_size=3, unique=True).map(tuple),
    ),
)
targets = {Verdict.JUMP: "elsewhere", Verdict.DNAT: "10.0.2.2", Verdict.SNAT: "10.0.2.1"}


def finish(matches: list[Match], verdict: Verdict, counter: bool) -> Rule:
    return Rule(
        matches=tuple(matches),
        verdict=verdict,
        target=targets.get(verdict, ""),
        counter=counter,
    )


rules = st.builds(
    finish, st.lists(matches, max_size=3), st.sampled_from(list(Verdict)), st.booleans()
)
hooks = st.builds(
    Hook,
    kind=st.just("nat"),
    hook=st.sampled_from(["prerouting", "output"]),
    priority=st.integers(-400, 400),
    policy=st.sampled_from(["accept", "drop"]),
)
tables = st.builds(
    lambda family, chains: Table(
        family=family,
        name="nat",
        chains=tuple(
            Chain(name=f"c{n}", hook=h, rules=tuple(r)) for n, (h, r) in enumerate(chains)
        ),
    ),
    st.sampled_from(["ip", "ip6", "inet"]),
    st.lists(st.tuples(st.none() | hooks, st.lists(rules, max_size=3)), max_size=3),
)

EXAMPLE = Table(
    family="ip",
    name="nat",
    chains=(
        Chain(
            name="prerouting",
            hook=Hook(kind="nat", hook="prerouting", priority=-100),
            rules=(
                Rule(
                    matches=(Match(field="iifname", values=("eth0",)),),
                    verdict=Verdict.JUMP,
                    target="INBOUND",
                ),
            ),
        ),
        Chain(
            name="INBOUND",
            rules=(
                Rule(
                    matches=(Match(field="tcp dport", values=("22", "80-90")),),
                    verdict=Verdict.DNAT,
                    target="10.0.2.2",
                ),
                Rule(
                    matches=(Match(field="ip saddr", values=("10.0.0.0/8",), negate=True),),
                    verdict=Verdict.MASQUERADE,
                ),
            ),
        ),
    ),
)


def listed(table: Table) -> str:
    """What nft would list after the table's ruleset: what is added last, and handles."""
    commands: list[dict[str, Any]] = msgspec.json.decode(nft.build_ruleset(table))["nftables"]
    added = [command["add"] for command in commands if "add" in command]
    for entry in added:
        for value in entry.values():
            value["handle"] = 7
    return msgspec.json.encode({"nftables": [{"metainfo": {"version": "1"}}, *added[1:]]}).decode()


def test_text_is_what_nft_lists() -> None:
    assert nft.build_text(EXAMPLE) == (
        "table ip nat {\n"
        "\tchain prerouting {\n"
        "\t\ttype nat hook prerouting priority dstnat; policy accept;\n"
        '\t\tiifname "eth0" counter jump INBOUND\n'
        "\t}\n"
        "\n"
        "\tchain INBOUND {\n"
        "\t\ttcp dport { 22, 80-90 } counter dnat to 10.0.2.2\n"
        "\t\tip saddr != 10.0.0.0/8 counter masquerade\n"
        "\t}\n"
        "}\n"
    )


def test_an_empty_table_is_text_too() -> None:
    assert nft.build_text(Table(family="ip", name="nat")) == "table ip nat {\n}\n"


def test_a_ruleset_replaces_the_whole_table() -> None:
    commands = msgspec.json.decode(nft.build_ruleset(Table(family="ip", name="nat")))["nftables"]
    named = {"table": {"family": "ip", "name": "nat"}}
    assert commands == [{"add": named}, {"delete": named}, {"add": named}]


def test_chains_come_before_the_rules_that_jump_to_them() -> None:
    commands = msgspec.json.decode(nft.build_ruleset(EXAMPLE))["nftables"]
    kinds = [kind for command in commands for kind in command.get("add", {})]
    assert kinds == ["table", "table", "chain", "chain", "rule", "rule", "rule"]


@given(tables)
def test_what_is_built_is_parsed_back(table: Table) -> None:
    assert nft.parse_ruleset(listed(table)) == (table,)


@given(rules)
def test_a_rule_is_parsed_back(rule: Rule) -> None:
    assert nft.parse_rule(nft.build_rule(rule)) == rule


def test_rules_of_others_are_kept_as_they_are() -> None:
    foreign: list[nft.Json] = [
        [{"match": {"op": "==", "left": {"ct": {"key": "state"}}, "right": "new"}}],
        [{"log": {"prefix": "x"}}, {"accept": None}],
        [{"accept": None}, {"counter": {"packets": 1, "bytes": 2}}],
        [{"dnat": {"addr": "10.0.0.1", "port": 80}}],
        [{"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "@names"}}],
        [{"match": {"op": ">", "left": {"meta": {"key": "iifname"}}, "right": "x"}}],
    ]
    for expr in foreign:
        rule = nft.parse_rule(expr)
        assert rule.raw
        assert nft.build_rule(rule) == expr
        assert nft.build_rule_text(rule).startswith("# ")


def test_counters_are_not_compared() -> None:
    with_values: nft.Json = [{"counter": {"packets": 7, "bytes": 900}}, {"drop": None}]
    assert nft.parse_rule(with_values) == Rule(verdict=Verdict.DROP)


def test_the_order_in_a_set_does_not_matter() -> None:
    def table(*values: str) -> Table:
        rule = Rule(matches=(Match(field="ip saddr", values=values),))
        return Table(family="ip", name="nat", chains=(Chain(name="c", rules=(rule,)),))

    one, other = table("127.0.0.1", "10.0.0.1"), table("10.0.0.1", "127.0.0.1")
    assert one != other
    assert nft.normal(one) == nft.normal(other)
    assert nft.normal(one) != nft.normal(table("10.0.0.1"))
