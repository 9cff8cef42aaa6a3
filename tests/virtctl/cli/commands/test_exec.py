import json

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.canned import api_server
from tests.fakes.env import virtctl
from tests.fakes.podport import front_door
from tests.fakes.sockets import stream_server
from virtctl.wire.channels import exit_status

PODS = "/api/v1/namespaces/default/pods"
POD = {"metadata": {"name": "virt-launcher-web-x"}, "status": {"phase": "Running"}}


def program(code: int):
    async def serve(connection: ServerConnection) -> None:
        await connection.send(b"\x01out\n")
        await connection.send(b"\x02err\n")
        await connection.send(b"\x03" + json.dumps(exit_status(code)).encode())

    return serve


@pytest.mark.parametrize("code", [0, 3])
def test_output_and_exit_code_are_the_guests(code: int) -> None:
    with (
        api_server() as api,
        stream_server(program(code)) as pods,
        front_door(api.url, pods.url) as door,
    ):
        api.object(PODS, {"items": [POD]})
        ran = virtctl(f"--server={door}", "exec", "web", "--timeout=5s", "--", "id", "-u")
        assert (ran.code, ran.out, ran.err) == (code, "out\n", "err\n")
        (asked,) = pods.paths
    assert asked.startswith(f"{PODS}/virt-launcher-web-x/exec?container=compute&stdout=true")
    words = [pair.removeprefix("command=") for pair in asked.split("&") if "command=" in pair]
    assert words == [
        "virt-probe", "--domainName", "default_web", "--timeoutSeconds", "5", "--command", "id",
        "--", "-u",
    ]  # fmt: skip


def test_a_machine_that_does_not_run() -> None:
    with api_server() as api:
        api.object(PODS, {"items": []})
        ran = virtctl(f"--server={api.url}", "exec", "web", "--", "id")
    assert ran.code != 0
    assert "cannot run `id` in web: machine default/web has no pod" in ran.err
