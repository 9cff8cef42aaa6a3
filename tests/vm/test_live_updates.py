"""A running machine changes with its template, the whole way: API, controllers, Multus, guest."""

import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, traces, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]

DEFINITION = """
apiVersion: k8s.cni.cncf.io/v1
kind: NetworkAttachmentDefinition
metadata: {name: blue}
spec:
  config: '{"cniVersion": "1.0.0", "name": "blue", "type": "bridge", "bridge": "blue0"}'
"""
LINES = 5000
FIRST = {"name": "default", "masquerade": {}}
BLUE = {"name": "blue", "bridge": {}, "macAddress": "02:00:00:00:00:17"}
POD = {"name": "default", "pod": {}}
NETWORK = {"name": "blue", "multus": {"networkName": "blue"}}


@pytest.fixture
def instance(tmp_path: Path, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up()
        made.apply(DEFINITION)
        text = made.machine("web", **{"guest: 256Mi": "guest: 1Gi"})
        assert "guest: 1Gi" in text
        text = seeded_by_secret(made, text)
        sockets = "cpu:\n          sockets: 1\n          maxSockets: 2\n"
        made.apply(text.replace("cpu:\n          cores: 1\n", sockets))
        until(lambda: made.ssh("web", "true", code=None) is not None and ready(made), "a guest")
        yield made
    finally:
        made.down()
    assert traces(made) == []


def seeded_by_secret(instance: Instance, text: str) -> str:
    """The machine with its seed, longer than a manifest may have it, in a Secret."""
    before, _, seed = text.partition("            userData: |\n")
    lines = textwrap.dedent(seed) + "write_files:\n- path: /run/long\n  content: |\n"
    lines += "".join(f"    line {number} of a long file\n" for number in range(LINES))
    secret = {"metadata": {"name": "seed"}, "stringData": {"userdata": lines}}
    instance.apply(json.dumps({"apiVersion": "v1", "kind": "Secret", **secret}))
    return f"{before}            secretRef: {{name: seed}}\n"


def ready(instance: Instance) -> bool:
    return instance.run("get", "vmi", "web", code=None).returncode == 0 and "eth0" in seen(
        instance
    ).get("default", {}).get("interfaceName", "")


def seen(instance: Instance) -> dict[str, dict[str, object]]:
    """The interfaces of the machine's status, by name."""
    status = instance.get("vmi", "web").get("status", {})
    return {one.get("name", ""): one for one in status.get("interfaces", [])}


def sources(instance: Instance, name: str) -> set[str]:
    return set(str(seen(instance).get(name, {}).get("infoSource", "")).split(", ")) - {""}


def change(instance: Instance, **spec: object) -> None:
    patch = json.dumps({"spec": {"template": {"spec": spec}}})
    instance.kubectl("patch", "vm", "web", "--type", "merge", "-p", patch)


def with_nics(instance: Instance, *nics: dict[str, object]) -> None:
    names = [nic["name"] for nic in nics]
    networks = [net for net in (POD, NETWORK) if net["name"] in names]
    change(instance, networks=networks, domain={"devices": {"interfaces": list(nics)}})


def conditions(instance: Instance, kind: str) -> set[str]:
    found = instance.get(kind, "web").get("status", {}).get("conditions", [])
    return {one["type"] for one in found if one["status"] == "True"}


def test_a_running_machine_follows_its_template(instance: Instance) -> None:
    uid = instance.get("vmi", "web")["metadata"]["uid"]
    lines = "cat /run/long 2>/dev/null | wc -l"
    until(lambda: instance.ssh("web", lines, None) == f"{LINES}\n", "the end of a long seed")

    with_nics(instance, FIRST, BLUE)
    until(lambda: {"domain", "multus-status"} <= sources(instance, "blue"), "the NIC")
    link = seen(instance)["blue"]
    assert (link["mac"], link["linkState"], link["queueCount"]) == (BLUE["macAddress"], "up", 1)
    assert str(link["podInterfaceName"]).startswith("pod")
    until(lambda: seen(instance)["blue"].get("interfaceName") == "eth1", "the guest's word")
    assert "RestartRequired" not in conditions(instance, "vm")

    with_nics(instance, FIRST, {**BLUE, "state": "down"})
    until(lambda: seen(instance)["blue"].get("linkState") == "down", "the cable out")
    carrier = "cat /sys/class/net/eth1/carrier 2>/dev/null; true"
    until(lambda: instance.ssh("web", carrier) != "1\n", "the guest's word of it")

    with_nics(instance, FIRST, {**BLUE, "state": "absent"})
    until(lambda: "blue" not in seen(instance), "the NIC's end")
    until(lambda: len(instance.get("vmi", "web")["spec"]["networks"]) == 1, "a clean VMI")
    template = instance.get("vm", "web")["spec"]["template"]["spec"]
    assert [net["name"] for net in template["networks"]] == ["default"]
    assert instance.ssh("web", "ls /sys/class/net").split() == ["eth0", "lo"]

    before = mebibytes(instance)
    change(instance, domain={"cpu": {"sockets": 2}})
    status = until(lambda: with_sockets(instance, 2), "two sockets")
    assert status
    until(lambda: "HotVCPUChange" not in conditions(instance, "vmi"), "the change's end")
    if "SoftwareEmulation" not in conditions(instance, "vmi"):
        # Under a hypervisor that it does not know Linux keeps no place for CPUs that come later.
        until(lambda: instance.ssh("web", "nproc", None) == "2\n", "the guest's second CPU")

    change(instance, domain={"memory": {"guest": "1280Mi"}})
    until(lambda: current(instance) == "1280Mi", "the guest's memory")
    until(lambda: mebibytes(instance) - before > 200, "the guest's own word of it")
    until(lambda: "HotMemoryChange" not in conditions(instance, "vmi"), "the change's end")
    assert "RestartRequired" not in conditions(instance, "vm")
    assert instance.get("vmi", "web")["metadata"]["uid"] == uid

    change(instance, domain={"cpu": {"sockets": 1}})
    until(lambda: "RestartRequired" in conditions(instance, "vm"), "the wish for a restart")


def with_sockets(instance: Instance, count: int) -> bool:
    topology = instance.get("vmi", "web")["status"].get("currentCPUTopology", {})
    return topology.get("sockets") == count


def current(instance: Instance) -> str:
    memory = instance.get("vmi", "web")["status"].get("memory", {})
    return str(memory.get("guestCurrent", ""))


def mebibytes(instance: Instance) -> int:
    """The memory that the guest's kernel has for its use."""
    line = instance.ssh("web", "grep MemTotal /proc/meminfo")
    return int(line.split()[1]) // 1024
