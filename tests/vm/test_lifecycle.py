"""What happens to a guest in its life: devices that come, credentials, panics, reboots."""

import base64
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from launcher import lifecycle
from launcher.errors import LauncherError
from launcher.lifecycle import Command
from launcher.net.names import pod_nic_name
from launcher.spec import Bridge, Claim, Cpu, Disk, Memory, Nic, SharedDirectory
from launcher.state import Stage
from launcher.system import namespaces, netlink
from tests.vm.test_launcher import Pod, pod

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

MIB = 1 << 20
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBNs4cC8cTDcSAMgOu1h7UaALzqgc5EUYdVTGlmHQRlh bob"
CRASH = "echo c >/proc/sysrq-trigger"


def ask(made: Pod, command: Command, **arguments: object) -> object:
    control = made.do(lifecycle.connect(made.place))
    return made.do(control.request(command, **msgspec.to_builtins(arguments)))


def run(made: Pod, script: str, patience: float = 400) -> tuple[int, str]:
    """A script in the guest, by its agent."""
    argv = ["/bin/sh", "-c", script]
    done = ask(made, Command.EXEC, argv=argv, timeout=patience)
    assert isinstance(done, dict)
    return done["exit_code"], base64.b64decode(done["stdout"]).decode()


def crash(made: Pod) -> None:
    """Let the guest panic; its agent has no time to say anything."""
    with suppress(LauncherError):
        run(made, CRASH, 1)


def ended(made: Pod) -> tuple[Stage, str]:
    """How the machine ended; its launcher may be gone before it is asked."""
    with suppress(LauncherError):
        made.until(lambda state: state.stage.final)
    state = lifecycle.last_state(made.place)
    assert state is not None
    return state.stage, state.stop_reason


@pytest.fixture(scope="module")
def guest(tmp_path_factory: pytest.TempPathFactory, tiny_image: Path) -> Iterator[Pod]:
    """A guest with room for more of everything."""
    with pod(tmp_path_factory.mktemp("lifecycle")) as made:
        memory = Memory(guest=256 * MIB, max_guest=1024 * MIB)
        cpu = Cpu(max_sockets=2)
        (made.place.root.parent.parent / "shared").mkdir(mode=0o700)
        shared = (
            SharedDirectory(name="data", path=str(made.place.root.parent.parent / "shared")),
            SharedDirectory(name="conf", files={"greeting": b"hello"}, read_only=True),
        )
        made.prepare(
            tiny_image,
            memory=memory,
            cpu=cpu,
            panic_devices=("isa",),
            shared_directories=shared,
        )
        made.start()
        made.until(lambda state: "guest-exec" in state.agent.commands)
        # The modules for what comes later are loaded last.
        run(made, "until lsmod | grep -q ^ahci; do usleep 100000; done")
        yield made


class TestGuest:
    """The last test ends it."""

    def test_programs_run_with_output_and_exit_code(self, guest: Pod) -> None:
        assert run(guest, "hostname; exit 3") == (3, "fedora-0\n")
        with pytest.raises(LauncherError, match=r"still runs in the guest .* after 0\.3 s"):
            run(guest, "sleep 60", 0.3)

    def test_credentials_are_put_there(self, guest: Pod) -> None:
        keys = {"keys": [KEY], "via": "agent", "users": ["fedora"]}
        password = {"user": "fedora", "password": "of another kind"}
        before = run(guest, "grep ^fedora: /etc/shadow")[1]
        ask(guest, Command.CREDENTIALS, ssh_keys=[keys], passwords=[password])
        state = guest.until(lambda each: each.credentials is not None)
        assert state.credentials is not None
        assert state.credentials.synchronized, state.credentials.message
        assert run(guest, "cat /home/fedora/.ssh/authorized_keys")[1].strip() == KEY
        assert run(guest, "grep ^fedora: /etc/shadow")[1] != before

    @pytest.mark.parametrize(("bus", "device"), [("scsi", "sda"), ("virtio", "vdc")])
    def test_a_disk_comes_and_goes(self, guest: Pod, tmp_path: Path, bus: str, device: str) -> None:
        image = tmp_path / "disk.img"
        image.write_bytes(b"hello".ljust(64 * MIB, b"\0"))
        ask(
            guest,
            Command.PLUG_DISK,
            disk=Disk(name=f"data-{bus}", index=0, bus=bus, source=Claim(path=str(image))),
        )
        wait = f"until [ -e /dev/{device} ]; do usleep 100000; done; head -c 5 /dev/{device}"
        assert run(guest, wait) == (0, "hello")
        ask(guest, Command.UNPLUG, name=f"data-{bus}")
        guest.until(lambda state: len(state.disks) == 2)
        assert run(guest, f"[ ! -e /dev/{device} ]")[0] == 0

    def test_directories_are_shared(self, guest: Pod) -> None:
        mount = "mkdir -p /tmp/{0} && mount -t virtiofs {0} /tmp/{0}"
        for tag in ("data", "conf"):
            assert run(guest, mount.format(tag))[0] == 0, tag
        assert run(guest, "cat /tmp/conf/greeting") == (0, "hello")
        assert run(guest, "echo >/tmp/conf/greeting")[0] != 0
        assert (
            run(guest, "echo from the guest >/tmp/data/file && umount /tmp/data /tmp/conf")[0] == 0
        )
        written = guest.place.root.parent.parent / "shared/file"
        assert written.read_text() == "from the guest\n"

    def test_a_cable_is_pulled_and_put_back(self, guest: Pod) -> None:
        for up in (False, True):
            ask(guest, Command.LINK, name="default", up=up)
            wanted = "1" if up else "0"
            wait = (
                f"until [ $(cat /sys/class/net/eth0/carrier) = {wanted} ]; do usleep 100000; done"
            )
            assert run(guest, wait)[0] == 0
            assert guest.until(lambda state, up=up: state.nics[0].link_up is up)  # type: ignore[misc]

    def test_a_nic_comes_and_goes(self, guest: Pod) -> None:
        link, mac = pod_nic_name("blue"), "02:00:00:00:00:17"
        with namespaces.in_netns(guest.pod):
            netlink.add_link("blue0", "veth", peer=link)
            netlink.change_link(link, mac=mac, up=True)
            netlink.change_link("blue0", up=True)
        nic = Nic(name="blue", pod_nic=link, binding=Bridge(), primary=False, ordinal=1)
        ask(guest, Command.PLUG_NIC, nic=nic)
        wait = "until [ -e /sys/class/net/eth1 ]; do usleep 100000; done; "
        assert run(guest, f"{wait} cat /sys/class/net/eth1/address") == (0, f"{mac}\n")
        state = guest.until(lambda each: any(nic.guest_name == "eth1" for nic in each.nics))
        assert [nic.pod_nic for nic in state.nics] == ["eth0", link]
        moved, bridge = f"{link[3:]}-nic", f"k6t-{link[3:]}"
        assert f"master {bridge}" in guest.execute("ip", "link", "show", moved)[1]
        ask(guest, Command.UNPLUG, name="blue")
        guest.until(lambda each: [nic.name for nic in each.nics if nic.name] == ["default"])
        links = guest.execute("ip", "-br", "link")[1]
        assert bridge not in links
        assert moved in links  # the network's own, who takes it away itself
        assert run(guest, "[ ! -e /sys/class/net/eth1 ]")[0] == 0

    def test_more_cpus_come_and_none_goes(self, guest: Pod) -> None:
        ask(guest, Command.SOCKETS, sockets=2)
        guest.until(lambda state: state.vcpus == 2)
        with pytest.raises(LauncherError, match="is not between"):
            ask(guest, Command.SOCKETS, sockets=3)
        with pytest.raises(LauncherError, match="only more"):
            ask(guest, Command.SOCKETS, sockets=1)

    def test_more_memory_comes(self, guest: Pod) -> None:
        ask(guest, Command.MEMORY, size=512 * MIB)
        guest.until(lambda state: state.memory == 512 * MIB)
        with pytest.raises(LauncherError, match="is not between"):
            ask(guest, Command.MEMORY, size=2048 * MIB)

    def test_the_memory_is_dumped(self, guest: Pod, tmp_path: Path) -> None:
        dump = tmp_path / "web.memory.dump"
        guest.do(lifecycle.dump_memory(guest.place, dump))
        assert dump.read_bytes()[:4] == b"\x7fELF"
        assert dump.stat().st_size > 256 * MIB
        guest.until(lambda state: state.stage is Stage.RUNNING)
        with pytest.raises(LauncherError, match="exists already"):
            guest.do(lifecycle.dump_memory(guest.place, dump))
        dump.unlink()

    def test_file_systems_thaw_by_themselves(self, guest: Pod) -> None:
        ask(guest, Command.FREEZE, timeout=1)
        state = guest.until(lambda state: not state.agent.frozen)
        assert state.stage is Stage.RUNNING

    def test_the_balloon_tells_how_much_is_used(self, guest: Pod) -> None:
        told = ask(guest, Command.BALLOON)
        assert isinstance(told, dict)
        assert {"actual", "available", "unused"} <= told.keys()

    def test_a_panic_is_a_crash(self, guest: Pod) -> None:
        crash(guest)
        assert ended(guest) == (Stage.CRASHED, "panicked")


@pytest.mark.parametrize("policy", ["Terminate", "Reboot"])
def test_a_reboot_ends_the_machine_or_not(tmp_path: Path, tiny_image: Path, policy: str) -> None:
    with pod(tmp_path) as made:
        made.prepare(tiny_image, reboot_policy=policy)
        made.start()
        made.until(lambda state: "guest-exec" in state.agent.commands)
        with suppress(LauncherError):
            run(made, "reboot -f", 1)
        if policy == "Terminate":
            assert ended(made) == (Stage.SHUT_OFF, "guest")
        else:
            assert made.until(lambda each: each.boot_count == 2).stage is Stage.RUNNING
