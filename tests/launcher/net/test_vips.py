from launcher.net.vips import Backend, VirtualService, build_commands

CIDR = "10.96.0.0/16"
ONE = Backend(address="10.244.1.2", port=2222)
TWO = Backend(address="10.244.1.3", port=2222)


def service(*backends: Backend, **facts) -> VirtualService:
    known = {"address": "10.96.0.5", "protocol": "tcp", "port": 22, **facts}
    return VirtualService(backends=backends, **known)


def rules(*services: VirtualService) -> list[str]:
    text = build_commands(services, CIDR)
    return [line.strip() for line in text.splitlines() if "dport" in line]


def test_the_table_takes_the_place_of_the_one_before() -> None:
    first, second, third, *_ = build_commands((), CIDR).splitlines()
    assert first == "table ip virtctl-services"
    assert second == "delete table ip virtctl-services"
    assert third == "table ip virtctl-services {"


def test_one_backend_is_gone_to() -> None:
    assert rules(service(ONE)) == ["ip daddr 10.96.0.5 tcp dport 22 dnat to 10.244.1.2:2222"]


def test_one_of_several_is_drawn() -> None:
    targets = "{ 0 : 10.244.1.2 . 2222, 1 : 10.244.1.3 . 2222 }"
    match = "ip daddr 10.96.0.5 tcp dport 22 dnat to"
    assert rules(service(TWO, ONE)) == [f"{match} numgen random mod 2 map {targets}"]
    assert rules(service(ONE, TWO, sticky=True)) == [f"{match} jhash ip saddr mod 2 map {targets}"]


def test_what_nothing_is_behind_has_no_rule() -> None:
    assert rules(service()) == []


def test_rules_are_in_one_order() -> None:
    other = service(ONE, protocol="udp", port=53)
    assert rules(service(ONE), other) == rules(other, service(ONE))
