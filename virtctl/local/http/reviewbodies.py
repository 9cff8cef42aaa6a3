"""The bodies of reviews and token requests: read, checked and pruned as those of stored objects."""

from __future__ import annotations

from virtctl.errors import NotAcceptable, NotDecodable
from virtctl.local.api import objects, schema, writing
from virtctl.local.http import bodies
from virtctl.local.http.negotiation import JSON, PROTOBUF, YAML, Form
from virtctl.local.http.requests import Call
from virtctl.models.documents import Document


async def read_review(call: Call) -> Document:
    """The object in the body of ``call``, of ``call.kind``; warnings go to the call.

    Raises ``ApiError`` for what is no such object, or an answer in another form than itself.
    """
    kind = call.kind
    if call.shown.form is not Form.OBJECT:
        raise NotAcceptable(
            f"only the following media types are accepted: {JSON}, {YAML}, {PROTOBUF}"
        )
    raw = await bodies.read(call.request)
    given = bodies.decode_object(raw, bodies.media_type(call.request), kind.name)
    options = call.write_options(raw)
    document = objects.without_nulls(given)
    writing.check_kind(kind, document)
    problems = [f'duplicate field "{path}"' for path in options.duplicates]
    if options.field_validation != "Ignore":
        problems += [f'unknown field "{path}"' for path in schema.unknown_fields(kind, document)]
    schema.type_errors(kind, document)
    if problems and options.field_validation == "Strict":
        why = f"strict decoding error: {', '.join(problems)}"
        raise NotDecodable(kind.name, kind.version, why)
    call.warnings.extend(problems)
    found = schema.prune(kind, document)
    objects.check_namespace(kind, call.namespace, found)
    return {"kind": kind.name, "apiVersion": kind.api_version, **found}
