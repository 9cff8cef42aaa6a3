import json
from collections.abc import Iterator

import pytest
import yaml

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, vm, vmi
from tests.fakes.env import virtctl


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with api_server() as made:
        web = vm("web")
        web["metadata"] = {**vm()["metadata"], "labels": {"app.example/tier": "front"}}  # type: ignore[dict-item]
        made.object(f"{KUBEVIRT}/virtualmachines", {"items": [web, vm("db")]})
        made.object(f"{KUBEVIRT}/virtualmachineinstances", {"items": [vmi("web")]})
        yield made


def test_groups_and_variables(server: ApiServer) -> None:
    found = json.loads(virtctl("inventory", "--list", "-l", "", server=server.url).out)
    assert found["all"] == {"hosts": ["vm.db.default", "vm.web.default"]}
    assert found["label_app_example_tier_front"] == {"hosts": ["vm.web.default"]}
    assert found["status_stopped"] == {"hosts": ["vm.db.default"]}
    web = found["_meta"]["hostvars"]["vm.web.default"]
    assert web["kubevirt_addresses"] == ["10.244.1.2"]
    assert "port-forward --stdio=true vm/web/default 22" in web["ansible_ssh_common_args"]
    assert "ansible_user" not in web


def test_one_host_and_only_running_ones(server: ApiServer) -> None:
    ran = virtctl("inventory", "--host", "vm.web.default", "--username=ann", server=server.url)
    assert json.loads(ran.out)["ansible_user"] == "ann"
    assert json.loads(virtctl("inventory", "--host=none", server=server.url).out) == {}
    ran = virtctl("inventory", "--running", "-o", "yaml", server=server.url)
    assert yaml.safe_load(ran.out)["all"] == {"hosts": ["vm.web.default"]}
