"""Paths that are no resources: discovery, OpenAPI, version and health."""

from __future__ import annotations

import time
from email.utils import formatdate
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response

from virtctl.errors import MethodNotAllowed
from virtctl.local.api.catalog import is_builtin_group
from virtctl.local.api.discovery import Discovery, Encoded, ServerInfo, encoded
from virtctl.local.http import negotiation, replies
from virtctl.local.http.negotiation import JSON
from virtctl.models.documents import Document

_YEAR = 365 * 24 * 3600.0
_HEALTH = ("/healthz", "/livez", "/readyz")
_CHECKS = ("ping", "log", "store")
_ETCD = "etcd"  # what monitors ask for by name; here it is the store
_NOT_ALLOWED = "the server does not allow this method on the requested resource"
_PROTO_V2 = "application/com.github.proto-openapi.spec.v2"
_PROTO_V2_TYPE = f"{_PROTO_V2}.v1.0+protobuf"


class OpenApi(Protocol):
    """The OpenAPI documents of the served kinds, as JSON where nothing else is said."""

    def index(self) -> bytes:
        """``GET /openapi/v3``: the documents there are, with their hashes."""

    def document(self, path: str) -> bytes | None:
        """``GET /openapi/v3/PATH``, such as ``api/v1`` or ``apis/kubevirt.io/v1``."""

    def swagger(self) -> bytes:
        """``GET /openapi/v2``."""

    def swagger_proto(self) -> bytes:
        """The same as protobuf, as kubectl asks for it."""


class Fixed:
    """Answers that depend on nothing stored."""

    def __init__(self, discovery: Discovery, info: ServerInfo, openapi: OpenApi) -> None:
        self._discovery = discovery
        self._info = info
        self._openapi = openapi

    def handle(self, request: Request) -> Response | None:
        """The answer, or None when the path is not one of ours. Raises ``MethodNotAllowed``."""
        path = request.url.path.rstrip("/") or "/"
        if path in {"/api", "/version"} and request.method != "GET":
            raise MethodNotAllowed(_NOT_ALLOWED)
        if path in {"/api", "/apis"}:
            return self._roots(request, path)
        if path.startswith("/openapi/"):
            return self._schemas(request, path)
        if path.startswith(_HEALTH):
            found = _health(request)
            return None if found is None else replies.text_reply(found)
        if path == "/version":
            return replies.document_reply(self._info.version())
        if path == "/":
            return replies.document_reply(self._paths())
        return self._group(request, path)

    def _roots(self, request: Request, path: str) -> Response:
        core = path == "/api"
        form = negotiation.wants_discovery(request.headers.get("accept", ""))
        if form is None:
            negotiation.check_acceptable(request.headers.get("accept", ""))
            found = self._discovery.api if core else self._discovery.groups
            return _tagged(request, found, JSON)
        media = f"application/json;g=apidiscovery.k8s.io;v={form};as=APIGroupDiscoveryList"
        return _tagged(request, self._discovery.aggregated(core=core, form=form), media)

    def _group(self, request: Request, path: str) -> Response | None:
        root, *parts = path.strip("/").split("/")
        found = None
        if root == "apis" and len(parts) == 1:
            found = self._discovery.group(parts[0])
        elif root == "apis" and len(parts) == 2:
            found = self._discovery.resources(parts[0], parts[1])
        elif root == "api" and len(parts) == 1:
            found = self._discovery.resources("", parts[0])
        if found is None:
            return None
        own = root == "api" or (len(parts) == 2 and is_builtin_group(parts[0]))
        if own and request.method != "GET":
            raise MethodNotAllowed(_NOT_ALLOWED)
        negotiation.check_acceptable(request.headers.get("accept", ""))
        return _tagged(request, found, JSON)

    def _schemas(self, request: Request, path: str) -> Response | None:
        if path == "/openapi/v3":
            return _tagged(request, encoded(self._openapi.index()), JSON)
        if path == "/openapi/v2":
            accept = request.headers.get("accept", "")
            if accept.startswith(_PROTO_V2):
                return _tagged(request, encoded(self._openapi.swagger_proto()), _PROTO_V2_TYPE)
            return _tagged(request, encoded(self._openapi.swagger()), JSON)
        found = self._openapi.document(path.removeprefix("/openapi/v3/"))
        if found is None:
            return Response(status_code=404)
        response = _tagged(request, encoded(found), JSON)
        if self._is_current(path, request.query_params.get("hash", "")):
            # kubectl keeps it on disk for as long as it says, and no longer asks for it
            response.headers["cache-control"] = "public, immutable"
            response.headers["expires"] = formatdate(time.time() + _YEAR, usegmt=True)
        return response

    def _is_current(self, path: str, digest: str) -> bool:
        """Whether the index names this document with this hash."""
        return bool(digest) and f'"{path}?hash={digest}"'.encode() in self._openapi.index()

    def _paths(self) -> Document:
        roots = ["/api", "/apis", *_HEALTH, "/openapi/v2", "/openapi/v3", "/version"]
        served = [f"/apis/{group}/{version}" for group, version in self._discovery.served if group]
        return {"paths": [*sorted([*roots, *served, "/api/v1"])]}


def _health(request: Request) -> str | None:
    """That all is well, and, with ``verbose``, what was looked at; None for an unknown check."""
    _, root, *checks = request.url.path.split("/")
    if checks and (len(checks) > 1 or checks[0] not in {*_CHECKS, _ETCD}):
        return None
    if checks or "verbose" not in request.query_params:
        return "ok"
    looked = "".join(f"[+]{name} ok\n" for name in _CHECKS)
    return f"{looked}{root} check passed\n"


def _tagged(request: Request, found: Encoded, media: str) -> Response:
    """``found`` with its entity tag, or 304 when the client has it."""
    headers = {"etag": found.etag, "vary": "Accept", "cache-control": "public"}
    if found.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers={**headers, "content-type": media})
