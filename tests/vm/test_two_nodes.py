"""Two nodes on one machine: machines on both reach each other, by address and by name."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.instance import Instance, traces, until

pytestmark = [pytest.mark.vm, pytest.mark.timeout(1500)]


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory, tiny_image: Path) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("nodes") / "instance")
    made.run("image", "import", str(tiny_image), "tiny")
    try:
        made.up("--nodes", "2")
        moves = "    spec:\n      evictionStrategy: LiveMigrate\n"
        made.apply(made.machine("one").replace("    spec:\n", moves))
        place = "    spec:\n      nodeSelector:\n        kubernetes.io/hostname: node2\n"
        made.apply(made.machine("two").replace("    spec:\n", place))
        made.run("wait", "one", "two", "--for", "ssh", "--timeout", "10m")
        yield made
    finally:
        made.down()
    assert traces(made) == []


def address(instance: Instance, name: str, family: str) -> str:
    def known() -> str:
        found = instance.get("vmi", name)["status"]["interfaces"][0]["ipAddresses"]
        return next((each for each in found if (":" in each) == (family == "6")), "")

    return str(until(known, f"IPv{family} address of {name}"))


def test_each_runs_on_its_node(instance: Instance) -> None:
    places = [instance.get("vmi", name)["status"]["nodeName"] for name in ("one", "two")]
    assert places == ["node1", "node2"]


@pytest.mark.parametrize("family", ["4", "6"])
def test_they_reach_each_other_by_address(instance: Instance, family: str) -> None:
    there = address(instance, "two", family)
    assert there in instance.ssh("one", f"ping -c 1 -W 60 {there}")


def test_they_find_each_other_by_name(instance: Instance) -> None:
    for family in ("4", "6"):
        there = address(instance, "two", family)
        for name in ("two.default", "two.default.svc.cluster.local"):
            assert there in instance.ssh("one", f"ping -{family} -c 1 -W 60 {name}")


def moved(instance: Instance, node: str) -> str:
    """The pod's address of the machine that moves, once it is on a node and ready there."""

    def there() -> str:
        status = instance.get("vmi", "one")["status"]
        ready = {one["type"]: one["status"] for one in status["conditions"]}["Ready"]
        if len(status["activePods"]) != 1:
            return ""
        (pod,) = status["activePods"]
        uids = {
            one["metadata"]["uid"]: one["status"].get("podIP", "")
            for one in json.loads(instance.kubectl("get", "pods", "-o", "json"))["items"]
        }
        address = str(status["interfaces"][0].get("ipAddress", ""))
        known = address != "" and address == uids.get(pod)
        return address if (status["nodeName"], ready) == (node, "True") and known else ""

    return str(until(there, f"one on {node}"))


def phases(instance: Instance) -> list[str]:
    listed = json.loads(instance.kubectl("get", "vmim", "-o", "json"))["items"]
    return [one.get("status", {}).get("phase", "") for one in listed]


def test_a_machine_moves_while_it_runs_and_when_its_node_is_drained(instance: Instance) -> None:
    boot = instance.ssh("one", "cat /proc/sys/kernel/random/boot_id; echo kept > /tmp/word")
    slow = """
        apiVersion: migrations.kubevirt.io/v1alpha1
        kind: MigrationPolicy
        metadata: {name: slow}
        spec:
          bandwidthPerMigration: 256Ki
          selectors: {virtualMachineInstanceSelector: {kubevirt.io/nodeName: node1}}
    """
    instance.apply(slow)
    # given up on its way, while there is no daemon for a while
    instance.run("migrate", "one")
    until(lambda: "Running" in phases(instance), "a migration under way")
    instance.kill()
    instance.up("--nodes", "2")
    assert "Running" in phases(instance)
    instance.run("migrate-cancel", "one")
    until(lambda: phases(instance) == [], "the end of the migration that was given up")
    assert instance.get("vmi", "one")["status"]["nodeName"] == "node1"
    assert instance.ssh("one", "cat /proc/sys/kernel/random/boot_id") == boot

    instance.kubectl("delete", "migrationpolicy", "slow")
    instance.run("migrate", "one")
    there = moved(instance, "node2")
    assert instance.ssh("one", "cat /proc/sys/kernel/random/boot_id; cat /tmp/word") == (
        f"{boot}kept\n"
    )
    instance.ssh("two", f"ping -c 1 -W 60 {there}")
    until(lambda: phases(instance) == ["Succeeded"], "the migration's success")
    leaves_a_drained_node(instance)


def leaves_a_drained_node(instance: Instance) -> None:
    here = moved(instance, "node2")
    instance.kubectl(
        "drain", "node2", "--pod-selector", "vm.kubevirt.io/name=one", "--delete-emptydir-data",
        "--force", "--ignore-daemonsets", "--timeout", "10m",
    )  # fmt: skip
    assert moved(instance, "node1") != here
    instance.kubectl("uncordon", "node2")
    assert instance.ssh("one", "cat /tmp/word") == "kept\n"
