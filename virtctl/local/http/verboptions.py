"""The options of virt-api's verbs, read as Go reads them into its structures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from virtctl.errors import ApiError, BadRequest
from virtctl.local.api.objects import go_word
from virtctl.local.api.verbs import refusals
from virtctl.local.http import bodies
from virtctl.local.http.negotiation import YAML
from virtctl.models.documents import Document, JsonValue

_NO_STRUCT = "Can not unmarshal Request body to struct, error: "
_TEXT, _FLAG, _NUMBER, _LIST = "string", "bool", "int64", "[]string"
_MAP = "map[string]string"
_DRY = {"dryRun": _LIST}
_JSON: Mapping[str, type] = {_TEXT: str, _FLAG: bool, _NUMBER: int, _LIST: list}


@dataclass(frozen=True)
class _Options:
    """A structure of Go: its name, and its fields with their types.

    ``late``: it is read only once the object is known to be in the right state. ``writes``: the
    options of the write that dry runs become, where virt-api passes them on unchecked.
    """

    name: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    late: bool = False
    writes: str = ""


_OPTIONS = {
    "start": _Options("StartOptions", {"paused": _FLAG, **_DRY}, late=True, writes="Patch"),
    "stop": _Options("StopOptions", {"gracePeriod": _NUMBER, **_DRY}, writes="Patch"),
    "restart": _Options("RestartOptions", {"gracePeriodSeconds": _NUMBER, **_DRY}, writes="Patch"),
    "migrate": _Options("MigrateOptions", {"addedNodeSelector": _MAP, **_DRY}, writes="Create"),
    "addvolume": _Options(
        "AddVolumeOptions",
        {"name": _TEXT, "disk": "v1.Disk", "volumeSource": "v1.HotplugVolumeSource", **_DRY},
    ),
    "removevolume": _Options("RemoveVolumeOptions", {"name": _TEXT, **_DRY}),
    "memorydump": _Options(
        "VirtualMachineMemoryDumpRequest",
        {"claimName": _TEXT, "phase": _TEXT, "remove": _FLAG, "fileName": _TEXT, "message": _TEXT},
    ),
    "pause": _Options("PauseOptions", _DRY),
    "unpause": _Options("UnpauseOptions", _DRY),
    "evacuate/cancel": _Options(
        "EvacuateCancelOptions", {"evacuationNodeName": _TEXT, **_DRY}, late=True
    ),
    "sev/setupsession": _Options("SEVSessionOptions", {"session": _TEXT, "dhCert": _TEXT}),
    "sev/injectlaunchsecret": _Options("SEVSecretOptions", {"header": _TEXT, "secret": _TEXT}),
    "objectgraph": _Options(
        "ObjectGraphOptions",
        {"includeOptionalNodes": _FLAG, "labelSelector": "v1.LabelSelector"},
        late=True,
    ),
    "freeze": _Options("FreezeUnfreezeTimeout", late=True),
    "backup": _Options("BackupOptions", late=True),
    "redefine-checkpoint": _Options("BackupCheckpoint", late=True),
}
_ANY = _Options()


def is_late(verb: str) -> bool:
    """Whether ``verb`` looks at its object before its options."""
    return _OPTIONS.get(verb, _ANY).late


def decode(verb: str, raw: bytes) -> Document:
    """The options of ``verb``. Raises ``BadRequest`` in virt-api's words."""
    options = _OPTIONS.get(verb, _ANY)
    try:
        body = bodies.decode_value(raw, YAML) if raw else None
    except BadRequest as error:
        problem = error.message.removeprefix(bodies.NO_JSON)
        raise BadRequest(f"{_NO_STRUCT}{problem}") from error
    if body is None:
        return {}
    if not isinstance(body, dict):
        raise BadRequest(
            f"{_NO_STRUCT}error unmarshaling JSON: while decoding JSON: json: cannot unmarshal "
            f"{go_word(body)} into Go value of type v1.{options.name or 'Options'}"
        )
    return {
        name: value if value is None else _decoded(options, name, value)
        for name, value in body.items()
    }


def _decoded(options: _Options, name: str, value: JsonValue) -> JsonValue:
    """One field. Numbers and flags become texts where a text is wanted, as in YAML."""
    wanted = options.fields.get(name, "")
    if wanted == _TEXT and isinstance(value, (bool, int, float)):
        return msgspec.json.encode(value).decode()
    kind = _JSON.get(wanted, dict)
    odd = kind is int and isinstance(value, bool)
    if wanted and (odd or not isinstance(value, kind)):
        found = go_word(value)
        if kind is int and isinstance(value, float):
            found = f"number {value}"
        raise BadRequest(
            f"{_NO_STRUCT}json: cannot unmarshal {found} into Go struct field "
            f"{options.name}.{name} of type {wanted}"
        )
    return value


def dry_run_problem(verb: str, body: Document) -> ApiError | None:
    """What the API server says of a dry run that it does not know; None when it knows it."""
    writes, asked = _OPTIONS.get(verb, _ANY).writes, body.get("dryRun") or []
    if not writes or not isinstance(asked, list) or set(map(str, asked)) <= {"All"}:
        return None
    shown = msgspec.json.encode(asked).decode()
    return refusals.internal(
        f'{writes}Options.meta.k8s.io "" is invalid: dryRun: Unsupported value: {shown}: '
        'supported values: "All"'
    )
