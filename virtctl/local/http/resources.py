"""GET, POST, PUT, PATCH and DELETE of stored objects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from starlette.responses import Response

from virtctl.errors import ApiError, BadRequest, MethodNotAllowed, NotAcceptable
from virtctl.local.api import catalog, intake
from virtctl.local.api.access import copies
from virtctl.local.api.access.authorizer import GROUP, Authorizer, is_admin
from virtctl.local.api.registry import Registry
from virtctl.local.api.service import ApiService, WriteOptions
from virtctl.local.api.versions import in_version
from virtctl.local.http import bodies, replies, rows, watches
from virtctl.local.http.access import check_resource, question
from virtctl.local.http.negotiation import JSON, Form
from virtctl.local.http.outlets import Turns
from virtctl.local.http.requests import Call
from virtctl.local.http.traffic import ListReply
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import JOB
from virtctl.wire import status
from virtctl.wire.patches import PatchBody, PatchType, parse_type
from virtctl.wire.tables import Include, ListMeta, TableBuilder, TableStyle, partial_metadata

_NOT_ALLOWED = "the server does not allow this method on the requested resource"
_ORPHANED = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background "
    "to remove them or set propagationPolicy=Orphan to suppress this warning"
)
_decoder = msgspec.json.Decoder(dict)


class Resources:
    """Requests to resources, carried out by ``service``."""

    def __init__(self, service: ApiService, authorizer: Authorizer) -> None:
        self._service = service
        self._authorizer = authorizer
        self._turns = Turns()

    async def handle(self, call: Call) -> Response:
        """The answer to ``call``. Raises ``ApiError``."""
        warning = self._service.registry.deprecation(call.kind, call.path.version)
        if warning:
            call.warnings.append(warning)
        try:
            response = await self._dispatch(call)
        except NotAcceptable as error:
            response = replies.error_reply(error)
        except ApiError as error:
            response = replies.error_reply(error, call.shown)
        return replies.add_warnings(response, call.warnings)

    async def _dispatch(self, call: Call) -> Response:
        method = call.request.method
        shown = call.shown  # refuse what cannot be answered before anything is stored
        if method == "GET" and call.is_watch:
            if shown.media != JSON:
                raise NotAcceptable(f"only the following media types are accepted: {JSON}")
            return watches.reply(self._service, call, self._turns)
        if method == "HEAD" and catalog.is_builtin(call.kind):
            raise MethodNotAllowed(_NOT_ALLOWED)
        if call.path.name:
            return await self._on_object(call, method)
        return await self._on_collection(call, method)

    async def _on_object(self, call: Call, method: str) -> Response:
        match method:
            case "GET" | "HEAD" if call.path.subresource != "finalize":
                return self._get(call)
            case "PUT":
                return await self._update(call)
            case "PATCH" if call.path.subresource != "finalize":
                return await self._patch(call)
            case "DELETE" if not call.path.subresource:
                return await self._delete(call)
            case "POST" if not call.path.subresource and not catalog.is_builtin(call.kind):
                # As upstream, the name in the URL of a POST is not looked at.
                return await self._create(call)
            case _:
                # Who serves custom resources says also of which kind.
                custom = not catalog.is_builtin(call.kind)
                details = status.details_of(call.kind, "") if custom else None
                raise MethodNotAllowed(_NOT_ALLOWED, details)

    async def _on_collection(self, call: Call, method: str) -> Response:
        match method:
            case "GET" | "HEAD":
                return self._list(call)
            case "POST":
                return await self._create(call)
            case "DELETE" if call.kind.namespaced and not call.namespace:
                # What is in all namespaces is not removed at once.
                if catalog.is_builtin(call.kind):
                    raise MethodNotAllowed(_NOT_ALLOWED)
                return replies.page_not_found()
            case "DELETE":
                return await self._delete_collection(call)
            case "PUT" | "PATCH" if not catalog.is_builtin(call.kind):
                raise BadRequest("name must be provided")
            case _:
                raise MethodNotAllowed(_NOT_ALLOWED)

    def _tables(self, call: Call) -> TableBuilder:
        return table_builder(call, self._service.registry)

    def _is_as_stored(self, call: Call) -> bool:
        """Whether the client takes objects as they are stored."""
        stored = self._service.registry.is_stored_as(call.kind, call.path.version)
        return stored and call.shown.media == JSON

    # Answers

    def _object(self, call: Call, document: Document, code: int = 200) -> Response:
        document = in_version(document, call.path.api_version)
        shown = call.shown
        if shown.form is Form.TABLE:
            revision = documents.text(document, "metadata", "resourceVersion")
            document = self._tables(call).build([document], ListMeta(revision))
        elif shown.form is Form.PARTIAL:
            document = partial_metadata(document, shown.version)
        return replies.document_reply(document, code, shown)

    def _get(self, call: Call) -> Response:
        record = self._service.read(call.kind, call.namespace, call.path.name)
        shown = call.shown
        if self._is_as_stored(call) and shown.form is Form.OBJECT and not shown.pretty:
            return replies.json_reply(record.value)
        return self._object(call, _decoder.decode(record.value))

    def _list(self, call: Call) -> Response:
        page = self._service.page(call.kind, call.namespace, call.list_options())
        meta = ListMeta(str(page.revision), page.continue_token, page.remaining)
        shown = call.shown
        if self._is_as_stored(call) and shown.form is Form.OBJECT and not shown.pretty:
            return _join(call, meta, page.values)
        if shown.form is Form.TABLE and shown.media == JSON and not shown.pretty:
            return rows.table(self._tables(call), call.path.api_version, page.records, meta)
        items = [in_version(_decoder.decode(one), call.path.api_version) for one in page.values]
        return self._items(call, items, meta)

    def _items(self, call: Call, items: list[Document], meta: ListMeta) -> Response:
        shown = call.shown
        if shown.form is Form.TABLE:
            return replies.document_reply(self._tables(call).build(items, meta), 200, shown)
        found: Document = {
            "kind": f"{call.kind.name}List",
            "apiVersion": call.path.api_version,
            "metadata": meta.document(),
            "items": [*items],
        }
        if shown.form is Form.PARTIAL:
            found["kind"] = "PartialObjectMetadataList"
            found["apiVersion"] = f"meta.k8s.io/{shown.version}"
            found["items"] = [partial_metadata(item, shown.version) for item in items]
        return replies.document_reply(found, 200, shown)

    # Writes

    def _written(
        self, call: Call, options: WriteOptions, write: Callable[[WriteOptions], Document]
    ) -> Document:
        """What ``write`` gives; roles, bindings and what copies disks are looked at before.

        Nothing happens between the two, since neither waits.
        """
        checked = call.kind.group == GROUP or call.kind in copies.KINDS
        if checked and not is_admin(call.actor):
            trial = write(replace(options, dry_run=True, warnings=[]))
            self._authorizer.check_grant(call.kind, call.actor, trial)
            if call.kind in copies.KINDS:
                copies.check_copies(self._authorizer, call.kind, call.actor, trial)
        return write(options)

    async def _create(self, call: Call) -> Response:
        raw = await bodies.read(call.request)
        options = call.write_options(raw)
        document = _decoded(call, raw)
        made = self._written(
            call,
            options,
            lambda options: self._service.create(call.kind, call.namespace, document, options),
        )
        return self._object(call, made, 201)

    async def _update(self, call: Call) -> Response:
        raw = await bodies.read(call.request)
        options = call.write_options(raw)
        document = _decoded(call, raw)
        if isinstance(document.get("metadata", {}), dict):
            intake.check_named(call.path.name, document)
        existed = self._service.exists(call.kind, call.namespace, call.path.name)
        made = self._written(
            call,
            options,
            lambda options: self._service.update(
                call.kind,
                call.namespace,
                call.path.name,
                document,
                subresource=call.path.subresource,
                options=options,
            ),
        )
        return self._object(call, made, 200 if existed else 201)

    async def _patch(self, call: Call) -> Response:
        media = bodies.media_type(call.request)
        type_ = _patch_type(call, media)
        raw = await bodies.read(call.request)
        options = call.write_options(raw)
        existed = self._service.exists(call.kind, call.namespace, call.path.name)
        if type_ is not PatchType.APPLY and not existed:
            raise status.not_found(call.kind, call.path.name)
        body = bodies.decode_patch(raw, media)
        if isinstance(body, dict):
            body = _stored_version(call, body)
        if type_ is PatchType.APPLY and not existed:
            if isinstance(body, dict):
                intake.check_named(call.path.name, body)
            path = replace(call.path, subresource="")
            check_resource(self._authorizer, call.actor, path, question(path, "POST"))
        made = self._written(
            call,
            options,
            lambda options: self._service.patch(
                call.kind,
                call.namespace,
                call.path.name,
                PatchBody(type_, body),
                subresource=call.path.subresource,
                options=options,
            ),
        )
        return self._object(call, made, 200 if existed else 201)

    async def _delete(self, call: Call) -> Response:
        raw = await bodies.read(call.request)
        body = bodies.decode_options(raw, bodies.media_type(call.request))
        options = call.delete_options(body)
        if call.kind == JOB and not options.propagation:
            call.warnings.append(_ORPHANED)
        removal = self._service.delete(call.kind, call.namespace, call.path.name, options)
        if removal.gone and not catalog.is_shown_deleted(call.kind):
            found = status.success(call.kind, call.path.name, documents.uid_of(removal.object))
            return replies.document_reply(found)
        return self._object(call, removal.object)

    async def _delete_collection(self, call: Call) -> Response:
        raw = await bodies.read(call.request)
        body = bodies.decode_options(raw, bodies.media_type(call.request))
        call.list_options()  # looked at, though only selectors count
        items = self._service.delete_collection(
            call.kind,
            call.namespace,
            labels=call.query("labelSelector"),
            fields=call.query("fieldSelector"),
            options=call.delete_options(body),
        )
        return self._items(call, items, ListMeta(str(self._service.revision)))


def _decoded(call: Call, raw: bytes) -> Document:
    """The object in the body of ``call``. Raises ``BadRequest``."""
    custom = not catalog.is_builtin(call.kind)
    media = bodies.media_type(call.request)
    document = bodies.decode_object(raw, media, call.kind.name, custom=custom)
    if custom and not document.get("apiVersion"):
        raise BadRequest(
            "the API version in the data () does not match the expected API version "
            f"({call.path.api_version})"
        )
    return _stored_version(call, document)


def _patch_type(call: Call, media: str) -> PatchType:
    """The type of a patch, of those that the kind takes. Raises ``UnsupportedMediaType``."""
    if catalog.is_builtin(call.kind):
        return parse_type(media)
    return parse_type(media, frozenset(PatchType) - {PatchType.STRATEGIC})


def _stored_version(call: Call, document: Document) -> Document:
    """``document`` with the stored apiVersion when it came in the asked one."""
    if document.get("apiVersion") == call.path.api_version:
        return {**document, "apiVersion": call.kind.api_version}
    return document


def table_builder(call: Call, registry: Registry, *, headers: bool = True) -> TableBuilder:
    """Tables as the client of ``call`` wants them. Raises ``BadRequest``."""
    include = call.query("includeObject") or Include.METADATA
    try:
        style = TableStyle(call.shown.version, Include(include))
    except ValueError:
        raise BadRequest(
            f"query parameter `includeObject` must be None, Metadata or Object; got `{include}`"
        ) from None
    columns = registry.columns(call.kind, call.path.version)
    return TableBuilder(columns, style, datetime.now(UTC), headers)


def _join(call: Call, meta: ListMeta, values: Sequence[bytes]) -> Response:
    """A list answer out of encoded items."""
    head = {
        "kind": f"{call.kind.name}List",
        "apiVersion": call.path.api_version,
        "metadata": meta.document(),
    }
    return ListReply(msgspec.json.encode(head)[:-1] + b',"items":[', values)
