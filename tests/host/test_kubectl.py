"""Debian's kubectl against the whole API server: what the clients of this world insist on."""

import asyncio
import contextlib
import os
import re

import pytest
import yaml

from tests.fakes.apiserver import running
from virtctl.local import pki
from virtctl.local.api.admission import Admission
from virtctl.local.api.openapi import ModelOpenApi
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import Hooks
from virtctl.local.http.serving import Tls
from virtctl.models.kinds import POD

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

VM = """
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: web}
spec:
  runStrategy: Halted
  template:
    metadata: {labels: {app: web}}
    spec:
      domain: {devices: {}, memory: {guest: 64Mi}}
"""


class Kubectl:
    """Runs kubectl against one server, with a home of its own."""

    def __init__(self, home, kubeconfig) -> None:
        self._env = {"HOME": str(home), "KUBECONFIG": str(kubeconfig), "PATH": os.environ["PATH"]}

    async def run(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Exit code, stdout and stderr."""
        process = await asyncio.create_subprocess_exec(
            "kubectl", *words, env=self._env, stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 150)
        except BaseException:
            process.kill()
            await process.wait()
            raise
        return process.returncode, out.decode(), err.decode()

    @contextlib.asynccontextmanager
    async def watching(self, *words: str):
        """What a command that does not end by itself prints."""
        process = await asyncio.create_subprocess_exec(
            "kubectl", *words, env=self._env, stdout=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(150):
                yield process.stdout
        finally:
            process.kill()
            await process.communicate()

    async def __call__(self, *words: str, stdin: str = "") -> str:
        """stdout of a command that must succeed, without the white space around."""
        code, out, err = await self.run(*words, stdin=stdin)
        assert code == 0, err
        return out.strip()


@contextlib.asynccontextmanager
async def open_server(path):
    keys = pki.ensure(path / "pki", ("127.0.0.1",))
    admission = Admission()
    hooks = Hooks(ModelSchemas(), admission)
    tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
    async with running(path, tls=tls, hooks=hooks, openapi=ModelOpenApi()) as server:
        admission.attach(lambda kind: server.service.list(kind).items)
        config = pki.kubeconfig(keys, f"https://127.0.0.1:{server.port}")
        pki.write_kubeconfig(path / "kubeconfig", config)
        yield server


@pytest.fixture
async def server(tmp_path):
    async with open_server(tmp_path) as made:
        yield made


@pytest.fixture
def kubectl(server, tmp_path):
    return Kubectl(tmp_path, tmp_path / "kubeconfig")


async def test_discovery_is_asked_once(kubectl) -> None:
    resources = await kubectl("api-resources")
    assert re.search(r"virtualmachines +vm,vms +kubevirt.io/v1 +true +VirtualMachine", resources)
    _, _, log = await kubectl.run("get", "vm", "-v=6")
    assert re.findall(r"GET https://\S+?(/api\S*)", log) == [
        "/apis/kubevirt.io/v1/namespaces/default/virtualmachines?limit=500"
    ]


async def test_apply_in_its_three_ways(kubectl) -> None:
    assert await kubectl("create", "-f", "-", stdin=VM) == "virtualmachine.kubevirt.io/web created"
    assert "configured" in await kubectl("apply", "-f", "-", stdin=VM)
    assert "unchanged" in await kubectl("apply", "-f", "-", stdin=VM)
    changed = VM.replace("64Mi", "128Mi")
    assert "configured" in await kubectl("apply", "-f", "-", stdin=changed)
    assert "applied" in await kubectl(
        "apply", "--server-side", "--force-conflicts", "-f", "-", stdin=changed
    )
    other = ("apply", "--server-side", "--field-manager=other", "-f", "-")
    code, _, err = await kubectl.run(*other, stdin=VM)
    assert (code, "conflict" in err, "--force-conflicts" in err) == (1, True, True)
    assert "replaced" in await kubectl("replace", "-f", "-", stdin=VM)


async def test_unknown_fields_are_refused(kubectl) -> None:
    wrong = VM.replace("runStrategy: Halted", "runStrategy: Halted\n  colour: red")
    code, _, err = await kubectl.run("create", "-f", "-", stdin=wrong)
    assert code == 1
    assert 'strict decoding error: unknown field "spec.colour"' in err


async def test_kinds_that_openapi_does_not_know(kubectl) -> None:
    listed = {"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(VM)]}
    assert "created" in await kubectl("apply", "-f", "-", stdin=yaml.safe_dump(listed))
    odd = VM.replace("VirtualMachine", "VirtualMachineZ")
    code, _, err = await kubectl.run("create", "-f", "-", stdin=odd)
    assert (code, "ensure CRDs are installed first" in err) == (1, True)


async def test_reading(kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=VM)
    assert re.match(r"NAME +AGE +STATUS +READY\nweb +\d+", await kubectl("get", "vm"))
    assert "web" in await kubectl("get", "all")
    document = yaml.safe_load(await kubectl("get", "vm", "web", "-o", "yaml"))
    assert document["spec"]["runStrategy"] == "Halted"
    assert "Run Strategy:  Halted" in await kubectl("describe", "vm", "web")
    assert "runStrategy" in await kubectl("explain", "vm.spec")
    assert await kubectl("get", "vm", "-o", "name") == "virtualmachine.kubevirt.io/web"
    code, _, err = await kubectl.run("get", "vm", "none")
    expected = 'Error from server (NotFound): virtualmachines.kubevirt.io "none" not found\n'
    assert (code, err) == (1, expected)


async def test_changing(kubectl) -> None:
    await kubectl("create", "-f", "-", stdin=VM)
    assert "labeled" in await kubectl("label", "vm", "web", "tier=front")
    assert "annotated" in await kubectl("annotate", "vm", "web", "a=b")
    patch = '{"spec":{"runStrategy":"Manual"}}'
    assert "patched" in await kubectl("patch", "vm", "web", "--type=merge", "-p", patch)
    assert "no change" in await kubectl("patch", "vm", "web", "--type=merge", "-p", patch)
    code, _, err = await kubectl.run("patch", "vm", "web", "-p", patch)
    assert (code, "is not supported by kubevirt.io/v1" in err) == (1, True)
    condition = "jsonpath={.spec.runStrategy}=Manual"
    assert "condition met" in await kubectl("wait", f"--for={condition}", "vm/web")
    assert "deleted" in await kubectl("delete", "vm", "web", "--timeout=150s")
    assert await kubectl("get", "vm", "-o", "name") == ""


async def test_protobuf_bodies(kubectl) -> None:
    await kubectl("create", "namespace", "shop")
    await kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    await kubectl("create", "configmap", "c", "--from-literal=a=b")
    await kubectl("create", "serviceaccount", "robot")
    assert await kubectl("create", "token", "robot")
    assert await kubectl("auth", "can-i", "create", "vm") == "yes"
    assert "virtctl-admin" in await kubectl("auth", "whoami")
    secret = yaml.safe_load(await kubectl("get", "secret", "s", "-o", "yaml"))
    assert (secret["type"], secret["data"]) == ("Opaque", {"a": "Yg=="})
    assert "Terminating" in await kubectl(
        "delete", "namespace", "shop", "--wait=false"
    ) + await kubectl("get", "namespace", "shop")


async def test_pods(server, kubectl) -> None:
    server.pods.code = 3
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "compute", "image": "x"}]}}
    server.service.create(POD, "default", pod)
    code, out, err = await kubectl.run("exec", "p", "--", "ip", "-br", "a")
    assert (code, out, "oops" in err) == (3, "ip -br a", True)
    code, out, _ = await kubectl.run("exec", "-i", "p", "--", "cat", stdin=" typed")
    assert (code, out) == (3, "cat typed")
    assert await kubectl("logs", "p", "--tail=1") == "compute 2"
    assert (await kubectl("logs", "-f", "p")).count("\n") == 2


async def test_watching(server, kubectl) -> None:
    await kubectl("create", "configmap", "a")
    async with kubectl.watching("get", "cm", "-w") as lines:
        assert [(await lines.readline()).split()[0] for _ in range(2)] == [b"NAME", b"a"]
        await kubectl("create", "configmap", "b")
        assert (await lines.readline()).split()[0] == b"b"
    code, out, _ = await kubectl.run("get", "cm", "-w", "--request-timeout=5s")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, ["NAME", "a", "b"])
