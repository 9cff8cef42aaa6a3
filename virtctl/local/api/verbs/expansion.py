"""``expand-spec`` and ``expand-vm-spec``: a machine without instancetype and preference."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import (
    ApiError,
    BadRequest,
    Cause,
    InternalError,
    InvalidField,
    StatusDetails,
)
from virtctl.local.api import schema
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.instancetypes.expansion import Conflicting, expand, has_matchers
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import instances
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import KUBEVIRT, VIRTUAL_MACHINE

_TOP = frozenset({"apiVersion", "kind", "metadata", "spec", "status"})


def expand_stored(service: ApiService, namespace: str, name: str) -> Document:
    """A stored machine, expanded. Raises ``NotFound`` and ``InternalError``."""
    return _expanded(service, instances.machine(service, namespace, name), InternalError)


def expand_given(service: ApiService, namespace: str, vm: Document) -> Document:
    """A machine out of a request, expanded. Raises ``BadRequest``."""
    causes = tuple(Cause("", message, "") for message in _misfits(vm))
    if causes:
        raise BadRequest("Object is not a valid VirtualMachine", StatusDetails(causes=causes))
    if documents.namespace_of(vm) not in {"", namespace}:
        raise BadRequest(f"VM namespace must be empty or {namespace}")
    if not has_matchers(vm):
        return vm
    placed: Document = {
        **vm,
        "metadata": {**documents.child(vm, "metadata"), "namespace": namespace},
    }
    return _expanded(service, placed, BadRequest)


def _misfits(vm: Document) -> Iterator[str]:
    """What a machine's schema does not allow. As in virt-api, ``kind`` itself is not looked at."""
    for name in vm:
        if name not in _TOP:
            yield f".{name} in body is a forbidden property"
    if "spec" not in vm:
        yield "spec in body is required"
        return
    judged: Document = {"spec": vm["spec"]}
    for problem in schema.problems(VIRTUAL_MACHINE, judged):
        match problem.what:
            case "required":
                yield f"{problem.indexed} in body is required"
            case "type":
                wanted = problem.shape.json
                yield f'{problem.indexed} in body must be of type {wanted}: "{problem.found}"'
            case "unknown":
                yield f"{problem.indexed} in body is a forbidden property"
            case _:
                pass  # the definitions that virt-api looks at have no bounds
    for path in schema.unknown_fields(VIRTUAL_MACHINE, judged):
        yield f"{path} in body is a forbidden property"


def _expanded(service: ApiService, vm: Document, refusal: type[ApiError]) -> Document:
    try:
        return expand(vm, service.find, _default_binding(service))
    except Conflicting as error:
        fields = ", ".join(cause.field for cause in error.causes)
        raise refusal(f"VM field(s) {fields} conflicts with selected instance type") from error
    except InvalidField as error:
        raise refusal(error.problem) from error


def _default_binding(service: ApiService) -> str:
    for installed in service.list(KUBEVIRT).items:
        configuration = documents.child(installed, "spec", "configuration")
        return AdmissionContext(configuration=configuration).default_binding
    return AdmissionContext().default_binding
