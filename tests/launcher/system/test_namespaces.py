import socket
import threading
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import namespaces, process
from tests.fakes.scratch import scratch_netns

pytestmark = pytest.mark.host


def test_a_namespace_is_what_ip_netns_knows() -> None:
    with scratch_netns() as name:
        assert namespaces.exists(name)
        assert name in namespaces.listed()
        assert name in process.run(["ip", "netns", "list"]).stdout
        assert "lo" in process.run(["ip", "-n", name, "link"]).stdout
    assert not namespaces.exists(name)
    assert name not in process.run(["ip", "netns", "list"]).stdout


def test_a_namespace_of_ip_netns_is_ours_too() -> None:
    with scratch_netns() as other:
        name = f"{other}b"
        process.run(["ip", "netns", "add", name])
        try:
            with namespaces.in_netns(name):
                assert [link for _, link in socket.if_nameindex()] == ["lo"]
        finally:
            namespaces.remove(name)
        assert name not in process.run(["ip", "netns", "list"]).stdout


def test_a_name_is_given_once() -> None:
    with scratch_netns() as name, pytest.raises(HostError, match=f"`{name}` exists already"):
        namespaces.create(name)


def test_removing_twice_is_fine() -> None:
    with scratch_netns() as name:
        for _ in range(2):
            namespaces.remove(name)
            assert name not in namespaces.listed()


def test_entering_comes_back_whatever_happens() -> None:
    home = namespaces.identity()
    with scratch_netns() as name:
        with namespaces.in_netns(name):
            assert namespaces.identity() == namespaces.identity(name) != home
        with pytest.raises(KeyError), namespaces.in_netns(namespaces.path_of(name)):
            raise KeyError
        assert namespaces.identity() == home


def test_only_the_thread_that_enters_is_moved() -> None:
    home, seen = namespaces.identity(), []
    moved = threading.Event()

    def look() -> None:
        moved.wait(60)
        seen.append(namespaces.identity())

    thread = threading.Thread(target=look)
    thread.start()
    with scratch_netns() as name, namespaces.in_netns(name):
        moved.set()
        thread.join()
    assert seen == [home]


def test_a_socket_stays_in_its_namespace() -> None:
    with scratch_netns() as name, namespaces.open_socket(name) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        with socket.socket() as stranger, pytest.raises(ConnectionRefusedError):
            stranger.connect(("127.0.0.1", port))
        with namespaces.open_socket(name) as friend:
            friend.connect(("127.0.0.1", port))


def test_a_child_is_born_in_the_namespace() -> None:
    with scratch_netns() as name:
        done = process.run(["readlink", "/proc/self/ns/net"], netns=name)
        assert done.stdout.strip() == f"net:[{namespaces.identity(name)[1]}]"
        spawned = process.spawn(["sh", "-c", "exit $(ip -o link | grep -c .)"], netns=name)
        assert spawned.wait(60) == 1


def test_what_is_not_there_cannot_be_entered() -> None:
    with (
        pytest.raises(HostError, match="no network namespace `no-such-netns`"),
        namespaces.in_netns("no-such-netns"),
    ):
        pass
    with pytest.raises(HostError, match="cannot enter the network namespace `/proc/self/status`"):
        namespaces.enter(Path("/proc/self/status"))
