"""Subresources of pods: log, exec, attach, eviction."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial

from starlette.datastructures import QueryParams
from starlette.responses import Response, StreamingResponse

from virtctl.errors import BadRequest, Cause, MethodNotAllowed, NotDecodable
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs.eviction import Evictions
from virtctl.local.api.verbs.ports import ExecRequest, Pods, PodStream, Process
from virtctl.local.http import bodies, replies
from virtctl.local.http.requests import Call
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import POD, Kind
from virtctl.wire import status

_DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
_TRUE = {"true", "1"}
STREAMS = frozenset({"exec", "attach", "portforward"})
_METHODS = {"log": ("GET",), "eviction": ("POST",)}
_STREAMED = ("GET", "POST")
_LOG_OPTIONS = Kind("", "v1", "PodLogOptions", "podlogoptions")


def choose_container(pod: Document, asked: str) -> str:
    """The container that is meant. Raises ``BadRequest`` when that is not clear."""
    names = [
        documents.text(container, "name")
        for field in ("containers", "initContainers")
        for container in documents.objects(pod, "spec", field)
    ]
    pod_name = documents.name_of(pod)
    if asked:
        if names and asked not in names:
            raise BadRequest(f"container {asked} is not valid for pod {pod_name}")
        return asked
    annotations: Mapping[str, str] = documents.strings(pod, "metadata", "annotations")
    default = annotations.get(_DEFAULT_CONTAINER, "")
    if default in names:
        return default
    main = [documents.text(item, "name") for item in documents.objects(pod, "spec", "containers")]
    if len(main) > 1:
        raise BadRequest(
            f"a container name must be specified for pod {pod_name}, choose one of: "
            f"[{' '.join(main)}]"
        )
    return main[0] if main else ""


def _log_causes(call: Call, tail: int | None) -> Iterator[Cause]:
    """What is wrong with the numbers that a part of a log is asked for with."""
    least = {"tailLines": 0, "limitBytes": 1, "sinceSeconds": 1}
    found = {name: tail if name == "tailLines" else call.number(name) for name in least}
    for name, number in found.items():
        if number is not None and number < least[name]:
            bound = "greater than 0" if least[name] else "greater than or equal to 0"
            problem = f"Invalid value: {number}: must be {bound}"
            yield Cause("FieldValueInvalid", problem, name)


class PodVerbs:
    """What can be asked of a running pod."""

    def __init__(self, service: ApiService, pods: Pods) -> None:
        self._service = service
        self._pods = pods
        self._evictions = Evictions(service)

    async def handle(self, call: Call) -> Response:
        """The answer to a request without a stream. Raises ``ApiError``."""
        verb = call.path.subresource
        if call.request.method not in _METHODS.get(verb, _STREAMED):
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        if verb == "log":
            return self._log(call)
        if verb == "eviction":
            return await self._evict(call)
        self._service.read(POD, call.namespace, call.path.name)
        raise BadRequest("Upgrade request required")

    def _log(self, call: Call) -> Response:
        pod = self._service.get(POD, call.namespace, call.path.name)
        container = choose_container(pod, call.query("container"))
        if call.flag("previous"):
            raise BadRequest(
                f'previous terminated container "{container}" in pod "{call.path.name}" not found'
            )
        tail = call.number("tailLines")
        if causes := tuple(_log_causes(call, tail)):
            raise status.invalid(_LOG_OPTIONS, call.path.name, causes)
        chunks = self._pods.log(pod, container, follow=call.flag("follow"), tail=tail)
        return StreamingResponse(chunks, media_type="text/plain")

    async def _evict(self, call: Call) -> Response:
        raw = await bodies.read(call.request)
        body = bodies.decode_options(raw, bodies.media_type(call.request))
        if body.get("kind") not in {None, "", "Eviction"}:
            raise NotDecodable("Eviction", "v1", f"it is a {body['kind']}")
        if documents.name_of(body) != call.path.name:
            raise BadRequest("name in URL does not match name in Eviction object")
        options = call.delete_options(documents.child(body, "deleteOptions"))
        pod = self._service.get(POD, call.namespace, call.path.name)
        self._evictions.check(pod, call.actor, dry_run=options.dry_run)
        removal = self._service.delete(POD, call.namespace, call.path.name, options)
        uid = documents.uid_of(removal.object)
        return replies.document_reply(status.success(POD, call.path.name, uid), 201)

    async def start(self, namespace: str, name: str, query: QueryParams) -> Process:
        """The program of an exec, or of an attach (which names no command). Raises ``ApiError``."""
        pod = self._service.get(POD, namespace, name)
        container = choose_container(pod, query.get("container", ""))
        phase = documents.text(pod, "status", "phase")
        if phase in {"Succeeded", "Failed"}:
            raise BadRequest(
                f"cannot exec into a container in a completed pod; current phase is {phase}"
            )
        wanted = wanted_streams(query)
        request = ExecRequest(
            command=tuple(query.getlist("command")),
            container=container,
            stdin="stdin" in wanted,
            stdout="stdout" in wanted,
            stderr="stderr" in wanted,
            tty="resize" in wanted,
        )
        return await self._pods.execute(pod, request)

    def dialer(self, namespace: str, name: str) -> Callable[[int], Awaitable[PodStream]]:
        """Reaches ports of a pod. Raises ``ApiError`` when it has none."""
        pod = self._service.get(POD, namespace, name)
        phase = documents.text(pod, "status", "phase")
        if phase != "Running":
            raise BadRequest(
                f"unable to forward port because pod is not running. Current status={phase}"
            )
        return partial(self._pods.dial, pod)


def wanted_streams(query: QueryParams) -> frozenset[str]:
    """The streams of a program that its client will open; a terminal has no stderr of its own."""
    found = {name for name in ("stdin", "stdout", "stderr") if query.get(name) in _TRUE}
    if query.get("tty") in _TRUE:
        found = (found - {"stderr"}) | {"resize"}
    return frozenset(found)
