"""``subresources.kubevirt.io`` over plain HTTP: KubeVirt's verbs without streams."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from virtctl.errors import ApiError, BadRequest, InvalidField
from virtctl.local.api.discovery import ServerInfo
from virtctl.local.api.service import Actor, ApiService
from virtctl.local.api.verbs import expansion, unserved
from virtctl.local.api.verbs.attach import Attach
from virtctl.local.api.verbs.dumps import MemoryDumps
from virtctl.local.api.verbs.guest import READS, Guests
from virtctl.local.api.verbs.lifecycle import Lifecycle
from virtctl.local.api.verbs.moves import Moves
from virtctl.local.api.verbs.objectgraph import ObjectGraphs
from virtctl.local.api.verbs.ports import GuestAction, Machines
from virtctl.local.api.verbs.volumes import Volumes
from virtctl.local.http import bodies, replies, verboptions
from virtctl.models.documents import Document
from virtctl.wire.paths import ResourcePath

OPEN = frozenset({"version", "guestfs", "healthz"})
"""Cluster-wide paths that need no credentials (spec/api.md section 2)."""
STREAMS = frozenset({"console", "vnc", "usbredir", "vsock"})
_MACHINES, _INSTANCES = "virtualmachines", "virtualmachineinstances"
_SEV = frozenset({"sev/setupsession", "sev/injectlaunchsecret"})
_SEV_READS = frozenset({"sev/fetchcertchain", "sev/querylaunchmeasurement"})
_TRIAL: Document = {"dryRun": ["All"]}
_Change = Callable[[str, str, Document, Actor], None]
_Read = Callable[[str, str, Document], Document]


def is_stream(path: ResourcePath) -> bool:
    """Whether the path is upgraded to a websocket."""
    return path.subresource in STREAMS or path.subresource.startswith("portforward/")


@dataclass(frozen=True)
class _Ask:
    """One request to a verb."""

    request: Request
    path: ResourcePath
    actor: Actor

    @property
    def namespace(self) -> str:
        return self.path.namespace or ""

    @property
    def method(self) -> str:
        return self.request.method

    async def body(self) -> Document:
        """The options object. Raises ``BadRequest`` in virt-api's words."""
        return verboptions.decode(self.path.subresource, await bodies.read(self.request))


class Subresources:
    """KubeVirt's verbs over HTTP."""

    def __init__(self, service: ApiService, machines: Machines, info: ServerInfo) -> None:
        self._service = service
        self._info = info
        self._guests = Guests(service, machines)
        self._attach = Attach(service, machines)
        self._changes = _changes(service)
        graphs = ObjectGraphs(service)
        self._graphs: dict[str, _Read] = {
            _MACHINES: graphs.of_machine,
            _INSTANCES: graphs.of_instance,
        }

    async def handle(self, request: Request, path: ResourcePath, actor: Actor) -> Response:
        """The answer to a request. Raises ``ApiError``."""
        try:
            return await self._dispatch(_Ask(request, path, actor))
        except _PlainError as refusal:
            return replies.text_reply(refusal.text, refusal.code)

    async def _dispatch(self, ask: _Ask) -> Response:
        path = ask.path
        if not path.namespace:
            return self._cluster(path)
        if path.plural == "expand-vm-spec" and not path.name:
            return await self._expand(ask)
        if path.plural not in self._graphs or not path.name:
            # virt-api asks for permission first, and knows of none for other resources
            raise _PlainError(401, f"unknown resource type {path.plural}")
        return await self._on_object(ask)

    def _cluster(self, path: ResourcePath) -> Response:
        match path.plural:
            case "version":
                return replies.document_reply(self._info.kubevirt_version())
            case "guestfs":
                return replies.document_reply(
                    {"registry": "", "tag": "", "digest": "", "imagePrefix": "", "gsImage": ""}
                )
            case "healthz":
                return replies.document_reply({"apiserver": {"connectivity": "ok"}})
            case _:
                return replies.page_not_found()

    async def _on_object(self, ask: _Ask) -> Response:
        plural, verb, name = ask.path.plural, ask.path.subresource, ask.path.name
        change = self._changes.get((plural, verb))
        if change is not None:
            _need(ask, "PUT")
            await self._change(ask, change)
            return Response(status_code=change.code)
        if verb == "objectgraph":
            _need(ask, "GET")
            return replies.document_reply(await self._graph(ask))
        if plural == _INSTANCES:
            return await self._instance(ask)
        if verb == "expand-spec":
            return replies.document_reply(
                expansion.expand_stored(self._service, ask.namespace, name)
            )
        raise _PlainError(404, "404: Page Not Found")

    async def _change(self, ask: _Ask, change: _Changing) -> None:
        """Carry out ``change``; what is wrong with its options is told when virt-api tells it."""

        def apply(body: Document) -> None:
            change.apply(ask.namespace, ask.path.name, body, ask.actor)

        verb = ask.path.subresource
        try:
            body = await ask.body()
        except BadRequest:
            if verboptions.is_late(verb):
                apply(_TRIAL)
            raise
        problem = verboptions.dry_run_problem(verb, body)
        apply({**body, **_TRIAL} if problem else body)
        if problem:
            raise problem

    async def _graph(self, ask: _Ask) -> Document:
        def graph(body: Document) -> Document:
            return self._graphs[ask.path.plural](ask.namespace, ask.path.name, body)

        try:
            body = await ask.body()
        except BadRequest:
            graph({})
            raise
        return graph(body)

    async def _instance(self, ask: _Ask) -> Response:
        verb, name = ask.path.subresource, ask.path.name
        if verb in frozenset(GuestAction):
            return await self._act(ask, GuestAction(verb))
        if verb == "vnc/screenshot":
            return await _or_text(self._screenshot(ask, name))
        if verb in _SEV_READS:
            return await _or_text(self._refuse(ask))
        if verb in _SEV or verb in unserved.BACKUPS:
            _need(ask, "PUT")
            return await self._refuse(ask)
        raise _PlainError(404, "404: Page Not Found")

    async def _refuse(self, ask: _Ask) -> Response:
        path, put = ask.path, ask.request.method == "PUT"
        read = put and not verboptions.is_late(path.subresource)
        options = await ask.body() if read else {}
        raise unserved.refusal(self._service, ask.namespace, path.name, path.subresource, options)

    async def _act(self, ask: _Ask, action: GuestAction) -> Response:
        if action in READS:
            _need(ask, "GET")
            return await _or_text(self._read(ask, action))
        _need(ask, "PUT")
        try:
            body = await ask.body()
        except BadRequest:
            if verboptions.is_late(action):
                await self._guests.act(ask.namespace, ask.path.name, action, _TRIAL)
            raise
        await self._guests.act(ask.namespace, ask.path.name, action, body)
        return Response(status_code=200)

    async def _read(self, ask: _Ask, action: GuestAction) -> Response:
        found = await self._guests.act(ask.namespace, ask.path.name, action, {})
        return replies.json_reply(msgspec.json.encode(found))

    async def _screenshot(self, ask: _Ask, name: str) -> Response:
        picture = await self._attach.screenshot(ask.namespace, name)
        return Response(picture, media_type="image/png")

    async def _expand(self, ask: _Ask) -> Response:
        vm = await ask.body()
        return replies.document_reply(expansion.expand_given(self._service, ask.namespace, vm))


@dataclass(frozen=True)
class _Changing:
    """A verb that changes something, and the code of its success."""

    apply: _Change
    code: int = 202


def _changes(service: ApiService) -> dict[tuple[str, str], _Changing]:
    """Verbs by the resource that they are of."""
    lifecycle, volumes = Lifecycle(service), Volumes(service)
    dumps, moves = MemoryDumps(service), Moves(service)
    return {
        (_MACHINES, "start"): _Changing(lifecycle.start),
        (_MACHINES, "stop"): _Changing(lifecycle.stop),
        (_MACHINES, "restart"): _Changing(lifecycle.restart),
        (_MACHINES, "addvolume"): _Changing(volumes.add_to_machine),
        (_MACHINES, "removevolume"): _Changing(volumes.remove_from_machine),
        (_MACHINES, "memorydump"): _Changing(dumps.request),
        (_MACHINES, "removememorydump"): _Changing(dumps.remove),
        (_MACHINES, "migrate"): _Changing(moves.migrate),
        (_MACHINES, "evacuate/cancel"): _Changing(moves.cancel_machine, 200),
        (_INSTANCES, "addvolume"): _Changing(volumes.add_to_instance),
        (_INSTANCES, "removevolume"): _Changing(volumes.remove_from_instance),
        (_INSTANCES, "evacuate/cancel"): _Changing(moves.cancel_instance, 200),
    }


class _PlainError(Exception):
    """A refusal by virt-api's router rather than by a verb: plain text."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def _need(ask: _Ask, method: str) -> None:
    """Refuse another method, and a PUT that accepts JSON only: its answer has no body."""
    if ask.method != method:
        raise _PlainError(405, "405: Method Not Allowed")
    if method == "PUT" and "*/*" not in ask.request.headers.get("accept", "*/*"):
        raise _PlainError(406, "406: Not Acceptable\n\nAvailable representations: ")


async def _or_text(answer: Awaitable[Response]) -> Response:
    """``answer``, or virt-api's 500 in plain text for every failure of a GET."""
    try:
        return await answer
    except (ApiError, InvalidField) as error:
        return replies.text_reply(str(error), 500)
