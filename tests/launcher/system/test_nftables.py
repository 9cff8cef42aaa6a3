from collections.abc import Iterator

import pytest

from launcher.errors import HostError
from launcher.net import nft, nodes
from launcher.net.model import Chain, Rule, Table, Verdict
from launcher.system import nftables
from tests.fakes.scratch import inside_scratch_netns, shell

pytestmark = pytest.mark.host

TABLE = nodes.host_table(nodes.design(["node1"], directory="/d"))


@pytest.fixture(autouse=True)
def netns() -> Iterator[str]:
    with inside_scratch_netns() as name:
        yield name


def test_there_is_nothing_at_first() -> None:
    assert nftables.tables() == ()
    assert nftables.tables([("inet", "virtctl-local")]) == ()
    assert nftables.names("inet") == ()
    assert nftables.list_table("ip", "nat") == ""


def test_a_table_is_listed_as_it_was_made() -> None:
    nftables.apply(nft.build_ruleset(TABLE))
    assert nftables.tables() == (TABLE,)
    assert nftables.tables([("inet", TABLE.name), ("ip", "nat")]) == (TABLE,)
    assert nftables.names("inet") == (TABLE.name,)
    assert shell(f"nft -s list table inet {TABLE.name}") == nft.build_text(TABLE)
    assert "counter packets 0" in nftables.list_table("inet", TABLE.name)


def test_a_table_takes_the_place_of_another() -> None:
    nftables.apply(nft.build_ruleset(TABLE))
    other = Table(
        family="inet",
        name=TABLE.name,
        chains=(Chain(name="mine", rules=(Rule(verdict=Verdict.DROP),)),),
    )
    nftables.apply(nft.build_ruleset(other))
    assert nftables.tables() == (other,)


def test_rules_of_others_are_put_back_as_they_were() -> None:
    shell(
        """
        nft add table ip mine
        nft add chain ip mine c
        nft add rule ip mine c ct state established,related counter accept
        nft add rule ip mine c tcp dport 80 log prefix x limit rate 3/second
        """
    )
    before = shell("nft -s list ruleset")
    (table,) = nftables.tables()
    assert all(rule.raw for rule in table.chains[0].rules)
    nftables.apply(nft.build_ruleset(table))
    assert shell("nft -s list ruleset") == before


def test_a_table_is_deleted_any_number_of_times() -> None:
    nftables.apply(nft.build_ruleset(TABLE))
    nftables.delete_table("inet", TABLE.name)
    nftables.delete_table("inet", TABLE.name)
    assert nftables.tables() == ()


def test_a_refusal_has_nfts_own_words_and_changes_nothing() -> None:
    broken = Table(
        family="ip",
        name="nat",
        chains=(Chain(name="c", rules=(Rule(verdict=Verdict.JUMP, target="nowhere"),)),),
    )
    with pytest.raises(HostError, match=r"nft refused the rules: .*No such file or directory"):
        nftables.apply(nft.build_ruleset(broken))
    assert nftables.tables() == ()


def test_no_table_is_told_from_no_permission() -> None:
    with pytest.raises(HostError, match="cannot list the nft table `nonsense x`"):
        nftables.tables([("nonsense", "x")])
