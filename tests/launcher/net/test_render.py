from launcher.net import render
from launcher.net.model import Address, Link, NetState
from launcher.spec import Bridge, Firmware, MachineSpec, Masquerade, Memory, Nic, Port


def test_a_pod_plan_shows_links_settings_rules_and_commands() -> None:
    spec = MachineSpec(
        name="m",
        namespace="default",
        uid="u",
        hostname="m",
        memory=Memory(guest=1),
        firmware=Firmware(uuid="x"),
        nics=(Nic(name="default", pod_nic="eth0", binding=Masquerade(), ports=(Port(port=22),)),),
    )
    pod = NetState(
        links=(
            Link(
                name="eth0",
                kind="veth",
                mac="0a:58:0a:f4:01:02",
                mtu=1400,
                addresses=(Address.parse("10.244.1.2/24"),),
            ),
        )
    )
    text = render.pod_plan(spec, pod)
    assert text.startswith(
        "# links and addresses\n"
        "k6t-eth0: bridge mtu 1400 link/ether 02:00:00:00:00:00 up\n"
        "    inet 10.0.2.1/24\n"
        "tap0: tap mtu 1400 master k6t-eth0 user 107 group 107 up\n"
        "\n"
        "# sysctls\n"
        "net.ipv4.conf.k6t-eth0.route_localnet = 1\n"
        "net.ipv4.neigh.k6t-eth0.retrans_time_ms = 100\n"
        "net.ipv4.neigh.k6t-eth0.mcast_solicit = 30\n"
        "net.ipv4.ip_forward = 1\n"
        "\n"
        "# nft list table ip nat\n"
        "table ip nat {\n"
    )
    assert "\t\ttcp dport 22 counter dnat to 10.0.2.2\n" in text
    assert "\n# commands\nip link add k6t-eth0 address 02:00:00:00:00:00 type bridge\n" in text
    assert text.count("nft") == 1


def test_a_machine_without_nics_has_an_empty_plan() -> None:
    spec = MachineSpec(
        name="m",
        namespace="default",
        uid="u",
        hostname="m",
        memory=Memory(guest=1),
        firmware=Firmware(uuid="x"),
    )
    assert render.pod_plan(spec, NetState()) == "# links and addresses\n\n# sysctls\n\n# commands\n"


def test_a_bridged_pod_shows_where_the_link_went() -> None:
    spec = MachineSpec(
        name="m",
        namespace="default",
        uid="u",
        hostname="m",
        memory=Memory(guest=1),
        firmware=Firmware(uuid="x"),
        nics=(Nic(name="default", pod_nic="eth0", binding=Bridge()),),
    )
    pod = NetState(links=(Link(name="eth0", mac="0a:58:0a:f4:01:02", mtu=1400, addresses=()),))
    text = render.pod_plan(spec, pod)
    assert "\neth0-nic: was eth0 master k6t-eth0 link/ether " in text
    assert "\neth0: dummy mtu 1400 link/ether 0a:58:0a:f4:01:02\n" in text
