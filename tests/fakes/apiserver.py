"""The API server on a Unix socket and, if asked, on TLS; with fakes for all that runs."""

import contextlib
from pathlib import Path

import httpx
import msgspec

from tests.fakes.attach import FakeMachines, FakePods
from tests.fakes.service import make_service
from virtctl.local.api.discovery import ServerInfo
from virtctl.local.http.app import create_app
from virtctl.local.http.guarding import Limits
from virtctl.local.http.identity import LOCAL_ADMIN, KeyIdentity
from virtctl.local.http.serving import Tls, serve

TOKEN = "admin-token"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class FakeOpenApi:
    """Documents of one word."""

    def index(self) -> bytes:
        served = {"serverRelativeURL": "/openapi/v3/api/v1?hash=x"}
        return msgspec.json.encode({"paths": {"api/v1": served}})

    def document(self, path: str) -> bytes | None:
        return b'{"openapi":"3.0.0"}' if path == "api/v1" else None

    def swagger(self) -> bytes:
        return b'{"swagger":"2.0"}'

    def swagger_proto(self) -> bytes:
        return b"\n\x032.0"


class ApiServer:
    """An open server and a client of it; ``client`` is the administrator."""

    def __init__(self, path: Path, hooks=None, registry=None) -> None:
        self.socket = path / "api.sock"
        self.service = make_service(hooks, registry=registry)
        self.machines = FakeMachines()
        self.pods = FakePods()
        self.identity = KeyIdentity(b"key", {TOKEN: LOCAL_ADMIN})
        self.app = None
        self.serving = None

    @property
    def port(self) -> int:
        return self.serving.addresses[0][1]

    def client(self, **headers) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(uds=str(self.socket))
        return httpx.AsyncClient(
            transport=transport, base_url="http://api", headers=headers, timeout=60
        )


@contextlib.asynccontextmanager
async def running(
    path: Path,
    *,
    tls: Tls | None = None,
    hooks=None,
    openapi=None,
    registry=None,
    limits: Limits | None = None,
    wrap=lambda app: app,
):
    """An ``ApiServer`` that listens in ``path``."""
    server = ApiServer(path, hooks, registry)
    app = create_app(
        server.service,
        server.machines,
        server.pods,
        server.identity,
        ServerInfo(),
        openapi or FakeOpenApi(),
    )
    server.app = app
    server.serving = await serve(wrap(app), tls=tls, uds=server.socket, limits=limits or Limits())
    try:
        yield server
    finally:
        await server.serving.stop(0.1)
