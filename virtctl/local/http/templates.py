"""``subresources.template.kubevirt.io``: templates filled in over HTTP."""

from __future__ import annotations

import secrets

from starlette.requests import Request
from starlette.responses import Response

from virtctl.errors import MethodNotAllowed
from virtctl.local.api.access.authorizer import Authorizer
from virtctl.local.api.service import Actor, ApiService
from virtctl.local.api.verbs.templates import Templates
from virtctl.local.http import access, bodies, replies
from virtctl.models.kinds import TEMPLATE, VIRTUAL_MACHINE
from virtctl.wire.paths import ResourcePath

_VERBS = frozenset({"process", "create"})


class TemplateVerbs:
    """The two verbs of a template, both called by POST."""

    def __init__(self, service: ApiService, authorizer: Authorizer) -> None:
        self._templates = Templates(service, secrets.token_bytes)
        self._authorizer = authorizer

    async def handle(self, request: Request, path: ResourcePath, actor: Actor) -> Response:
        """The answer to a request. Raises ``ApiError``."""
        namespace, verb = path.namespace or "", path.subresource
        if not namespace or path.plural != TEMPLATE.plural or verb not in _VERBS:
            return replies.page_not_found()
        if request.method != "POST":
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        options = bodies.decode_options(await bodies.read(request), bodies.media_type(request))
        if verb == "process":
            return replies.document_reply(self._templates.process(namespace, path.name, options))
        machines = ResourcePath(
            VIRTUAL_MACHINE.group, VIRTUAL_MACHINE.version, namespace, VIRTUAL_MACHINE.plural
        )
        asked = access.question(machines, "POST")
        access.check_resource(self._authorizer, actor, machines, asked)
        warnings: list[str] = []
        answer = self._templates.create(namespace, path.name, options, actor, warnings)
        return replies.add_warnings(replies.document_reply(answer), warnings)
