"""How virt-api words its refusals: singular resource names, unlike the API server's own."""

from __future__ import annotations

from virtctl import errors
from virtctl.errors import ApiError, Cause, StatusDetails
from virtctl.models.kinds import Kind


def _resource(kind: Kind) -> str:
    return f"{kind.singular}.{kind.group}"


def _details(kind: Kind, name: str) -> StatusDetails:
    return StatusDetails(name=name, group=kind.group, kind=kind.singular)


def missing(kind: Kind, name: str) -> errors.NotFound:
    """There is no such machine or instance."""
    return errors.NotFound(f'{_resource(kind)} "{name}" not found', _details(kind, name))


def missing_of(resource: str, name: str) -> errors.NotFound:
    """As ``missing``, for a resource that is named like ``persistentvolumeclaim.kubevirt.io``."""
    singular, _, group = resource.partition(".")
    details = StatusDetails(name=name, group=group, kind=singular)
    return errors.NotFound(f'{resource} "{name}" not found', details)


def conflict(kind: Kind, name: str, problem: str) -> errors.Conflict:
    """It is not in the state that the verb needs."""
    return errors.Conflict(
        f'Operation cannot be fulfilled on {_resource(kind)} "{name}": {problem}',
        _details(kind, name),
    )


def conflict_of(resource: str, name: str, problem: str) -> errors.Conflict:
    """As ``conflict``, for a resource that is named like ``persistentvolumeclaim.kubevirt.io``."""
    singular, _, group = resource.partition(".")
    return errors.Conflict(
        f'Operation cannot be fulfilled on {resource} "{name}": {problem}',
        StatusDetails(name=name, group=group, kind=singular),
    )


def forbidden(kind: Kind, name: str, problem: str) -> errors.Forbidden:
    """The verb must not be used on it."""
    return errors.Forbidden(
        f'{_resource(kind)} "{name}" is forbidden: {problem}', _details(kind, name)
    )


def internal(problem: str) -> errors.InternalError:
    """Something that the verb relies on failed; the failure itself is the one cause."""
    return errors.InternalError(
        f"Internal error occurred: {problem}", StatusDetails(causes=(Cause("", problem, ""),))
    )


def not_served(verb: str) -> ApiError:
    """KubeVirt has the verb, this server not."""
    return ApiError(
        f"the embedded control plane does not serve `{verb}`",
        code=501,
        reason="NotImplemented",
    )
