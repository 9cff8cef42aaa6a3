"""Rules of access credentials."""

from __future__ import annotations

from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.rules.causes import invalid
from virtctl.models import documents
from virtctl.models.documents import Document

_VOLUME_FOR = {"noCloud": "cloudInitNoCloud", "configDrive": "cloudInitConfigDrive"}


def access_causes(spec: Document, path: str) -> Iterator[Cause]:
    """Each credential has one kind, one source and one way into the guest."""
    for position, entry in enumerate(documents.objects(spec, "accessCredentials")):
        field = f"{path}.accessCredentials[{position}]"
        kinds = [name for name in ("sshPublicKey", "userPassword") if entry.get(name) is not None]
        for kind in kinds:
            credential = documents.child(entry, kind)
            yield from _volume_causes(spec, credential, field, kind)
            if len(documents.child(credential, "source")) != 1:
                yield invalid(f"{field}.{kind}.source", f"{field} must have exactly one source set")
            if len(documents.child(credential, "propagationMethod")) != 1:
                yield invalid(
                    f"{field}.{kind}.propagationMethod",
                    f"{field} must have exactly one propagationMethod set",
                )
        if len(kinds) != 1:
            yield invalid(field, f"{field} must have exactly one access credential type set")


def _volume_causes(spec: Document, credential: Document, field: str, kind: str) -> Iterator[Cause]:
    methods = documents.child(credential, "propagationMethod")
    where = f"{field}.{kind}.propagationMethod"
    for method, source in _VOLUME_FOR.items():
        if method in methods and not any(
            source in volume for volume in documents.objects(spec, "volumes")
        ):
            yield invalid(
                where,
                f"{field} requires a {method} volume to exist when the {method} propagationMethod "
                "is in use.",
            )
    agent = methods.get("qemuGuestAgent")
    if kind == "sshPublicKey" and isinstance(agent, dict) and not agent.get("users"):
        yield invalid(
            f"{where}.qemuGuestAgent.users",
            f"{field} requires at least one user to be present in the users list",
        )
