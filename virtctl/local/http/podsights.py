"""``local.virtctl.io``: networks of pods as their nodes see them, and what passes there.

``GET /apis/local.virtctl.io/v1/namespaces/NS/pods/POD/network`` and ``.../capture``. The group is
ours and is in no discovery: whoever gets 404 for it talks to another cluster.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from virtctl.errors import BadRequest, MethodNotAllowed
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs.ports import Pods, Probes
from virtctl.local.http import replies
from virtctl.models.kinds import POD
from virtctl.wire.paths import ResourcePath

_VERBS = frozenset({"network", "capture"})
_SCOPES = ("pod", "node")


class PodSights:
    """The two reads of a pod's network."""

    def __init__(self, service: ApiService, pods: Pods) -> None:
        self._service = service
        self._pods = pods

    async def handle(self, request: Request, path: ResourcePath) -> Response:
        """The answer to a request. Raises ``ApiError``."""
        if not path.namespace or path.plural != POD.plural or path.subresource not in _VERBS:
            return replies.page_not_found()
        if request.method != "GET":
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        pod = self._service.get(POD, path.namespace, path.name)
        query = request.query_params
        if path.subresource == "network":
            probes = Probes(
                links=_listed(query.getlist("ask")),
                names=_listed(query.getlist("name")),
                echoes=_listed(query.getlist("echo")),
            )
            return replies.document_reply(await self._pods.network(pod, probes))
        scope, link = query.get("scope", "pod"), query.get("link", "")
        if scope not in _SCOPES or not link:
            raise BadRequest("`link` must name a link, and `scope` must be pod or node")
        chunks = self._pods.capture(pod, scope, link)
        first = await anext(chunks)  # so that a refusal is one, and not half an answer
        return StreamingResponse(_joined(first, chunks), media_type="application/vnd.tcpdump.pcap")


def _listed(values: list[str]) -> tuple[str, ...]:
    """Values of a parameter that may come several times, and be several with ``/`` between them."""
    return tuple(each for value in values for each in value.split("/") if each)


async def _joined(first: bytes, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(chunks):
        yield first
        async for chunk in chunks:
            yield chunk
