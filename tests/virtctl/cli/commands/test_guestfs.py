import fcntl
import json
import os
import struct
import termios

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, refused
from tests.fakes.descriptors import piped
from tests.fakes.env import Ran, virtctl
from tests.fakes.podport import front_door
from tests.fakes.sockets import stream_server
from tests.fakes.typist import once_raw
from virtctl.cli.app import run
from virtctl.wire.channels import exit_status

V1 = "/api/v1/namespaces/default"
POD = f"{V1}/pods/libguestfs-tools-data"
RUNNING = {"status": {"phase": "Running"}}


def cluster(server: ApiServer, *pods: object) -> None:
    claim = {"metadata": {"name": "data"}, "spec": {"volumeMode": "Filesystem"}}
    server.object(f"{V1}/persistentvolumeclaims/data", claim)
    server.object(f"{V1}/pods", {"items": list(pods)})
    server.on("POST", f"{V1}/pods", {})
    server.on("DELETE", POD, {})


async def shell(connection: ServerConnection) -> None:
    await connection.send(b"\x01><fs> ")
    async for message in connection:
        if message == b"\x00exit\n":
            await connection.send(b"\x01bye\n")
            await connection.send(b"\x03" + json.dumps(exit_status(0)).encode())
            return


def test_a_conversation() -> None:
    with api_server() as api, stream_server(shell) as pods, front_door(api.url, pods.url) as door:
        cluster(api)
        info = {"registry": "reg.test/kv", "tag": "v1", "imagePrefix": "x-"}
        api.object("/apis/subresources.kubevirt.io/v1/guestfs", info)
        api.object(f"{KUBEVIRT}/virtualmachines/web", {"spec": {"template": {}}})
        waiting = {"state": {"waiting": {"reason": "Pulling"}}}
        pending = {"status": {"phase": "Pending", "containerStatuses": [waiting]}}
        api.on("GET", POD, pending, RUNNING)
        with piped() as process:
            process.type(b"exit\n")
            assert run(process.env, [f"--server={door}", "guestfs", "data", "--vm=web"]) == 0
            assert process.read() == b"><fs> bye\n"
            told = process.env.stderr.getvalue()  # type: ignore[attr-defined]
        (posted, body), (deleted, _) = api.writes
    assert (posted, deleted) == (f"POST {V1}/pods", f"DELETE {POD}")
    assert isinstance(body, dict)
    assert body["spec"]["containers"][0]["image"] == "reg.test/kv/x-libguestfs-tools:v1"
    assert "waiting for pod libguestfs-tools-data: Pulling" in told
    wanted = f"{POD}/attach?container=libguestfs&stdin=true&stdout=true&tty=true"
    assert pods.paths == [wanted]


def refused_run(*words: str, pods: tuple[object, ...] = ()) -> tuple[Ran, list[str]]:
    with api_server() as api:
        cluster(api, *pods)
        api.object(POD, {"status": {"phase": "Failed"}})
        ran = virtctl("guestfs", "data", "--image=i:1", *words, server=api.url)
        return ran, [place for place, _ in api.writes]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--gid=5"], "requires the uid to be set"),
        (["--root", "--uid=5"], "cannot set uid if root is true"),
        (["--root", "--fsGroup=5"], "cannot set fsGroup id with root"),
        (["--uid=me"], "`me` for flag `--uid`: must be a number"),
        (["--fsGroup=-"], "`-` for flag `--fsGroup`: must be a number"),
        (["--fsGroup=9223372036854775808"], "must be a number"),
    ],
)
def test_who_it_may_run_as(words: list[str], said: str) -> None:
    ran, writes = refused_run(*words)
    assert (ran.code, said in ran.err, writes) == (2, True, [f"DELETE {POD}"]), ran.err


def test_which_numbers_are_groups_is_the_server_s_to_say() -> None:
    with api_server() as api:
        cluster(api)
        api.object(POD, {"status": {"phase": "Failed"}})
        virtctl("guestfs", "data", "--image=i:1", "--fsGroup=-1", "--uid=+5", server=api.url)
        (_, body), _ = api.writes
    assert isinstance(body, dict)
    security = body["spec"]["securityContext"]
    assert (security["fsGroup"], security["runAsUser"]) == (-1, 5)


def test_a_login_that_ends_meanwhile_leaves_word_of_the_pod() -> None:
    with api_server() as api:
        cluster(api)
        gone = refused(401, "Unauthorized", "Unauthorized")
        api.on("GET", POD, gone)
        api.on("DELETE", POD, gone)
        ran = virtctl("guestfs", "data", "--image=i:1", server=api.url)
    warning, error = ran.err.splitlines()[1:3]
    assert warning.startswith(
        "warning: pod libguestfs-tools-data of namespace default is not deleted: "
    )
    assert (ran.code, error.startswith("error: cannot open claim data: ")) == (1, True)


def test_a_wrong_policy() -> None:
    ran, writes = refused_run("--pull-policy=Sometimes")
    assert (ran.code, "must be one of Always" in ran.err, writes) == (2, True, [])


def test_a_claim_in_use() -> None:
    volumes = [{"persistentVolumeClaim": {"claimName": "data"}}]
    user = {"metadata": {"name": "p"}, "spec": {"volumes": volumes}}
    ran, writes = refused_run(pods=(user,))
    said = "PVC data is used by another pod: p"
    assert (ran.code, said in ran.err, writes) == (1, True, [])
    ran, writes = refused_run(pods=({**user, "status": {"phase": "Succeeded"}},))
    assert "has ended already: phase Failed" in ran.err
    assert writes == [f"POST {V1}/pods", f"DELETE {POD}"]


def test_images_and_claims_that_are_not_there() -> None:
    with api_server() as api:
        ran = virtctl("guestfs", "data", server=api.url)
        assert ran.code == 1
        for info, image in (
            ({"gsImage": "g:1"}, "g:1"), ({"digest": "sha256:0"}, "libguestfs-tools@sha256:0"),
        ):  # fmt: skip
            api.object("/apis/subresources.kubevirt.io/v1/guestfs", info)
            ran = virtctl("guestfs", "data", server=api.url)
            assert (ran.code, f"Use image: {image}" in ran.err) == (1, True)
            assert "the PVC data doesn't exist" in ran.err
        assert api.writes == []


def test_a_node_that_says_why_it_has_no_tools() -> None:
    with api_server() as api:
        cluster(api)
        api.object(POD, {"status": {"phase": "Failed", "message": "install libguestfs-tools"}})
        ran = virtctl("guestfs", "data", "--image=i:1", server=api.url)
    assert (ran.code, "has ended already: install libguestfs-tools" in ran.err) == (1, True)


def test_a_refused_pod() -> None:
    with api_server() as api:
        cluster(api)
        api.on("POST", f"{V1}/pods", refused(403, "Forbidden", "no pods for you"))
        ran = virtctl("guestfs", "data", "--image=i:1", server=api.url)
    assert (ran.code, "cannot open claim data: no pods for you" in ran.err) == (1, True)


def test_the_terminal_is_raw_and_its_size_is_told() -> None:
    heard: list[bytes | str] = []

    async def listen(connection: ServerConnection) -> None:
        async for message in connection:
            heard.append(message)
            if len(heard) == 2:
                await connection.send(b"\x03" + json.dumps(exit_status(0)).encode())
                return

    with api_server() as api, stream_server(listen) as pods, front_door(api.url, pods.url) as door:
        cluster(api)
        api.object(POD, RUNNING)
        user, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
        before = termios.tcgetattr(terminal)
        with piped() as process, os.fdopen(terminal) as stdin:
            process.env.stdin.close()
            process.env.stdin = stdin
            typing = once_raw(terminal, b"q", user)
            assert run(process.env, [f"--server={door}", "guestfs", "data", "--image=i:1"]) == 0
            typing.join(60)
            assert termios.tcgetattr(terminal) == before
        os.close(user)
    assert heard == [b'\x04{"Width":80,"Height":25}', b"\x00q"]
