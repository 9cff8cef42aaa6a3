import json
from collections.abc import Iterator

import pytest

from tests.fakes.canned import ApiServer, api_server
from virtctl.cli.netpolicies import Failure, refuse
from virtctl.errors import VirtctlError

ROOT = "/apis/nmstate.io/v1/nodenetworkconfigurationpolicies"
BETA = "/apis/nmstate.io/v1beta1"
MARK = "local.virtctl.io/previous-desired-state"
DESIRED = {"interfaces": [{"name": "br1", "type": "linux-bridge", "mtu": 9000}]}
MANIFEST = json.dumps({
    "apiVersion": "nmstate.io/v1", "kind": "NodeNetworkConfigurationPolicy",
    "metadata": {"name": "br1"}, "spec": {"desiredState": DESIRED},
})  # fmt: skip


def policy(desired=DESIRED, *, kept: str = "", generation: int = 2, kind: str = "Available"):
    return {
        "metadata": {
            "name": "br1", "generation": generation,
            "annotations": {MARK: kept} if kept else {},
        },
        "spec": {"desiredState": desired},
        "status": {"conditions": [{"type": kind, "status": "True"}]},
    }  # fmt: skip


def enactment(node: str, stage: str, message: str = "", generation: int = 2):
    return {
        "metadata": {"name": f"{node}.br1", "labels": {"nmstate.io/policy": "br1"}},
        "status": {
            "policyGeneration": generation,
            "conditions": [{"type": stage, "status": "True", "message": message}],
        },
    }


def enactments(server: ApiServer, *rounds) -> None:
    answers = [{"items": list(one)} for one in rounds]
    server.on("GET", f"{BETA}/nodenetworkconfigurationenactments", *answers)


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        made.object(f"{ROOT}/br1", policy())
        made.on("PATCH", f"{ROOT}/br1", policy())
        made.object("/api/v1/nodes", {"items": [{"metadata": {"name": "n1"}}]})
        now = {"interfaces": [{"name": "br1", "type": "linux-bridge", "mtu": 1500}]}
        state = {"metadata": {"name": "n1"}, "status": {"currentState": now}}
        made.object(f"{BETA}/nodenetworkstates", {"items": [state]})
        yield made


def test_a_failure_names_the_node_and_the_line() -> None:
    refuse("p", [])
    with pytest.raises(VirtctlError, match="policy p failed on n1: error: y"):
        refuse("p", [Failure("n1", "Failing", "x\nerror: y")])
