"""The ASGI application: who calls, what is asked, and errors to answers.

A resource URL has a grammar (``wire.paths``), so there is no table of routes.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import dataclass, field

import msgspec
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from virtctl.errors import (
    ApiError,
    BadRequest,
    InternalError,
    InvalidField,
    NotFound,
    StatusDetails,
    VirtctlError,
)
from virtctl.local.api import catalog
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.discovery import Discovery, ServerInfo
from virtctl.local.api.registry import Registry
from virtctl.local.api.service import Actor, ApiService, unwritable
from virtctl.local.api.verbs.attach import Attach
from virtctl.local.api.verbs.ports import Machines, Pods, Process
from virtctl.local.http import access, audit, bodies, impersonation, replies, sockets, tunnels
from virtctl.local.http.fixed import Fixed, OpenApi
from virtctl.local.http.identity import Identity, Peer
from virtctl.local.http.pods import STREAMS as POD_STREAMS
from virtctl.local.http.pods import PodVerbs, wanted_streams
from virtctl.local.http.podsights import PodSights
from virtctl.local.http.requests import Call
from virtctl.local.http.resources import Resources
from virtctl.local.http.reviews import Reviews
from virtctl.local.http.scales import Scales
from virtctl.local.http.subresources import Subresources, is_stream
from virtctl.local.http.templates import TemplateVerbs
from virtctl.local.http.tokenrequests import TokenRequests
from virtctl.local.http.traffic import Traffic
from virtctl.local.store.log import Unwritable
from virtctl.models.kinds import POD, REVIEWS, Kind
from virtctl.streams.duplex import Duplex
from virtctl.wire import status
from virtctl.wire.paths import (
    SIGHTS_GROUP,
    SUBRESOURCES_GROUP,
    TEMPLATE_SUBRESOURCES_GROUP,
    ResourcePath,
    parse_path,
)
from virtctl.wire.selectors import exact_name

_log = logging.getLogger(__name__)
_TOO_LARGE = 413
_CLIENT_GONE = 499  # no standard has a code for it; this one is widely used in logs
_NO_RESOURCE = "the server could not find the requested resource"


def create_app(
    service: ApiService,
    machines: Machines,
    pods: Pods,
    identity: Identity,
    info: ServerInfo,
    openapi: OpenApi,
) -> ASGIApp:
    """The API server over ``service``; ``machines`` and ``pods`` are what runs."""
    registry = service.registry
    discovery = Discovery(registry.kinds)
    registry.subscribe(lambda: discovery.refresh(registry.kinds))
    authorizer = Authorizer(service)
    return App(
        service=service,
        registry=registry,
        identity=identity,
        authorizer=authorizer,
        fixed=Fixed(discovery, info, openapi),
        resources=Resources(service, authorizer),
        reviews=Reviews(identity, service, authorizer),
        tokens=TokenRequests(identity, service),
        subresources=Subresources(service, machines, info),
        templates=TemplateVerbs(service, authorizer),
        scales=Scales(service),
        pods=PodVerbs(service, pods),
        sights=PodSights(service, pods),
        attach=Attach(service, machines),
    )


@dataclass(frozen=True)
class _Caller:
    """Who calls, and the resource that is asked for; None when the path is none."""

    actor: Actor
    path: ResourcePath | None


@dataclass(frozen=True)
class App:
    """Dispatches connections to the handlers."""

    service: ApiService
    registry: Registry
    identity: Identity
    authorizer: Authorizer
    fixed: Fixed
    resources: Resources
    reviews: Reviews
    tokens: TokenRequests
    subresources: Subresources
    templates: TemplateVerbs
    scales: Scales
    pods: PodVerbs
    sights: PodSights
    attach: Attach
    traffic: Traffic = field(default_factory=Traffic)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI entry point."""
        if scope["type"] == "http":
            response = await self._answer(Request(scope, receive))
            caller = audit.caller_of(scope)
            name = caller.actor.name if caller is not None else ""
            await self.traffic.deliver(response, name, scope, receive, send)
        elif scope["type"] == "websocket":
            await self._connect(WebSocket(scope, receive, send))

    async def _answer(self, request: Request) -> Response:
        try:
            response = await self._handle(request)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)  # nobody reads it
        except Exception as error:  # noqa: BLE001 - the client gets a Status for our mistakes, too
            response = replies.error_reply(_failure(request, error))
        if response.status_code == _TOO_LARGE and bodies.is_endless(request):
            response.headers["connection"] = "close"
        return response

    def _caller(self, connection: HTTPConnection) -> _Caller:
        """Who asks for what. Raises ``Unauthorized`` and ``Forbidden``."""
        peer = getattr(connection.state, "peer", None) or Peer()
        headers = connection.headers
        behind = self.identity.identify(peer, headers.get("authorization", ""))
        raw: bytes = connection.scope.get("raw_path") or connection.url.path.encode()
        path = parse_path(raw.decode())
        method = connection.scope.get("method", "GET")
        asked = access.path_question(connection.url.path, method)
        if path is not None and path.plural:
            only = exact_name(connection.query_params.get("fieldSelector", ""))
            asked = access.question(path, method, watch=_watches(connection), only=only)
        audit.note(connection, audit.Caller(behind, behind, path, asked.verb))
        wanted = impersonation.asked_in(headers)
        actor = impersonation.impersonated(self.authorizer, behind, wanted, asked)
        audit.note(connection, audit.Caller(actor, behind, path, asked.verb))
        if path is None or not path.plural:
            access.check_path(self.authorizer, actor, connection.url.path, method)
            return _Caller(actor, None)
        access.check_resource(self.authorizer, actor, path, asked)
        return _Caller(actor, path)

    async def _handle(self, request: Request) -> Response:
        caller = self._caller(request)
        actor, path = caller.actor, caller.path
        if path is None:
            return self._fixed(request) or _nothing(request.url.path)
        response = await self._about(request, path, actor)
        await self.service.settled()  # neither what was written nor what was read is lost now
        return response

    async def _about(self, request: Request, path: ResourcePath, actor: Actor) -> Response:
        if path.group == SUBRESOURCES_GROUP:
            return await self._subresource(request, path, actor)
        if path.group == TEMPLATE_SUBRESOURCES_GROUP:
            return await self.templates.handle(request, path, actor)
        if path.group == SIGHTS_GROUP:
            return await self.sights.handle(request, path)
        review = _review(path)
        if review is not None:
            return await self.reviews.handle(Call(request, path, review, actor))
        kind = self.registry.by_plural(path.group, path.version, path.plural)
        if kind is None or not _fits(kind, path, request.method):
            return _nothing(request.url.path) if kind is None else replies.page_not_found()
        return await self._resource(Call(request, path, kind, actor))

    def _fixed(self, request: Request) -> Response | None:
        if self.service.problem and request.url.path.startswith("/readyz"):
            return replies.text_reply(f"[-]store failed: {self.service.problem}\n", 500)
        return self.fixed.handle(request)

    async def _resource(self, call: Call) -> Response:
        subresource = call.path.subresource
        if subresource and subresource not in call.kind.subresources:
            if catalog.is_builtin(call.kind):
                raise NotFound(_NO_RESOURCE, StatusDetails(is_shown=True))
            raise status.not_found(call.kind, call.path.name)
        if call.kind == POD and subresource not in {"", "status"}:
            return await self.pods.handle(call)
        if subresource == "token":
            return await self.tokens.handle(call)
        if subresource == "scale":
            return await self.scales.handle(call)
        return await self.resources.handle(call)

    async def _subresource(self, request: Request, path: ResourcePath, actor: Actor) -> Response:
        if is_stream(path):
            stream = await self._open(path, HTTPConnection(request.scope))
            await stream.close()
            raise BadRequest("the request is no websocket handshake")
        return await self.subresources.handle(request, path, actor)

    # Websockets

    async def _connect(self, socket: WebSocket) -> None:
        try:
            await self._serve(socket)
        except WebSocketDisconnect:
            _log.debug("%s: the client has gone", socket.url.path)
        except VirtctlError as error:
            await sockets.report(socket, error)
        except Exception:  # noqa: BLE001 - as above
            _log.exception("websocket %s", socket.url.path)
            await sockets.report(socket, InternalError("an internal error was logged"))

    async def _serve(self, socket: WebSocket) -> None:
        path = self._caller(socket).path
        if path is None:
            raise BadRequest("there is no stream at this path")
        if path.group == SUBRESOURCES_GROUP and is_stream(path):
            await sockets.serve_stream(socket, self._open(path, socket))
        elif (path.group, path.plural) == ("", POD.plural) and path.subresource in POD_STREAMS:
            await self._serve_pod(socket, path)
        else:
            raise BadRequest("there is no stream at this path")

    async def _serve_pod(self, socket: WebSocket, path: ResourcePath) -> None:
        namespace, query = path.namespace or "", socket.query_params
        if path.subresource == "portforward":
            dial = self.pods.dialer(namespace, path.name)
            await tunnels.serve_portforward(socket, dial)
            return

        def start() -> Awaitable[Process]:
            return self.pods.start(namespace, path.name, query)

        if tunnels.chosen_for_process(tunnels.offered(socket)):
            await tunnels.serve_process(socket, wanted_streams(query), start)
        else:
            await sockets.serve_process(socket, start)

    def _open(self, path: ResourcePath, connection: HTTPConnection) -> Awaitable[Duplex]:
        """The stream that ``path`` names. Raises ``ApiError`` when awaited."""
        namespace, verb = path.namespace or "", path.subresource
        if verb.startswith("portforward/"):
            target = verb.removeprefix("portforward/")
            return self.attach.portforward(path.plural, namespace, path.name, target)
        if verb == "console":
            return self.attach.console(namespace, path.name)
        if verb == "vnc":
            preserve = connection.query_params.get("preserveSession") == "true"
            return self.attach.vnc(namespace, path.name, preserve_session=preserve)
        if verb == "usbredir":
            return self.attach.usbredir(namespace, path.name)
        raise self.attach.refuse(namespace, path.name, verb)


def _failure(request: Request, error: Exception) -> ApiError:
    """What the client is told of ``error``; what it should not see is logged."""
    match error:
        case ApiError():
            return error
        case InvalidField() | msgspec.DecodeError():
            return BadRequest(str(error))
        case VirtctlError():
            return InternalError(str(error))
        case Unwritable():
            return unwritable(error)
        case _:
            _log.error("%s %s", request.method, request.url.path, exc_info=error)
            return InternalError("an internal error was logged")


def _watches(connection: HTTPConnection) -> bool:
    return connection.query_params.get("watch", "false").lower() not in {"false", "0"}


def _review(path: ResourcePath) -> Kind | None:
    for review in REVIEWS:
        if (review.group, review.version, review.plural) == (path.group, path.version, path.plural):
            return review
    return None


def _nothing(path: str) -> Response:
    """The answer where nothing is: groups of Kubernetes itself say it with a ``Status``.

    Raises ``NotFound``.
    """
    root, *parts = path.strip("/").split("/")
    served = root == "api" and parts
    if served or (root == "apis" and len(parts) > 1 and catalog.is_builtin_group(parts[0])):
        raise NotFound(_NO_RESOURCE, StatusDetails(is_shown=True))
    return replies.page_not_found()


def _fits(kind: Kind, path: ResourcePath, method: str) -> bool:
    """Whether the path has a namespace just where the kind needs one."""
    if not kind.namespaced:
        return path.namespace is None
    return path.namespace is not None or (not path.name and method in {"GET", "HEAD", "DELETE"})
