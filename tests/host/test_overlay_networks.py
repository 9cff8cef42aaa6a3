"""OVN of a real instance: begins with the first definition, is kept running, ends with it."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.system import process
from launcher.system.ovsdb import Ovsdb
from tests.fakes.instance import Instance, traces, until
from tests.fakes.overlaid import NEEDS_OVN

pytestmark = [
    pytest.mark.host,
    pytest.mark.timeout(900),
    pytest.mark.skipif(bool(NEEDS_OVN), reason=NEEDS_OVN),
]

NETWORK = """
apiVersion: k8s.ovn.org/v1
kind: UserDefinedNetwork
metadata: {name: blue}
spec:
  topology: Layer2
  layer2: {role: Secondary, subnets: [10.100.0.0/16], ipam: {lifecycle: Persistent}}
"""
SWITCH = "default_blue_ovn_layer2_switch"


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    made = Instance(tmp_path / "inst")
    pids: dict[str, int] = {}
    try:
        made.up("--nodes", "2")
        yield made
        pids = running(made)
    finally:
        made.down()
    assert traces(made) == []
    assert not any(process.start_time(pid) for pid in pids.values())


def running(instance: Instance) -> dict[str, int]:
    """The programs that were started, by their place and name."""
    found = {}
    for path in instance.directory.glob("**/processes.json"):
        for name, one in json.loads(path.read_text()).items():
            found[f"{path.parent.parent.name}/{name}"] = one["pid"]
    return found


def rows(instance: Instance, database: str, name: str, table: str) -> set[str]:
    """Names in a table; none while nobody answers."""
    try:
        with Ovsdb(instance.directory / "ovn" / f"{database}.sock", name) as connection:
            return {str(row["name"]) for row in connection.select(table, [], ["name"])}
    except HostError:
        return set()


def test_a_network_of_a_user_is_begun_kept_and_ended(instance: Instance) -> None:
    assert running(instance) == {}
    instance.apply(NETWORK)
    until(lambda: SWITCH in rows(instance, "nb", "OVN_Northbound", "Logical_Switch"), "switch")
    nodes = {"node1", "node2"}
    until(lambda: rows(instance, "sb", "OVN_Southbound", "Chassis") == nodes, "nodes")
    (condition,) = instance.get("userdefinednetwork", "blue")["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("NetworkCreated", "True")

    before = running(instance)
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)
    until(lambda: all(running(instance)[name] != pid for name, pid in before.items()), "others")
    until(lambda: rows(instance, "sb", "OVN_Southbound", "Chassis") == nodes, "nodes again")
    until(lambda: SWITCH in rows(instance, "nb", "OVN_Northbound", "Logical_Switch"), "switch")

    # A daemon that comes later finds all that runs.
    known = running(instance)
    instance.kill()
    instance.up()
    instance.run("delete", "userdefinednetwork", "blue")
    definition = ("get", "net-attach-def", "blue")
    until(lambda: instance.run(*definition, code=None).returncode, "the definition's end")
    until(lambda: not rows(instance, "nb", "OVN_Northbound", "Logical_Switch"), "the switch's end")
    assert running(instance) == known
