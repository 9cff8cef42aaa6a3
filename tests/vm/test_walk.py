"""The talk's walk on one machine: from a manifest to a prompt, by the command line and kubectl."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, processes, traces, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("walk") / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        made.apply(made.machine("fedora-0"))
        made.run("wait", "fedora-0", "--for", "ssh", "--timeout", "10m")
        yield made
    finally:
        made.down()
    assert traces(made) == []
    assert not made.directory.exists()


def pod_of(instance: Instance, name: str) -> str:
    return instance.run(
        "get", "pod", "-l", f"vm.kubevirt.io/name={name}",
        "-o", "jsonpath={.items[0].metadata.name}",
    ).stdout.strip()  # fmt: skip


def test_the_guest_has_its_address_by_dhcp(instance: Instance) -> None:
    said = instance.ssh("fedora-0", "ip -br a; ip r; cat /sys/class/net/eth0/mtu; hostname")
    assert "10.0.2.2/24" in said
    assert "default via 10.0.2.1" in said
    vmi = instance.get("vmi", "fedora-0")
    mac = vmi["spec"]["domain"]["devices"]["interfaces"][0]["macAddress"]
    assert mac.startswith("02:b3:f0:")
    assert "fedora-0" in said.splitlines()[-1]


def test_the_guest_has_an_ipv6_default_route(instance: Instance) -> None:
    # DHCPv6 and router advertisements may come a moment later than the first login.
    until(lambda: "fd10:0:2::2" in instance.ssh("fedora-0", "ip -6 a show dev eth0"), "DHCPv6")
    until(lambda: "default via fe80::" in instance.ssh("fedora-0", "ip -6 r"), "the route")
    assert "proto ra" in instance.ssh("fedora-0", "ip -6 r show default")


def test_the_pod_is_wired_as_the_talk_shows(instance: Instance) -> None:
    pod = pod_of(instance, "fedora-0")
    links = instance.kubectl("exec", pod, "--", "ip", "a")
    assert "link/ether 02:00:00:00:00:00" in links
    assert "inet 10.0.2.1/24 brd 10.0.2.255 scope global k6t-eth0" in links
    assert "tap0" in links
    rules = instance.kubectl("exec", pod, "--", "nft", "-s", "list", "table", "nat")
    for rule in (
        'iifname "eth0" counter jump KUBEVIRT_PREINBOUND',
        "ip daddr 127.0.0.1 counter dnat to 10.0.2.2",
        "ip saddr 10.0.2.2 counter masquerade",
        'oifname "k6t-eth0" counter jump KUBEVIRT_POSTINBOUND',
        "counter dnat to 10.0.2.2",
        "ip saddr 127.0.0.1 counter snat to 10.0.2.1",
    ):
        assert rule in rules


def test_kubectl_gets_and_describes(instance: Instance) -> None:
    assert "fedora-0" in instance.kubectl("get", "vm,vmi,pod")
    assert "Started the virtual machine" in instance.kubectl("describe", "vm", "fedora-0")
    address = instance.kubectl(
        "get", "vmi", "fedora-0", "-o", "jsonpath={.status.interfaces[0].ipAddress}"
    )
    pod = instance.kubectl(
        "get", "pod", pod_of(instance, "fedora-0"), "-o", "jsonpath={.status.podIP}"
    )
    assert address == pod
    assert pod.startswith("10.2")


def test_the_remote_exit_code_is_passed_on(instance: Instance) -> None:
    assert instance.ssh("fedora-0", "echo out; exit 7", code=7) == "out\n"


def test_a_failed_ssh_says_at_which_stage(instance: Instance) -> None:
    closed = instance.run("ssh", "fedora-0", "-p", "9", code=255)
    assert "error: vm/fedora-0/default: port: " in closed.stderr
    words = ("-l", "nobody", "-i", str(instance.key), "-t=-oBatchMode=yes")
    refused = instance.run("ssh", "fedora-0", *words, code=255)
    assert "error: vm/fedora-0/default: authentication: no key let nobody in" in refused.stderr


def test_files_are_copied_both_ways(instance: Instance, tmp_path: Path) -> None:
    (tmp_path / "there").write_text("hello\n")
    key = ("-i", str(instance.key))
    instance.run("scp", *key, str(tmp_path / "there"), "root@fedora-0:/tmp/here")
    assert instance.ssh("fedora-0", "cat /tmp/here") == "hello\n"
    instance.run("scp", *key, "root@fedora-0:/tmp/here", str(tmp_path / "back"))
    assert (tmp_path / "back").read_text() == "hello\n"


def test_a_port_is_forwarded(instance: Instance) -> None:
    forward = instance.popen("port-forward", "vm/fedora-0", "tcp/0:22")
    try:
        assert forward.stdout is not None
        assert forward.stderr is not None
        line = forward.stderr.readline() + ""
        port = int("".join(c for c in line.rpartition(":")[2].split()[0] if c.isdigit()))
        with socket.create_connection(("127.0.0.1", port), timeout=150) as connection:
            assert connection.recv(4) == b"SSH-"
    finally:
        forward.send_signal(signal.SIGINT)
        forward.communicate(timeout=150)


def test_the_console_gives_a_prompt(instance: Instance) -> None:
    console = instance.popen("console", "fedora-0")
    try:
        assert console.stdin is not None
        assert console.stdout is not None
        console.stdin.write("\n")
        console.stdin.flush()
        text = ""
        deadline = time.monotonic() + 400
        while "fedora-0" not in text and time.monotonic() < deadline:
            text += console.stdout.read(1)
        assert "fedora-0" in text
    finally:
        console.kill()
        console.communicate()


def test_the_console_is_listened_to(instance: Instance) -> None:
    words = ("--wait-for", "^fedora-0 login:", "--timeout", "10m")
    assert "login:" in instance.run("console", "fedora-0", *words).stdout


def test_pause_and_unpause(instance: Instance) -> None:
    instance.run("pause", "vm", "fedora-0")
    until(
        lambda: instance.get("vm", "fedora-0")["status"]["printableStatus"] == "Paused",
        "Paused",
    )
    instance.run("unpause", "vm", "fedora-0")
    until(
        lambda: instance.get("vm", "fedora-0")["status"]["printableStatus"] == "Running",
        "Running",
    )
    assert instance.ssh("fedora-0", "echo back") == "back\n"


def test_the_agent_tells_of_the_guest(instance: Instance) -> None:
    instance.run("wait", "fedora-0", "--for", "agent", "--timeout", "10m")
    assert json.loads(instance.run("guestosinfo", "fedora-0").stdout)["os"]["machine"] == "x86_64"


def test_vnc_talks_rfb(instance: Instance) -> None:
    proxy = instance.popen("vnc", "fedora-0", "--proxy-only")
    try:
        assert proxy.stdout is not None
        port = json.loads(proxy.stdout.readline())["port"]
        with socket.create_connection(("127.0.0.1", port), timeout=150) as connection:
            assert connection.recv(12).startswith(b"RFB 003.")
    finally:
        proxy.kill()
        proxy.communicate()


def test_a_killed_daemon_harms_no_connection(instance: Instance) -> None:
    address = instance.get("vmi", "fedora-0")["status"]["interfaces"][0]["ipAddress"]
    session = subprocess.Popen(
        [
            "ssh", "-i", str(instance.key), "-o", "StrictHostKeyChecking=no", "-o",
            "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", f"root@{address}",
            "echo begun; sleep 5; echo alive",
        ],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert session.stdout is not None
    assert session.stdout.readline() == "begun\n"
    uid = instance.get("vmi", "fedora-0")["metadata"]["uid"]
    instance.kill()
    until(lambda: not processes_of_daemon(instance), "the daemon's end")
    instance.up()
    assert session.communicate(timeout=150)[0] == "alive\n"
    assert session.returncode == 0
    vmi = instance.get("vmi", "fedora-0")
    assert vmi["metadata"]["uid"] == uid
    assert vmi["status"]["phase"] == "Running"
    assert instance.ssh("fedora-0", "echo again") == "again\n"


def processes_of_daemon(instance: Instance) -> list[str]:
    return [line for line in processes(instance.directory) if "virtctl.local.daemon" in line]


def test_a_killed_launcher_fails_the_instance_and_the_strategy_decides(instance: Instance) -> None:
    uid = instance.get("vmi", "fedora-0")["metadata"]["uid"]
    pid = int((instance.directory / "vms" / uid / "launcher.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)

    def renewed() -> bool:
        done = instance.run("get", "vmi", "fedora-0", "-o", "json", code=None)
        if done.returncode:
            return False
        vmi = json.loads(done.stdout)
        return vmi["metadata"]["uid"] != uid and vmi["status"].get("phase") == "Running"

    until(renewed, "a new instance")
    instance.run("wait", "fedora-0", "--for", "ssh", "--timeout", "10m")
    assert instance.get("vmi", "fedora-0")["metadata"]["uid"] != uid


def test_restart_and_stop(instance: Instance) -> None:
    before = instance.ssh("fedora-0", "cat /proc/sys/kernel/random/boot_id")
    instance.run("restart", "fedora-0", "--wait=ssh", "--timeout", "10m")
    assert instance.ssh("fedora-0", "cat /proc/sys/kernel/random/boot_id") != before
    instance.run("stop", "fedora-0", "--wait", "--timeout", "10m")
    vm = instance.get("vm", "fedora-0")
    assert vm["status"]["printableStatus"] == "Stopped"
    assert vm["spec"]["runStrategy"] == "Halted"
    gone = ("get", "vmi", "fedora-0")
    until(lambda: instance.run(*gone, code=None).returncode, "the end of the instance")
    off = instance.run("ssh", "fedora-0", code=255)
    assert "error: vm/fedora-0/default: machine: it does not run, status Stopped" in off.stderr


def test_status_tells_what_the_host_was_given(instance: Instance) -> None:
    picture = json.loads(instance.run("local", "status", "-o", "json").stdout)
    assert picture["state"] == "running"
    assert picture["nodes"][0]["ready"] == "True"
    assert any("nft table" in change for change in picture["host"])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_delete_removes_the_machine(instance: Instance) -> None:
    instance.kubectl("delete", "vm", "fedora-0", "--wait")
    assert "fedora-0" in instance.run("get", "vm", "fedora-0", code=1).stderr
