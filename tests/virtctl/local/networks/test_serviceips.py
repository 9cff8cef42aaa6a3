from virtctl.local.networks.serviceips import NODE_PORTS, allocate, allocate_port, is_inside


def test_a_seed_gives_the_same_address():
    address = allocate("default/web", ())
    assert is_inside(address)
    assert allocate("default/web", ()) == address
    other = allocate("default/web", {address})
    assert is_inside(other)
    assert other != address


def test_the_first_addresses_are_kept():
    found = {allocate(str(number), ()) for number in range(200)}
    assert not found & {f"10.96.0.{last}" for last in range(16)}


def test_what_is_inside():
    assert is_inside("10.96.0.10")
    assert not is_inside("10.97.0.1")
    assert not is_inside("None")


def test_ports_are_node_ports():
    port = allocate_port("web/0", ())
    assert port in NODE_PORTS
    assert allocate_port("web/0", {port}) in set(NODE_PORTS) - {port}
    assert allocate_port("web/0", set(NODE_PORTS)) == 0
