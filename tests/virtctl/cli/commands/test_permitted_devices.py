import json

from tests.fakes.canned import KUBEVIRT, api_server
from tests.fakes.env import virtctl


def installed(**devices: object) -> dict[str, object]:
    found = {"spec": {"configuration": {"permittedHostDevices": devices}}}
    return {"items": [found]}


def test_listed() -> None:
    with api_server() as server:
        hosts = [{"resourceName": "example.com/a"}, {"resourceName": "example.com/b"}]
        gpus = [{"resourceName": "example.com/g"}]
        server.object(
            f"{KUBEVIRT}/kubevirts", installed(pciHostDevices=hosts, mediatedDevices=gpus)
        )
        ran = virtctl("permitted-devices", server=server.url)
        assert ran.out.splitlines() == [
            "Permitted Devices:", "Host Devices:", "example.com/a, example.com/b", "GPU Devices:",
            "example.com/g",
        ]  # fmt: skip
        ran = virtctl("permitted-devices", "-o", "json", server=server.url)
        assert json.loads(ran.out)["gpuDevices"] == ["example.com/g"]


def test_none_and_not_installed_here() -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/kubevirts", installed())
        assert virtctl("permitted-devices", server=server.url).code == 0
        server.object(f"{KUBEVIRT}/kubevirts", {"items": []})
        ran = virtctl("permitted-devices", server=server.url)
    assert (ran.code, 'no KubeVirt resource in "default" namespace' in ran.err) == (1, True)
    assert "hint: give --namespace" in ran.err
