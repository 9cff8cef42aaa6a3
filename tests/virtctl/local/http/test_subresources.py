import pytest

from virtctl.errors import InternalError
from virtctl.models.kinds import KUBEVIRT, NODE, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.paths import build_subresource_path, parse_path

ROOT = "/apis/subresources.kubevirt.io/v1"
AGENT = {"type": "AgentConnected", "status": "True"}


def url(plural: str, verb: str, name: str = "web") -> str:
    return build_subresource_path(plural, "default", name, verb)


def machine(verb: str) -> str:
    return url("virtualmachines", verb)


def instance(verb: str) -> str:
    return url("virtualmachineinstances", verb)


@pytest.fixture(autouse=True)
def stored(server):
    spec = {"runStrategy": "Halted"}
    server.service.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "web"}, "spec": spec})
    server.service.create(NODE, None, {"metadata": {"name": "node1"}})
    status = {"phase": "Running", "conditions": [AGENT], "nodeName": "node1"}
    vmi = {"metadata": {"name": "web"}, "spec": {}, "status": status}
    server.service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)


async def test_start(server, client) -> None:
    refused = await client.put(machine("start"))
    assert (refused.status_code, refused.json()["reason"]) == (409, "Conflict")
    server.service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    started = await client.put(machine("start"), content=b"paused: false\n")
    assert (started.status_code, started.content) == (202, b"")
    vm = server.service.get(VIRTUAL_MACHINE, "default", "web")
    assert vm["spec"]["runStrategy"] == "Always"
    assert (await client.put(machine("restart"), json={})).status_code == 409
    assert (await client.put(machine("stop"), json={})).status_code == 202


async def test_router(client) -> None:
    wrong = await client.get(machine("start"))
    assert (wrong.status_code, wrong.text) == (405, "405: Method Not Allowed")
    picky = await client.put(machine("start"), headers={"accept": "application/json"})
    assert picky.status_code == 406
    bad = await client.put(machine("stop"), content=b"[")
    assert "Can not unmarshal Request body" in bad.json()["message"]
    assert (await client.get(machine("dance"))).status_code == 404
    other = await client.get(f"{ROOT}/namespaces/default/others/x/start")
    assert (other.status_code, other.text) == (401, "unknown resource type others")


async def test_act(server, client) -> None:
    paused = await client.put(instance("pause"))
    assert (paused.status_code, paused.content) == (200, b"")
    assert server.machines.asked == [("web", "pause", {})]
    assert (await client.put(instance("unpause"))).status_code == 409


async def test_guest_information(server, client) -> None:
    server.machines.answer = {"hostname": "web"}
    assert (await client.get(instance("guestosinfo"))).json() == {"hostname": "web"}
    server.machines.answer = InternalError("the agent is silent")
    failed = await client.get(instance("userlist"))
    assert (failed.status_code, failed.text) == (500, "the agent is silent")
    missing = await client.get(url("virtualmachineinstances", "filesystemlist", "none"))
    assert missing.status_code == 500


async def test_screenshot(client) -> None:
    answer = await client.get(instance("vnc/screenshot"))
    assert (answer.headers["content-type"], answer.content) == ("image/png", b"\x89PNG")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (machine("migrate"), 202),
        (url("virtualmachines", "migrate", "none"), 404),
        (machine("addvolume"), 400),
        (machine("memorydump"), 400),
        (machine("removememorydump"), 409),
        (machine("evacuate/cancel"), 200),
        (instance("removevolume"), 400),
        (instance("evacuate/cancel"), 200),
        (instance("sev/setupsession"), 400),
        (instance("backup"), 501),
    ],
)
async def test_changes(client, path, code) -> None:
    answer = await client.put(path)
    assert answer.status_code == code
    assert not answer.content if code < 300 else answer.json()["kind"] == "Status"


async def test_a_volume_for_a_guest_that_runs(server, client) -> None:
    gates = {"configuration": {"developerConfiguration": {"featureGates": ["HotplugVolumes"]}}}
    server.service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": gates})
    body = {
        "name": "more",
        "disk": {"disk": {"bus": "scsi"}},
        "volumeSource": {"persistentVolumeClaim": {"claimName": "p1"}},
    }
    answer = await client.put(machine("addvolume"), json=body)
    assert answer.status_code == 202
    assert "warning" not in answer.headers


async def test_graphs(server, client) -> None:
    assert (await client.get(machine("objectgraph"))).status_code == 400
    gates = {"configuration": {"developerConfiguration": {"featureGates": ["ObjectGraph"]}}}
    server.service.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": gates})
    for path, kind in (
        (machine("objectgraph"), "VirtualMachine"),
        (instance("objectgraph"), "VirtualMachineInstance"),
    ):
        assert (await client.get(path)).json()["objectReference"]["kind"] == kind


async def test_secrets_of_processors(client) -> None:
    answer = await client.get(instance("sev/fetchcertchain"))
    assert (answer.status_code, answer.headers["content-type"]) == (
        500,
        "text/plain; charset=utf-8",
    )


async def test_streams_without_a_handshake(client) -> None:
    answer = await client.get(instance("console"))
    assert "no websocket handshake" in answer.json()["message"]
    assert (await client.get(instance("usbredir"))).status_code == 409
    assert (await client.get(instance("portforward/x"))).status_code == 400


async def test_expand(server, client) -> None:
    assert (await client.get(machine("expand-spec"))).json()["metadata"]["name"] == "web"
    expand = f"{ROOT}/namespaces/default/expand-vm-spec"
    spec = {"template": {"spec": {"domain": {"devices": {}}}}}
    metadata = {"name": "a", "namespace": "default"}
    vm = {"kind": "VirtualMachine", "metadata": metadata, "spec": spec}
    domain = {"devices": {}, "resources": {}}
    whole = {**vm, "spec": {"template": {"spec": {"domain": domain}}}, "status": {}}
    assert (await client.put(expand, json=vm)).json() == whole
    assert (await client.put(expand, json={"kind": "Pod"})).status_code == 400
    elsewhere = {**vm, "metadata": {"namespace": "other"}}
    assert (await client.put(expand, json=elsewhere)).status_code == 400
    typed = {**vm, "spec": {**spec, "instancetype": {"name": "u1"}}}
    missing = await client.put(expand, json=typed)
    assert (missing.status_code, missing.json()["message"]) == (
        400,
        'virtualmachineclusterinstancetypes.instancetype.kubevirt.io "u1" not found',
    )


async def test_cluster_wide(client) -> None:
    assert (await client.get(f"{ROOT}/version")).json()["gitVersion"].startswith("v1.")
    assert "registry" in (await client.get(f"{ROOT}/guestfs")).json()
    assert (await client.get(f"{ROOT}/healthz")).status_code == 200
    assert (await client.get(f"{ROOT}/other")).status_code == 404


def test_paths_are_parsed() -> None:
    assert parse_path(instance("vnc/screenshot")).subresource == "vnc/screenshot"


@pytest.mark.parametrize(
    ("verb", "body", "problem"),
    [
        ("stop", b'{"gracePeriod":"x"}', "json: cannot unmarshal string into Go struct field Stop"),
        ("stop", b'{"gracePeriod":1.5}', "json: cannot unmarshal number 1.5 into Go struct field"),
        ("stop", b'"x"', "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal st"),
        ("restart", b"{{", "invalid character '{' looking for beginning of object key string"),
        ("migrate", b'{"dryRun":"All"}', "json: cannot unmarshal string into Go struct field Mig"),
        ("addvolume", b'{"disk":[]}', "json: cannot unmarshal array into Go struct field AddVol"),
    ],
)
async def test_bodies_that_are_no_options(client, verb, body, problem) -> None:
    answer = await client.put(machine(verb), content=body)
    assert answer.status_code == 400
    message = answer.json()["message"]
    assert message.startswith(f"Can not unmarshal Request body to struct, error: {problem}")


async def test_options_are_looked_at_late(server, client) -> None:
    for path in (machine("start"), instance("freeze"), instance("backup")):
        missing = await client.put(path.replace("/web/", "/none/"), content=b'"x"')
        assert (missing.status_code, missing.json()["reason"]) == (404, "NotFound")
    running = await client.put(machine("start"), content=b'{"paused":"x"}')
    assert (running.status_code, running.json()["reason"]) == (409, "Conflict")
    server.service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    mistyped = await client.put(machine("start"), content=b'{"paused":"x"}')
    assert "Go struct field StartOptions.paused of type bool" in mistyped.json()["message"]
    assert server.service.get(VIRTUAL_MACHINE, "default", "web")["spec"]["runStrategy"] == "Halted"


async def test_unknown_dry_runs_change_nothing(server, client) -> None:
    server.service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    refused = await client.put(machine("start"), json={"dryRun": ["Some"]})
    assert (refused.status_code, refused.json()["reason"]) == (500, "InternalError")
    assert 'PatchOptions.meta.k8s.io "" is invalid: dryRun' in refused.json()["message"]
    assert server.service.get(VIRTUAL_MACHINE, "default", "web")["spec"]["runStrategy"] == "Halted"
    conflict = await client.put(machine("stop"), json={"dryRun": ["Some"]})
    assert conflict.status_code == 409


async def test_texts_may_be_numbers(client) -> None:
    missing = await client.put(machine("removevolume"), content=b'{"name":5}')
    assert "Unable to remove volume [5]" in missing.json()["message"]
