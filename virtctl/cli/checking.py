"""Manifests checked without a cluster: fields, types, KubeVirt's own rules, and likely mistakes.

The rules are those of the embedded API server, which are KubeVirt's; what only a cluster knows
(names in use, quotas, devices) is not looked at.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from copy import deepcopy
from difflib import get_close_matches
from typing import NamedTuple

from virtctl.cli.cpumodels import NAMED
from virtctl.errors import ApiError, VirtctlError
from virtctl.local.api import schema
from virtctl.local.api.admission import admit
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.objects import generated_name, name_causes
from virtctl.local.api.shapes import Shape
from virtctl.models.documents import Document, child, objects, text
from virtctl.models.kinds import (
    KINDS,
    TEMPLATE,
    VIRTUAL_MACHINE,
    VIRTUAL_MACHINE_INSTANCE,
    Kind,
    by_name,
)
from virtctl.wire import templating, validations

_MACHINES = (VIRTUAL_MACHINE.name, VIRTUAL_MACHINE_INSTANCE.name)
_BREAKS_OFF = "some validation rules were not checked"


class Finding(NamedTuple):
    """One thing found. ``field`` is its path, empty for the whole object."""

    field: str
    message: str
    is_error: bool = True


def check(document: Document) -> Iterator[Finding]:
    """What is wrong with an object; rules are looked at once fields and types are right."""
    version, name = text(document, "apiVersion"), text(document, "kind")
    kind = by_name(version, name)
    if kind is None:
        yield _unknown_kind(version, name)
        return
    found = [*_unknown_fields(kind, document), *_misfits(kind, document), *_name(kind, document)]
    yield from found
    if not any(one.is_error for one in found):
        yield from _refusals(kind, document)
        yield from _of_templates(kind, document)
    if name in _MACHINES:
        yield from _doubts(document)


def _of_templates(kind: Kind, document: Document) -> Iterator[Finding]:
    """What a machine breaks of the rules that it carries, or why a template can't be filled in."""
    if kind == TEMPLATE and (why := templating.problem(document)):
        yield Finding("spec", why)
    if kind != VIRTUAL_MACHINE:
        return
    try:
        for one in validations.findings(validations.rules_of(document), document):
            field = f"spec.template{one.field}"
            yield Finding(field, one.message, is_error=not one.is_warning)
    except validations.BadRules as error:
        yield Finding("metadata.annotations", str(error))


def _unknown_kind(version: str, name: str) -> Finding:
    versions = [kind.api_version for kind in KINDS if kind.name == name]
    if versions:
        return Finding("apiVersion", f"{name} is in {', '.join(versions)}, not in {version}")
    groups = {kind.group for kind in KINDS}
    if version.rpartition("/")[0] in groups:
        close = get_close_matches(name, [kind.name for kind in KINDS], 1)
        guess = f"; did you mean {close[0]}?" if close else ""
        return Finding(
            "kind", f"there is no {name} in {version}{guess}", is_error=not _core(version)
        )
    return Finding(
        "kind", f"{name} of {version} is not known here and was not checked", is_error=False
    )


def _core(version: str) -> bool:
    """Whether it is a version of Kubernetes itself, of which not all kinds are known here."""
    group = version.rpartition("/")[0]
    return "kubevirt.io" not in group


def _unknown_fields(kind: Kind, document: Document) -> Iterator[Finding]:
    shape = schema.shape_of_kind(kind)
    for path in schema.unknown_fields(kind, document):
        parent, _, name = path.rpartition(".")
        known = list(_at(shape, parent).fields)
        close = get_close_matches(name, known, 1)
        guess = f"; did you mean `{close[0]}`?" if close else ""
        yield Finding(path, f"unknown field `{name}`{guess}")


def _at(shape: Shape, path: str) -> Shape:
    here = shape
    for part in filter(None, path.split(".")):
        here = here.at(part.partition("[")[0]) or Shape()
    while here.items is not None:
        here = here.items
    return here


def _misfits(kind: Kind, document: Document) -> Iterator[Finding]:
    for problem in schema.problems(kind, document):
        unknown = problem.what == "unknown"
        yield Finding(problem.indexed, "there is no such field" if unknown else _said(problem))


def _name(kind: Kind, document: Document) -> Iterator[Finding]:
    metadata = document.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str) and name:
        yield from (Finding(cause.field, cause.message) for cause in name_causes(kind, name))
    elif not isinstance(metadata, dict) or not metadata.get("generateName"):
        yield Finding("metadata.name", "it is missing")


def _said(problem: schema.Problem) -> str:
    shape, fact = problem.shape, problem.shape.fact
    match problem.what:
        case "required":
            return "it is missing"
        case "type":
            wanted = shape.json.replace("int-or-string", "integer or string")
            return f"must be of type {wanted}, not {problem.found}"
        case "enum":
            close = get_close_matches(str(problem.value), fact.enum, 1)
            guess = f"; did you mean `{close[0]}`?" if close else ""
            return f"`{problem.value}` must be one of {', '.join(fact.enum)}{guess}"
        case "bound" if problem.cause is not None:
            return problem.cause.message
        case "pattern":
            return f"`{problem.value}` is no quantity, as `512Mi` or `2` are"
        case _:
            bound = (
                f"at least {fact.minimum}"
                if problem.what == "minimum"
                else f"at most {fact.maximum}"
            )
            return f"{problem.value} must be {bound}"


def _refusals(kind: Kind, document: Document) -> Iterator[Finding]:
    """What admission has against it."""
    warnings: list[str] = []
    context = AdmissionContext(new_uuid=lambda: str(uuid.uuid4()), warnings=warnings)
    new = deepcopy(document)
    metadata = child(new, "metadata")
    if not metadata.get("name"):  # the server makes it up before anything looks at it
        metadata["name"] = generated_name(text(metadata, "generateName"), "xxxxx")
    try:
        admit(kind, new, context)
    except ApiError as error:
        for cause in error.details.causes:
            if _BREAKS_OFF not in cause.message:
                yield Finding(cause.field, cause.message)
        if not error.details.causes:
            yield Finding("", str(error))
    except VirtctlError as error:
        yield Finding("", str(error))
    for warning in warnings:
        yield Finding("", warning, is_error=False)


def _doubts(document: Document) -> Iterator[Finding]:
    """What is allowed, but most likely not meant."""
    is_vm = text(document, "kind") == VIRTUAL_MACHINE.name
    path = ("spec", "template", "spec") if is_vm else ("spec",)
    try:
        spec = child(document, *path)
        yield from _cpu_model(spec, ".".join(path))
        yield from _user_data(spec, ".".join(path))
    except VirtctlError:
        return  # of a wrong type, which was said before


def _cpu_model(spec: Document, path: str) -> Iterator[Finding]:
    model = text(spec, "domain", "cpu", "model")
    if not model or model in {"host-model", "host-passthrough", "maximum"} or model in NAMED:
        return
    close = get_close_matches(model, NAMED, 1)
    guess = f"; did you mean `{close[0]}`?" if close else ""
    where = f"{path}.domain.cpu.model"
    yield Finding(
        where, f"no CPU model `{model}` is known, no node will have it{guess}", is_error=False
    )


def _user_data(spec: Document, path: str) -> Iterator[Finding]:
    for position, volume in enumerate(objects(spec, "volumes")):
        for source in ("cloudInitNoCloud", "cloudInitConfigDrive"):
            data = text(volume, source, "userData")
            where = f"{path}.volumes[{position}].{source}.userData"
            if data and not data.lstrip().startswith(("#", "Content-Type:", "MIME-Version:")):
                yield Finding(
                    where, "cloud-init ignores it: the first line must be `#cloud-config` or `#!`",
                    is_error=False,
                )  # fmt: skip
            elif data.startswith("#cloud-config"):
                yield from _cloud_config(data, where)


def _cloud_config(data: str, where: str) -> Iterator[Finding]:
    import yaml

    try:
        loaded = yaml.safe_load(data)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        yield Finding(where, f"bad YAML in its line {line}: {error.problem}")
        return
    if loaded is not None and not isinstance(loaded, dict):
        yield Finding(where, "`#cloud-config` must be followed by a mapping")
