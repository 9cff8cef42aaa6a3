"""Policies as nft rules."""

from launcher.net.policies import Allow, Block, Guard, Ports, build_commands

POD = Guard(
    name="a",
    addresses=("10.244.1.2", "fd10::2"),
    ingress=(
        Allow(
            blocks=(
                Block(cidr="10.0.0.0/8", excepts=("10.1.0.0/16", "10.1.2.0/24")),
                Block(cidr="10.9.9.9"),
                Block(cidr="fd00::9"),
            ),
            ports=(Ports(protocol="tcp", first=80, last=90), Ports(protocol="udp")),
        ),
    ),
    egress=(),
)
LINK = Guard(name="b", port="veth1", ingress=(Allow(macs=("02:00:00:00:00:01",)),))


def lines(*guards: Guard, always: tuple[str, ...] = ()) -> list[str]:
    return [line.strip() for line in build_commands(guards, always).splitlines()]


def test_no_guards_are_no_rules() -> None:
    assert lines() == [
        "table inet virtctl-policies", "delete table inet virtctl-policies",
        "table bridge virtctl-policies", "delete table bridge virtctl-policies",
    ]  # fmt: skip


def test_a_pod_is_known_by_its_addresses() -> None:
    found = lines(POD, always=("10.244.0.1",))
    assert "ip daddr 10.244.1.2 jump in-a" in found
    assert "ip6 saddr fd10::2 jump out-a" in found
    assert found.index("ip saddr 10.244.0.1 accept") < found.index("ip saddr 10.244.1.2 jump out-a")
    start = found.index("chain in-a {")
    assert found[start + 1 : found.index("}", start)] == [
        "ip saddr { 10.9.9.9 } tcp dport 80-90 counter return",
        "ip saddr { 10.9.9.9 } meta l4proto udp counter return",
        "ip saddr != { 10.1.0.0/16 } ip saddr 10.0.0.0/8 tcp dport 80-90 counter return",
        "ip saddr != { 10.1.0.0/16 } ip saddr 10.0.0.0/8 meta l4proto udp counter return",
        "ip6 saddr { fd00::9 } tcp dport 80-90 counter return",
        "ip6 saddr { fd00::9 } meta l4proto udp counter return",
        "counter drop",
    ]
    start = found.index("chain out-a {")
    assert found[start + 1] == "counter drop"


def test_a_link_is_known_by_its_port() -> None:
    found = lines(LINK)
    assert 'oifname "veth1" jump in-b' in found
    assert not [line for line in found if "out-b" in line]
    assert "ether saddr { 02:00:00:00:00:01 } counter return" in found
    assert "ether type arp accept" in found


def test_answers_are_remembered_where_they_would_be_dropped() -> None:
    found = lines(LINK, POD)
    assert found[-2:] == ["}", "}"]
    remembered = [line for line in found if line.endswith("jump remember")]
    assert remembered == [
        'iifname "veth1" jump remember', "ip saddr 10.244.1.2 jump remember",
        "ip6 saddr fd10::2 jump remember", "ip daddr 10.244.1.2 jump remember",
        "ip6 daddr fd10::2 jump remember",
    ]  # fmt: skip
    assert "flush table bridge virtctl-policies" not in found
    again = build_commands([LINK], (), ["forward", "in-old"])
    assert "flush table bridge virtctl-policies" in again
    assert "delete chain bridge virtctl-policies in-old" in again
    assert "delete table bridge" not in again


def test_drops_tell_whose_they_are() -> None:
    named = Guard(name="c", port="v", ingress=(), by=("a/p", "a/q"))
    assert 'counter drop comment "a/p, a/q"' in lines(named)
    long = Guard(
        name="c", port="v", ingress=(), by=tuple(f"namespace/policy-{n}" for n in range(20))
    )
    (found,) = [line for line in lines(long) if "counter drop" in line]
    assert found.endswith('..."')


def test_all_peers_and_one_port() -> None:
    port = Ports(protocol="tcp", first=22, last=22)
    found = lines(Guard(name="c", port="v", egress=(Allow(any_peer=True, ports=(port,)),)))
    assert "tcp dport 22 counter return" in found
    assert "counter return" in lines(Guard(name="c", port="v", egress=(Allow(any_peer=True),)))


def test_an_allowance_of_nothing_is_no_rule() -> None:
    found = lines(Guard(name="c", port="v", ingress=(Allow(),)))
    assert [line for line in found if line.endswith("return")] == []
