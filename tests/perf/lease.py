"""The DHCP server of the benchmark's guest by hand: ours, on br0, in its own namespace."""

import time
from ipaddress import IPv4Address, IPv4Interface

from launcher.net import dhcp4
from launcher.net.served import ServedLink
from launcher.system.sockets import serve_links

if __name__ == "__main__":
    gateway = IPv4Address("10.0.2.1")
    lease = dhcp4.Config(
        address=IPv4Interface("10.0.2.2/24"),
        server=gateway,
        router=gateway,
        hostname="bench",
        mtu=1500,
    )
    serve_links([ServedLink(bridge="br0", dhcp4=lease)])
    time.sleep(600)
