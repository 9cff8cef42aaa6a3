import json

import yaml

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

TYPES = "/apis/instancetype.kubevirt.io/v1beta1/virtualmachineclusterinstancetypes"


def test_printed() -> None:
    ran = virtctl("create", "instancetype", "--cpu", "0x10", "--memory=2Gi", "-o", "json")
    made = json.loads(ran.out)
    assert made["metadata"] == {"name": "clusterinstancetype-bcdfg"}
    assert made["spec"]["cpu"] == {"guest": 16}
    made = yaml.safe_load(
        virtctl("create", "instancetype", "--cpu=1", "--memory=1Gi", "--namespaced").out
    )
    assert made["kind"] == "VirtualMachineInstancetype"


def test_applied_to_the_cluster() -> None:
    with api_server() as server:
        server.on("POST", TYPES, {})
        words = ["--cpu=1", "--memory=1Gi", "--name=m", "--apply"]
        ran = virtctl("create", "instancetype", *words, server=server.url)
        assert ran.out.endswith("instancetype.kubevirt.io/m created\n")


def test_wrong_numbers() -> None:
    ran = virtctl("create", "instancetype", "--memory=1Gi", "--cpu=-1")
    assert ran.code == 2
    assert "invalid argument `-1` for flag `--cpu`: must be 0 to 4294967295" in ran.err
    ran = virtctl("create", "instancetype")
    assert "`--cpu`, `--memory` not set" in ran.err
