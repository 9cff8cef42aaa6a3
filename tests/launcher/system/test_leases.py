"""An address by DHCP from a server that is really there."""

import shutil
import signal
import time
from pathlib import Path

import pytest

from launcher.system import nodeapply, nodeobserve, process
from tests.fakes.nodeplaces import apply, node
from tests.fakes.scratch import shell

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

NEEDED = [
    name
    for name in ("dnsmasq", "udhcpc")
    if shutil.which(name, path="/usr/sbin:/sbin:/usr/bin:/bin") is None
]


@pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {NEEDED}")
def test_an_address_is_given_and_given_back(tmp_path: Path) -> None:
    with node(tmp_path / "home", nics=1) as (place, wire):
        shell("ip address add 10.44.0.1/24 dev p0", wire)
        server = process.spawn(
            [
                "dnsmasq",
                "-k",
                "-C",
                "/dev/null",
                "-p0",
                "-i",
                "p0",
                "--bind-interfaces",
                "-F",
                "10.44.0.50,10.44.0.59,2m",
                "--dhcp-option=3,10.44.0.1",
                f"--dhcp-leasefile={tmp_path}/leases",
                "-x",
                f"{tmp_path}/pid",
                "-u",
                "root",
            ],
            netns=wire,
        )
        try:
            apply(
                place,
                ASKING,
            )
            _until(lambda: "10.44.0.5" in shell("ip -4 address show en0", place.netns))
            assert nodeobserve.state(place).interface("en0").ipv4.address == ()
            found = nodeobserve.state(place, leased=True).interface("en0").ipv4
            assert found.dhcp
            assert "default" not in shell("ip route", place.netns)
            assert found.address[0].prefix_length == 24
            assert (
                apply(
                    place,
                    ASKING,
                ).ops
                == ()
            )
            nodeapply.revive(place)
            apply(place, "interfaces: [{name: en0, ipv4: {enabled: false}}]")
            _until(lambda: "10.44." not in shell("ip -4 address show en0", place.netns))
            assert list(place.directory.glob("dhcp-*.json")) == []
        finally:
            server.kill(signal.SIGTERM)
            server.wait(60)


ASKING = "interfaces: [{name: en0, ipv4: {enabled: true, dhcp: true, auto-gateway: false}}]"


def _until(holds) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


ASKING_6 = """
interfaces:
  - {name: en0, ipv6: {enabled: true, dhcp: true, autoconf: true}}
"""


@pytest.mark.skipif(bool(NEEDED), reason=f"not installed: {NEEDED}")
def test_an_address_by_dhcpv6_besides_that_of_the_router(tmp_path: Path) -> None:
    with node(tmp_path / "home", nics=1) as (place, wire):
        shell("ip address add fd00:44::1/64 dev p0 nodad", wire)
        words = (
            "dnsmasq -k -C /dev/null -p0 -i p0 --bind-interfaces --enable-ra -u root "
            f"-F fd00:44::50,fd00:44::5f,64,2m --dhcp-leasefile={tmp_path}/leases -x {tmp_path}/pid"
        )
        server = process.spawn(words.split(), netns=wire)
        try:
            apply(place, ASKING_6)
            # A client that ended is started again, as the node does with each look at its network.
            _until(
                lambda: (
                    nodeapply.revive(place)
                    or "fd00:44::5" in shell("ip -6 address show en0", place.netns)
                )
            )
            _until(lambda: "default via fe80::" in shell("ip -6 route", place.netns))
            assert apply(place, ASKING_6).ops == ()
            found = nodeobserve.state(place, leased=True).interface("en0").ipv6
            assert (found.dhcp, found.autoconf) == (True, True)
            assert (128,) in {(one.prefix_length,) for one in found.address}
            apply(place, "interfaces: [{name: en0, ipv6: {dhcp: false, autoconf: false}}]")
            _until(lambda: "fd00:44::5" not in shell("ip -6 address show en0", place.netns))
            assert list(place.directory.glob("dhcp6-*.json")) == []
        finally:
            server.kill(signal.SIGTERM)
            server.wait(60)
