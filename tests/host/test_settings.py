"""Templates, HyperConverged and application-aware quotas in an instance, without any guest."""

from collections.abc import Iterator

import pytest

from tests.fakes.instance import Instance, until

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

SETTINGS = """\
apiVersion: hco.kubevirt.io/v1beta1
kind: HyperConverged
metadata: {name: kubevirt-hyperconverged, namespace: kubevirt}
spec: {defaultCPUModel: Haswell, enableApplicationAwareQuota: true}
"""
QUOTA = """\
apiVersion: aaq.kubevirt.io/v1alpha1
kind: ApplicationAwareResourceQuota
metadata: {name: few, namespace: default}
spec: {hard: {requests.instances/vmi: 0}}
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("settings") / "instance")
    try:
        made.up()
        yield made
    finally:
        made.down()


def test_templates_are_shipped_filled_in_and_checked(instance: Instance) -> None:
    listed = instance.run("template", "list").stdout
    assert "tiny" in listed
    assert "windows11" in listed
    halted = ("-p", "NAME=web,RUN_STRATEGY=Halted")
    made = instance.run("template", "process", "tiny", *halted, "--create")
    assert made.stdout == "virtualmachine.kubevirt.io/web created\n"
    refused = instance.run("template", "process", "tiny", "-p", "MEMORY=1Mi", "--create", code=1)
    assert "needs more memory: value 1048576 is lower than minimum" in refused.stderr
    instance.run("template", "create", "--vm-name", "web", "--name", "gold")
    until(lambda: "gold" in instance.run("template", "list").stdout, "a template of a machine")
    instance.kubectl("wait", "vmt/gold", "--for=condition=Ready", "--timeout=150s")
    again = instance.run("template", "process", "gold", "-p", "NAME=web2").stdout
    assert "name: web2" in again


def test_settings_are_live_and_pods_wait_for_room(instance: Instance) -> None:
    instance.apply(SETTINGS)
    wait = ("wait", "-n", "kubevirt", "hco/kubevirt-hyperconverged")
    instance.kubectl(*wait, "--for=condition=ReconcileComplete", "--timeout=150s")
    configuration = instance.get("kv", "kubevirt", "kubevirt")["spec"]["configuration"]
    assert configuration["cpuModel"] == "Haswell"
    instance.kubectl("wait", "aaq", "--all", "--for=jsonpath={.status.phase}=Deployed")
    instance.kubectl("label", "namespace", "default", "application-aware-quota/enable-gating=")
    instance.apply(QUOTA)
    waits = ("-p", "NAME=waits,RUN_STRATEGY=Halted")
    instance.run("template", "process", "tiny", *waits, "--create")
    instance.run("start", "waits")
    pods = ("get", "pods", "-l", "kubevirt.io=virt-launcher", "--no-headers")
    until(lambda: "SchedulingGated" in instance.kubectl(*pods), "a pod that waits")
    more = '{"spec": {"hard": {"requests.instances/vmi": 1}}}'
    instance.kubectl("patch", "arq", "few", "--type", "merge", "-p", more)
    until(lambda: "SchedulingGated" not in instance.kubectl(*pods), "room for the pod")
    used = instance.get("arq", "few")["status"]["used"]
    assert used == {"requests.instances/vmi": "1"}
