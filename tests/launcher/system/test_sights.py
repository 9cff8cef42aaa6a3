import select
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from launcher.errors import HostError
from launcher.system import namespaces, sights
from tests.fakes.scratch import scratch_netns, shell

pytestmark = pytest.mark.host


def test_a_veth_its_neighbour_and_its_frames() -> None:
    with scratch_netns("a") as near, scratch_netns("b") as far:
        shell(f"ip -n {near} link add v0 type veth peer name v1 netns {far}")
        shell("ip link set v0 mtu 1300 up\nip address add 10.9.0.1/24 dev v0", near)
        shell("ip link set v1 up\nip address add 10.9.0.2/24 dev v1", far)
        seen = sights.look(near)
        link = next(one for one in seen.links if one.name == "v0")
        other = next(one for one in sights.look(far).links if one.name == "v1")
        assert (link.mtu, link.addresses[0]) == (1300, "10.9.0.1/24")
        assert (link.peer, other.peer) == (other.index, link.index)
        assert [route.destination for route in seen.routes][:1] == ["10.9.0.0/24"]
        with sights.listen(far, "v1") as listener:
            assert sights.ask(near, "v0", "10.9.0.2") == other.mac
            assert select.select([listener], [], [], 5)[0]
            assert any(frame[12:14] == b"\x08\x06" for frame in sights.frames(listener))
        assert sights.ask(near, "v0", "10.9.0.77", seconds=0.05) == ""
        assert sights.ask(near, "v0", "10.9.0.2", "02:00:00:00:00:07") == other.mac
        with pytest.raises(HostError, match="no MAC address"):
            sights.ask(near, "v0", "10.9.0.2", "02:00")
        shell("ip address add fd00::2/64 dev v1 nodad", far)
        assert sights.ask(near, "v0", "fd00::2") == other.mac
        assert sights.ask(near, "v0", "fd00::7", seconds=0.05) == ""
        shell("ip link set v0 down", near)
        assert sights.ask(near, "v0", "10.9.0.2") == ""
        with pytest.raises(HostError, match="cannot listen on the link `v9`"):
            sights.listen(near, "v9")
    with pytest.raises(HostError, match="no network namespace"):
        sights.look(near)


def test_a_name_service() -> None:
    with scratch_netns("dns") as name:
        assert sights.ask_name(name, "127.0.0.1", "web.default", seconds=0.2) == -1
        with namespaces.open_socket(name, socket.AF_INET, socket.SOCK_DGRAM) as server:
            server.bind(("127.0.0.1", 53))

            def serve() -> None:
                query, client = server.recvfrom(512)
                server.sendto(query[:6] + b"\0\2" + query[8:], client)

            with ThreadPoolExecutor(1) as threads:
                served = threads.submit(serve)
                assert sights.ask_name(name, "127.0.0.1", "web.default") == 2
                served.result()
