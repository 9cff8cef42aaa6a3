"""From what a client sent to what is stored: the rules of create, update and patch. No storage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec

from virtctl.errors import (
    ApiError,
    BadRequest,
    Cause,
    Invalid,
    NotDecodable,
    StatusDetails,
    UnsupportedMediaType,
)
from virtctl.local.api import catalog, intake, objects
from virtctl.local.api.contract import Patch, WriteOptions
from virtctl.local.api.hooks import Admit, Admitted, Schemas
from virtctl.models import documents
from virtctl.models.documents import Document
from virtctl.models.kinds import KINDS, Kind
from virtctl.wire import applying, fieldsets, patches, status
from virtctl.wire.jsonpatches import apply_json_patch
from virtctl.wire.patches import PatchType, Structure

_OWN = frozenset(KINDS)


@dataclass(frozen=True)
class World:
    """Sources of time and identity, so that tests can hold them still."""

    now: Callable[[], datetime]
    new_uid: Callable[[], str]
    choose: Callable[[str], str]


@dataclass(frozen=True)
class Writer:
    """Prepares writes with the schemas and admission of one server."""

    schemas: Schemas
    admit: Admit
    world: World

    def created(
        self, kind: Kind, namespace: str | None, document: Document, options: WriteOptions
    ) -> Document:
        """``document`` as it is to be stored, less its revision. Raises ``ApiError``."""
        if not options.actor.system and not options.applied:
            intake.check_version(kind, document)
        new = self._decoded(kind, document, options)
        objects.check_namespace(kind, namespace, new)
        self._identify(kind, new)
        strategy = catalog.strategy_of(kind)
        if "status" in kind.subresources and not strategy.keeps_status:
            new.pop("status", None)
        strategy.initial(new)
        new = self._admitted(kind, None, new, "", options)
        strategy.normalize(new)
        objects.check_name(kind, new)
        self._check_types(kind, new, options)
        given = "" if options.dry_run or options.applied else intake.revision_of(new)
        if given:  # the storage's own check: the last
            problem = "resourceVersion should not be set on objects to be created"
            raise ApiError(problem, code=500, reason="")
        objects.metadata_of(new).pop("resourceVersion", None)
        self._track(kind, None, new, "", options)
        return new

    def _track(
        self,
        kind: Kind,
        old: Document | None,
        new: Document,
        subresource: str,
        options: WriteOptions,
    ) -> None:
        """Keep ``managedFields``, for writers that name themselves; our controllers do not."""
        if options.applied:
            return
        if options.field_manager:
            writer = self.writer(kind, options.field_manager, applying.UPDATE, subresource)
            applying.track(old, new, writer, self.structure(kind))
        else:
            applying.set_entries(new, applying.entries(old) if old else [])

    def writer(self, kind: Kind, manager: str, operation: str, subresource: str) -> applying.Writer:
        """Who writes, and when."""
        time = objects.timestamp(self.world.now())
        return applying.Writer(manager, operation, kind.api_version, time, subresource)

    def structure(self, kind: Kind) -> Structure:
        """What is to know of ``kind``'s lists and objects."""
        return _Structure(self.schemas, kind)

    def _identify(self, kind: Kind, new: Document) -> None:
        metadata = objects.metadata_of(new)
        base = documents.text(new, "metadata", "generateName")
        if base and not metadata.get("name"):
            suffix = objects.random_suffix(self.world.choose)
            metadata["name"] = objects.generated_name(base, suffix)
        metadata["uid"] = self.world.new_uid()
        metadata["creationTimestamp"] = objects.timestamp(self.world.now())
        for key in ("deletionTimestamp", "deletionGracePeriodSeconds", "selfLink", "generation"):
            metadata.pop(key, None)
        if catalog.counts_generation(kind):
            metadata["generation"] = 1

    def updated(
        self,
        kind: Kind,
        old: Document,
        document: Document,
        subresource: str,
        options: WriteOptions,
    ) -> Document:
        """``document`` as it replaces ``old``, less its revision. Raises ``ApiError``."""
        new = self._decoded(kind, document, options, checked=not options.applied)
        self._check_identity(kind, old, new)
        broken = objects.broken_by_update(kind, old, new)
        if broken:
            raise status.invalid(kind, documents.name_of(old), tuple(broken))
        objects.keep_identity(old, new)
        new = _split(kind, old, new, subresource)
        if _bare(old) == _bare(new):
            self._track(kind, old, new, subresource, options)
            return new
        new = self._admitted(kind, old, new, subresource, options)
        catalog.strategy_of(kind).normalize(new)
        self._check_types(kind, new, options)
        if catalog.counts_generation(kind) and objects.intent_of(old) != objects.intent_of(new):
            generation = documents.integer(old, "metadata", "generation")
            objects.metadata_of(new)["generation"] = generation + 1
        self._track(kind, old, new, subresource, options)
        return new

    def _check_identity(self, kind: Kind, old: Document, new: Document) -> None:
        objects.check_same_name(documents.name_of(old), new)
        objects.check_namespace(kind, documents.namespace_of(old) or None, new)

    def check_put(self, kind: Kind, name: str, document: Document, options: WriteOptions) -> None:
        """Refuse a body that is not to replace ``name``. Raises ``ApiError``."""
        if not options.actor.system:
            intake.check_version(kind, document)
            self._check_form(kind, document, options)
        if catalog.is_builtin(kind):
            check_kind(kind, document)
        objects.check_same_name(name, document)

    def patched(self, kind: Kind, old: Document, patch: Patch, options: WriteOptions) -> Document:
        """``old`` after ``patch``, which is not server-side apply. Raises ``ApiError``."""
        new = self._after(kind, self._read(kind, old), patch)
        if not options.actor.system:
            self._check_form(kind, new, options)
            intake.check_named(documents.name_of(old), new)
        return new

    def _read(self, kind: Kind, old: Document) -> Document:
        """``old`` as its kind is now: of the version that is stored, with fields that there are.

        Definitions may have changed since it was written; our own kinds have not.
        """
        if kind in _OWN and old.get("apiVersion") == kind.api_version:
            return old
        return self.schemas.prune(kind, {**old, "apiVersion": kind.api_version})

    def _after(self, kind: Kind, old: Document, patch: Patch) -> Document:
        match patches.parse_type(patch.content_type):
            case PatchType.JSON:
                return apply_json_patch(old, patch.body)
            case PatchType.MERGE:
                result = patches.apply_merge_patch(documents.copied(old), patch.body)
                if not isinstance(result, dict) or not isinstance(patch.body, dict):
                    word = objects.go_word(patch.body)
                    raise BadRequest(
                        f"error decoding patch: json: cannot unmarshal {word} into Go value of "
                        "type map[string]interface {}"
                    )
                return result
            case PatchType.STRATEGIC:
                if not catalog.is_builtin(kind):
                    raise UnsupportedMediaType(
                        "the body of the request was in an unknown format - accepted media types "
                        "include: application/json-patch+json, application/merge-patch+json, "
                        "application/apply-patch+yaml"
                    )
                if not isinstance(patch.body, dict):
                    raise BadRequest("error decoding patch: a strategic merge patch is an object")
                return patches.apply_strategic_patch(
                    documents.copied(old), patch.body, self.structure(kind)
                )
            case PatchType.APPLY:
                raise UnsupportedMediaType("server-side apply is not a patch of an old object")

    def applied(
        self,
        kind: Kind,
        old: Document | None,
        wanted: Document,
        subresource: str,
        options: WriteOptions,
    ) -> Document:
        """``old`` after a server-side apply of ``wanted``. Raises ``Conflict`` and others."""
        if not options.field_manager:
            required = Cause(
                "FieldValueRequired",
                "Required value: is required for apply patch",
                "fieldManager",
            )
            raise Invalid(
                'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required '
                "for apply patch",
                StatusDetails(group="meta.k8s.io", kind="PatchOptions", causes=(required,)),
            )
        if documents.find(wanted, "metadata", "managedFields") is not None:
            raise BadRequest("metadata.managedFields must be nil")
        if wanted.get("apiVersion") != kind.api_version or wanted.get("kind") != kind.name:
            check_kind(kind, wanted)
            raise BadRequest(f"`apiVersion` and `kind` of a {kind.name} must be set to apply it")
        _check_typed(self.schemas, kind, wanted, self.structure(kind))
        if "status" in kind.subresources and not subresource:
            wanted = {key: value for key, value in wanted.items() if key != "status"}
        writer = self.writer(kind, options.field_manager, applying.APPLY, subresource)
        base = self._read(kind, old) if old is not None else {}
        return applying.apply(base, wanted, writer, self.structure(kind), force=options.force)

    def _decoded(
        self, kind: Kind, document: Document, options: WriteOptions, *, checked: bool = False
    ) -> Document:
        new = objects.without_nulls(document)
        if (new.get("apiVersion"), new.get("kind")) != (kind.api_version, kind.name):
            # KubeVirt's webhooks give what comes whole its own kind.
            kept = options.patched or kind.group != "kubevirt.io"
            if kept and not options.actor.system and not catalog.is_builtin(kind):
                intake.check_kept_type(kind, new)
            check_kind(kind, new)
            new = {**new, "apiVersion": kind.api_version, "kind": kind.name}
        if options.actor.system:
            return new
        if not checked:
            self._check_form(kind, new, options)
        if options.field_validation != "Ignore":
            unknown = self.schemas.unknown_fields(kind, new)
            problems = [f'duplicate field "{path}"' for path in options.duplicates]
            problems += [f'unknown field "{path}"' for path in unknown]
            if problems and options.field_validation == "Strict":
                raise _undecodable(
                    kind, new, f"strict decoding error: {', '.join(problems)}", options
                )
            options.warnings.extend(problems)
        return self.schemas.prune(kind, new)

    def _check_form(self, kind: Kind, new: Document, options: WriteOptions) -> None:
        """Refuse a body, or what a patch made, that Go could not read. Raises ``ApiError``."""
        if options.patched:
            why = intake.type_problem(kind, new)
            if why:
                raise _undecodable(kind, new, why, options)
        why = intake.metadata_problem(kind, new)
        if why:
            raise _undecodable(kind, new, why, options)

    def _check_types(self, kind: Kind, new: Document, options: WriteOptions) -> None:
        if options.actor.system:
            return
        causes = self.schemas.type_errors(kind, new)
        if causes:
            raise status.invalid(kind, documents.name_of(new), tuple(causes))

    def _admitted(
        self,
        kind: Kind,
        old: Document | None,
        new: Document,
        subresource: str,
        options: WriteOptions,
    ) -> Document:
        request = Admitted(
            kind, options.actor, subresource, old, new, options.dry_run, options.warnings
        )
        try:
            return self.admit(request)
        except NotDecodable as error:
            raise _undecodable(kind, new, error.why, options) from None


def _undecodable(kind: Kind, document: Document, why: str, options: WriteOptions) -> ApiError:
    """The refusal of a body that cannot be read, or of a patch that made the object such."""
    if not options.patched:
        return NotDecodable(kind.name, kind.version, why)
    shown = msgspec.json.encode(msgspec.json.encode(document, order="sorted").decode()).decode()
    cause = Cause("FieldValueInvalid", f"Invalid value: {shown}: {why}", "patch")
    return Invalid(f' "" is invalid: patch: {cause.message}', StatusDetails(causes=(cause,)))


def check_replacement(kind: Kind, old: Document, new: Document) -> None:
    """Refuse what means another object than ``old``. Raises ``Conflict``."""
    given, uid = documents.uid_of(new), documents.uid_of(old)
    if given not in {"", uid}:
        raise status.conflict(
            kind,
            documents.name_of(old),
            f"StorageError: invalid object, Code: 4, Key: {_storage_key(kind, old)}, "
            "ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
            f"precondition: {given}, UID in object meta: {uid}",
        )


def check_revision(kind: Kind, old: Document, new: Document, options: WriteOptions) -> None:
    """Refuse ``new`` when it was made of another revision than ``old``. Raises ``ApiError``."""
    name, given = documents.name_of(old), intake.revision_of(new)
    if not given and catalog.needs_revision(kind) and not options.actor.system:
        problem = "Invalid value: 0: must be specified for an update"
        cause = Cause("FieldValueInvalid", problem, "metadata.resourceVersion")
        raise Invalid(
            f'{kind.resource} "{name}" is invalid: {cause.field}: {problem}',
            status.details_of(kind, name, (cause,)),
        )
    if given and given != documents.text(old, "metadata", "resourceVersion"):
        raise status.conflict(kind, name, status.MODIFIED)


# What etcd calls the kinds of Kubernetes that it does not call by their plural.
_KEYS = {"nodes": "minions", "services": "services/specs", "endpoints": "services/endpoints"}


def _storage_key(kind: Kind, document: Document) -> str:
    """Where etcd would keep the object, which messages show."""
    namespace = documents.namespace_of(document)
    where = [kind.group, kind.plural]
    if catalog.is_builtin(kind) and not kind.group.startswith("api"):
        where = [_KEYS.get(kind.plural, kind.plural)]
    parts = ["/registry", *where, namespace, documents.name_of(document)]
    return "/".join(part for part in parts if part)


@dataclass(frozen=True)
class _Structure:
    """``Structure`` of one kind."""

    schemas: Schemas
    kind: Kind

    def __call__(self, path: tuple[str, ...]) -> tuple[str, ...] | None:
        return self.schemas.list_keys(self.kind, path)

    def is_atomic(self, path: tuple[str, ...]) -> bool:
        return self.schemas.is_atomic(self.kind, path)


def _check_typed(schemas: Schemas, kind: Kind, wanted: Document, structure: Structure) -> None:
    """Refuse to apply what the schema does not know: a plain 500 upstream. Raises ``ApiError``."""
    problems = [
        f".{path}: field not declared in schema" for path in schemas.unknown_fields(kind, wanted)
    ]
    try:
        problems += [
            f".{cause.field}: {cause.message.removeprefix('Invalid value: ')}"
            for cause in schemas.type_errors(kind, wanted)
            if cause.reason == "FieldValueTypeInvalid"
        ]
    except BadRequest as error:
        problems.append(error.message)
    problems += fieldsets.misfits(wanted, structure)
    if not problems:
        return
    namespace, name = documents.namespace_of(wanted), documents.name_of(wanted)
    where = f"{namespace}/{name}; {kind.api_version}, Kind={kind.name}"
    said = problems[0] if len(problems) == 1 else "errors:\n  " + "\n  ".join(problems)
    raise ApiError(f"failed to create typed patch object ({where}): {said}", code=500, reason="")


def check_kind(kind: Kind, new: Document) -> None:
    """Refuse another API version and, but for custom resources, another kind.

    Raises ``BadRequest``.
    """
    given = new.get("apiVersion") or kind.api_version
    if given != kind.api_version:
        raise BadRequest(
            f"the API version in the data ({given}) does not match the expected API version "
            f"({kind.api_version})"
        )
    name = new.get("kind") or kind.name
    if name != kind.name and catalog.is_builtin(kind):
        package = kind.group.partition(".")[0] or "core"
        raise BadRequest(
            f'{name} in version "{kind.version}" cannot be handled as a {kind.name}: '
            f"converting ({kind.version}.{name}) to ({package}.{kind.name}): unknown conversion"
        )


def _bare(document: Document) -> Document:
    """``document`` without what a write itself changes."""
    metadata = documents.child(document, "metadata")
    kept: Document = {
        key: value
        for key, value in metadata.items()
        if key not in {"resourceVersion", "managedFields"}
    }
    return {**document, "metadata": kept}


def _split(kind: Kind, old: Document, new: Document, subresource: str) -> Document:
    """The parts of ``new`` that a write to ``subresource`` may change, the rest from ``old``."""
    if subresource == "":
        if "status" in kind.subresources:
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
        if kind.name == "Namespace":
            documents.put(new, [*documents.items(old, "spec", "finalizers")], "spec", "finalizers")
        return new
    if subresource == "finalize":
        result = documents.copied(old)
        names = documents.items(new, "spec", "finalizers")
        documents.put(result, names, "spec", "finalizers")
        return result
    if subresource != "status":
        raise Invalid(f"{kind.resource} has no writable subresource `{subresource}`")
    result = documents.copied(old)
    result.pop("status", None)
    if "status" in new:
        result["status"] = new["status"]
    _copy_member(documents.child(new, "metadata"), objects.metadata_of(result), "managedFields")
    for key in catalog.taken_with_status(kind):
        _copy_member(documents.child(new, "metadata"), objects.metadata_of(result), key)
    return result


def _copy_member(source: Document, target: Document, key: str) -> None:
    target.pop(key, None)
    if key in source:
        target[key] = source[key]
