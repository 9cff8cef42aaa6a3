"""Servers for ``apibench``: ``ours DIRECTORY COUNT`` with so many machines, or ``bare DIRECTORY``.

Both serve over TLS with the same protocol classes; prints where as JSON and serves until killed.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from tests.fakes.attach import FakeMachines, FakePods
from virtctl.local import pki
from virtctl.local.api.admission import Admission
from virtctl.local.api.discovery import ServerInfo
from virtctl.local.api.openapi import ModelOpenApi
from virtctl.local.api.registry import Registry
from virtctl.local.api.schema import ModelSchemas
from virtctl.local.api.service import ApiService, Hooks
from virtctl.local.http.app import create_app
from virtctl.local.http.identity import KeyIdentity
from virtctl.local.http.serving import Tls, serve
from virtctl.local.store.revisions import Store
from virtctl.local.store.sqlite import SqliteLog
from virtctl.models.kinds import VIRTUAL_MACHINE

SIZE = 2700  # bytes of a machine as stored


def machine(number: int) -> dict:
    """A machine that is about ``SIZE`` bytes when its defaults are filled in."""
    return {
        "metadata": {
            "name": f"vm{number:05}",
            "labels": {"app": "bench", "number": str(number)},
            "annotations": {"bench": "x" * 300},
        },
        "spec": {
            "runStrategy": "Halted",
            "template": {
                "metadata": {"labels": {"app": "bench"}},
                "spec": {
                    "domain": {
                        "cpu": {"cores": 2},
                        "memory": {"guest": "2Gi"},
                        "devices": {
                            "disks": [
                                {"name": name, "disk": {"bus": "virtio"}} for name in ("a", "b")
                            ],
                            "interfaces": [{"name": "default", "masquerade": {}}],
                        },
                    },
                    "networks": [{"name": "default", "pod": {}}],
                    "volumes": [
                        {"name": "a", "containerDisk": {"image": "registry.local/fedora:1"}},
                        {"name": "b", "cloudInitNoCloud": {"userData": "#cloud-config\n" * 20}},
                    ],
                },
            },
        },
    }


def service_in(directory: Path) -> ApiService:
    registry = Registry()
    admission = Admission(host_architecture="x86_64", registry=registry)
    hooks = Hooks(ModelSchemas(registry.shape), admission)
    service = ApiService(Store(SqliteLog(directory / "store.db")), hooks, registry=registry)
    admission.attach(lambda kind: service.list(kind).items, service.find, service.derived)
    return service


def fill(directory: Path, count: int) -> None:
    """Store ``count`` machines; each is a copy of one that was admitted, to save time."""
    service = service_in(directory)
    service.ensure_namespace("default")
    made = service.create(VIRTUAL_MACHINE, "default", machine(0))
    store = service._store
    key = store.all(VIRTUAL_MACHINE.resource)[0][0]
    for number in range(1, count):
        copy = json.loads(json.dumps(made))
        copy["metadata"] |= {"name": f"vm{number:05}", "uid": f"{made['metadata']['uid']}-{number}"}
        interface = copy["spec"]["template"]["spec"]["domain"]["devices"]["interfaces"][0]
        interface["macAddress"] = f"02:b3:f1:00:{number >> 8:02x}:{number & 255:02x}"
        copy["metadata"]["resourceVersion"] = str(store.next_revision)
        store.create(
            key._replace(name=f"vm{number:05}"), json.dumps(copy, separators=(",", ":")).encode()
        )
    store.close()


def bare() -> Starlette:
    """Answers of any size, the same each time; ``/tell`` sends as much to all of ``/watch``."""
    bodies: dict[int, bytes] = {}
    watchers: dict[asyncio.Event, int] = {}

    async def answer(request: Request) -> Response:
        await request.body()
        size = request.path_params["size"]
        body = bodies.setdefault(size, b"x" * size)
        return Response(body, media_type="application/json")

    async def parts() -> AsyncIterator[bytes]:
        told = asyncio.Event()
        watchers[told] = 0
        while await told.wait():
            told.clear()
            yield bodies[watchers[told]]

    async def watch(_: Request) -> Response:
        return StreamingResponse(parts(), media_type="application/json")

    async def tell(request: Request) -> Response:
        response = await answer(request)
        for told in watchers:
            watchers[told] = request.path_params["size"]
            told.set()
        return response

    return Starlette(
        routes=[
            Route("/size/{size:int}", answer, methods=["GET", "PATCH"]),
            Route("/tell/{size:int}", tell, methods=["PATCH"]),
            Route("/watch", watch),
        ]
    )


async def main(kind: str, directory: Path) -> None:
    keys = pki.ensure(directory / "pki", ("127.0.0.1", "localhost"))
    if kind == "bare":
        app = bare()
    else:
        service = service_in(directory)
        service.group()
        app = create_app(
            service, FakeMachines(), FakePods(), KeyIdentity(b"key"), ServerInfo(),
            ModelOpenApi(service.registry),
        )  # fmt: skip
    tls = Tls("127.0.0.1", 0, keys.server, keys.server_key, keys.ca)
    serving = await serve(app, tls=tls)
    print(json.dumps({"port": serving.addresses[0][1]}), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        uvloop.run(main(sys.argv[1], Path(sys.argv[2])))
