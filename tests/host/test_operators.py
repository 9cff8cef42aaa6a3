"""Programs that others write against Kubernetes: an operator by kopf, and the Python client."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic import DynamicClient

from tests.fakes import greeter
from tests.fakes.instance import ROOT, Instance, until

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

GREETING = (greeter.GROUP, greeter.VERSION, "default", greeter.PLURAL)
MACHINE = (*greeter.MACHINES, "default", "virtualmachines")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    made = Instance(tmp_path_factory.mktemp("operators") / "instance")
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def api(instance: Instance) -> Iterator[client.ApiClient]:
    with config.new_client_from_config(instance.environ["KUBECONFIG"]) as made:
        yield made


@pytest.fixture
def operator(instance: Instance, api: client.ApiClient, tmp_path) -> Iterator[None]:
    client.ApiextensionsV1Api(api).create_custom_resource_definition(greeter.DEFINITION)
    log = tmp_path / "operator.log"
    words = ["-m", "kopf", "run", "--standalone", "-n", "default", greeter.__file__]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=instance.environ, stdout=out, stderr=out
        )
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        process.terminate()
        process.wait(60)
        print(log.read_text())  # noqa: T201 - shown when the test fails


def test_an_operator_keeps_machines(operator, api) -> None:
    objects, maps = client.CustomObjectsApi(api), client.CoreV1Api(api)
    greeting = {
        "apiVersion": f"{greeter.GROUP}/{greeter.VERSION}",
        "kind": "Greeting",
        "metadata": {"name": "hello"},
        "spec": {"word": "hello"},
    }
    objects.create_namespaced_custom_object(*GREETING, greeting)

    def status():
        found = objects.get_namespaced_custom_object(*GREETING, "hello")
        return found.get("status", {}).get("made")

    assert until(status, "the status of the greeting") == {"machine": "hello"}
    machine = objects.get_namespaced_custom_object(*MACHINE, "hello")
    assert machine["metadata"]["labels"]["word"] == "hello"
    assert machine["metadata"]["ownerReferences"][0]["kind"] == "Greeting"

    changed = {"spec": {"word": "welcome"}}
    objects.patch_namespaced_custom_object(*GREETING, "hello", changed)

    def word():
        found = objects.get_namespaced_custom_object(*MACHINE, "hello")
        return found["metadata"]["labels"]["word"] == "welcome"

    until(word, "the new label")
    only = "involvedObject.kind=Greeting,reason=Greeted"

    def event():
        return maps.list_namespaced_event("default", field_selector=only).items

    assert until(event, "the operator's event")[0].involved_object.name == "hello"

    objects.delete_namespaced_custom_object(*GREETING, "hello")

    def left():
        machines = objects.list_namespaced_custom_object(*MACHINE)["items"]
        return not machines and maps.read_namespaced_config_map("farewell-hello", "default")

    assert until(left, "the end of the machine").data == {"name": "hello"}
    with pytest.raises(ApiException) as refused:
        objects.get_namespaced_custom_object(*GREETING, "hello")
    assert refused.value.status == 404


def test_the_dynamic_client_finds_our_kinds(api) -> None:
    dynamic = DynamicClient(api, cache_file=None)
    kinds = dynamic.resources.get(api_version="kubevirt.io/v1", kind="VirtualMachine")
    kinds.create(body=greeter.machine("dyn", "hello"), namespace="default")
    changed = kinds.patch(
        name="dyn",
        namespace="default",
        body={"metadata": {"labels": {"a": "b"}}},
        content_type="application/merge-patch+json",
    )
    assert changed.metadata.labels.a == "b"
    with pytest.raises(ApiException) as refused:
        kinds.patch(name="dyn", namespace="default", body={"spec": {}})
    assert refused.value.status == 415
    kinds.delete(name="dyn", namespace="default")
