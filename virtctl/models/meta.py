"""What objects have in common: metadata, owners, conditions, label selectors, references."""

from __future__ import annotations

from typing import Annotated, ClassVar

from virtctl.models.base import AS_SET, NULLABLE, Fact, Int64, Keyed, Model, Open, Time

_QUALIFIED = (
    r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
    r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
)
_REASON = r"^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$"


class OwnerReference(Model, frozen=True):
    """The owner of an object; when all owners are gone, so is the object."""

    ATOMIC: ClassVar[bool] = True
    api_version: str
    kind: str
    name: str
    uid: str
    controller: bool | None = None
    """Whether it is the one owner that manages the object."""
    block_owner_deletion: bool | None = None
    """Whether foreground deletion of the owner waits for the object."""


class ManagedFields(Model, frozen=True):
    """The fields that one manager has set."""

    api_version: str = ""
    fields_type: str = ""
    fields_v1: Open = {}
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: Time | None = None


class ObjectMeta(Model, frozen=True):
    """Name, identity and labels of an object."""

    name: str = ""
    generate_name: str = ""
    """Prefix of the name when there is none; five random characters follow."""
    namespace: str = ""
    labels: dict[str, str] = {}
    """What selectors find an object by."""
    annotations: dict[str, str] = {}
    """What tools keep with an object."""
    uid: str = ""
    resource_version: str = ""
    """Changes with every write; compared by equality only."""
    generation: Int64 = 0
    """Counts changes of what is wanted, not of status."""
    creation_timestamp: Time | None = None
    deletion_timestamp: Time | None = None
    """Set when deletion was asked for; the object goes when its finalizers are gone."""
    deletion_grace_period_seconds: Int64 | None = None
    finalizers: Annotated[tuple[str, ...], AS_SET] = ()
    """Who must finish before the object goes."""
    owner_references: Annotated[tuple[OwnerReference, ...], Keyed(("uid",))] = ()
    managed_fields: tuple[ManagedFields, ...] = ()
    self_link: str = ""


class LabelRequirement(Model, frozen=True):
    """One condition on a label."""

    key: str
    operator: str
    """In, NotIn, Exists or DoesNotExist."""
    values: tuple[str, ...] = ()


class LabelSelector(Model, frozen=True):
    """Which labels an object must have; all conditions hold together."""

    ATOMIC: ClassVar[bool] = True
    match_expressions: tuple[LabelRequirement, ...] = ()
    match_labels: dict[str, str] = {}


class Condition(Model, frozen=True):
    """One observed condition of a machine, an instance or the installation."""

    type: str
    status: str
    """True, False or Unknown."""
    reason: str = ""
    message: str = ""
    last_probe_time: Annotated[Time | None, NULLABLE] = None
    last_transition_time: Annotated[Time | None, NULLABLE] = None


class ObservedCondition(Model, frozen=True):
    """One observed condition (``metav1.Condition``)."""

    type: str
    status: str
    reason: str
    message: str
    last_transition_time: Time
    observed_generation: Int64 = 0


class CheckedCondition(Model, frozen=True):
    """One observed condition (``metav1.Condition``), as definitions spell out its checks."""

    type: Annotated[str, Fact(max_length=316, pattern=_QUALIFIED)]
    status: Annotated[str, Fact(enum=("True", "False", "Unknown"))]
    reason: Annotated[str, Fact(min_length=1, max_length=1024, pattern=_REASON)]
    message: Annotated[str, Fact(max_length=32768)]
    last_transition_time: Time
    observed_generation: Annotated[int, Fact(format="int64", minimum=0)] = 0


class ObjectReference(Model, frozen=True):
    """An object by any of its coordinates."""

    ATOMIC: ClassVar[bool] = True
    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    resource_version: str = ""
    field_path: str = ""
