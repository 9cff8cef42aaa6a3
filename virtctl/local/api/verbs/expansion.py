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
from virtctl.local.api.defaults.devices import Undefaultable
from virtctl.local.api.defaults.instance import default_spec
from virtctl.local.api.defaults.roundtrip import canonical
from virtctl.local.api.instancetypes.expansion import Conflicting, expand, has_matchers
from virtctl.local.api.instancetypes.matching import PARTS
from virtctl.local.api.service import ApiService
from virtctl.local.api.verbs import gates, instances
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE

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
    placed: Document = {
        **vm,
        "metadata": {**documents.child(vm, "metadata"), "namespace": namespace},
        "status": documents.child(vm, "status"),
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
    """What the machine is without instancetype and preference; then its instance's defaults are
    filled in, too. All as Go prints it.
    """
    context = AdmissionContext(configuration=gates.configuration(service))
    try:
        expanded = expand(vm, service.find, context.default_binding)
        if has_matchers(vm):
            spec = documents.ensure(expanded, "spec", "template", "spec")
            documents.ensure(spec, "domain", "memory")
            default_spec(spec, context)
            for part in PARTS:
                documents.child(expanded, "status").pop(part.reference, None)
    except Conflicting as error:
        fields = ", ".join(cause.field for cause in error.causes)
        raise refusal(f"VM field(s) {fields} conflicts with selected instance type") from error
    except InvalidField as error:
        raise refusal(error.problem) from error
    except Undefaultable as error:
        raise refusal(str(error)) from error
    documents.ensure(expanded, "spec", "template", "spec", "domain", "resources")
    return canonical(schema.shape_of_kind(VIRTUAL_MACHINE), expanded)
