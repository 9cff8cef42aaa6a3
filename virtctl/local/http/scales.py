"""The ``scale`` subresource: GET, PUT and PATCH of an object's number of replicas."""

from __future__ import annotations

from datetime import UTC, datetime

from starlette.responses import Response

from virtctl.errors import MethodNotAllowed
from virtctl.local.api.cells import AGE, NAME, at
from virtctl.local.api.scales import build_scale, patch_scale, scaled
from virtctl.local.api.service import ApiService
from virtctl.local.http import bodies, replies
from virtctl.local.http.negotiation import Form
from virtctl.local.http.requests import Call
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.wire.patches import PatchBody, parse_type
from virtctl.wire.tables import Column, ListMeta, TableBuilder, TableStyle

_COLUMNS = (
    NAME,
    Column("Desired", at("spec", "replicas"), "integer"),
    Column("Available", at("status", "replicas"), "integer"),
    AGE,
)


class Scales:
    """Scales of objects in ``service``."""

    def __init__(self, service: ApiService) -> None:
        self._service = service

    async def handle(self, call: Call) -> Response:
        """The answer to ``call``. Raises ``ApiError``."""
        shown = call.shown
        method = call.request.method
        if method in {"GET", "HEAD"}:
            document = self._read(call)
        elif method == "PUT":
            raw, media = await bodies.read(call.request), bodies.media_type(call.request)
            scale = bodies.decode_object(raw, media, "Scale")
            document = self._write(call, self._read(call), scale)
        elif method == "PATCH":
            raw, media = await bodies.read(call.request), bodies.media_type(call.request)
            patch = PatchBody(parse_type(media), bodies.decode_patch(raw, media))
            known = self._read(call)
            document = self._write(call, known, patch_scale(self._scale(call, known), patch))
        else:
            raise MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )
        scale = self._scale(call, document)
        if shown.form is Form.TABLE:
            meta = ListMeta(documents.text(scale, "metadata", "resourceVersion"))
            builder = TableBuilder(_COLUMNS, TableStyle(shown.version), datetime.now(UTC))
            scale = builder.build([scale], meta)
        return replies.document_reply(scale, 200, shown)

    def _read(self, call: Call) -> Document:
        return self._service.get(call.kind, call.namespace, call.path.name)

    def _scale(self, call: Call, document: Document) -> Document:
        return build_scale(call.kind, document, self._service.registry.scale(call.kind))

    def _write(self, call: Call, known: Document, scale: Document) -> Document:
        return self._service.update(
            call.kind,
            call.namespace,
            call.path.name,
            scaled(call.kind, known, scale, self._service.registry.scale(call.kind)),
            options=call.write_options(),
        )
