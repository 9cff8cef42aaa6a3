"""References to other objects, resources and resolver settings, shared by many kinds."""

from __future__ import annotations

from typing import Annotated, ClassVar

from virtctl.models.base import Fact, Model, NonEmpty, QuantityText


class DnsOption(Model, frozen=True):
    """A resolver option."""

    name: str = ""
    value: str = ""


class DnsConfig(Model, frozen=True):
    """Resolver settings that are added to those of the policy."""

    nameservers: tuple[str, ...] = ()
    options: tuple[DnsOption, ...] = ()
    searches: tuple[str, ...] = ()


class NameValue(Model, frozen=True):
    """A name and its value."""

    name: str
    value: str


class LocalName(Model, frozen=True):
    """The name of an object whose kind and scope are known."""

    name: NonEmpty


class LocalReference(Model, frozen=True):
    """The name of an object in the same namespace."""

    ATOMIC: ClassVar[bool] = True
    name: Annotated[str, Fact(default="")] = ""


class FieldReference(Model, frozen=True):
    """A field of the object itself."""

    ATOMIC: ClassVar[bool] = True
    field_path: str
    api_version: str = ""


class ResourceReference(Model, frozen=True):
    """A container's resource request or limit."""

    ATOMIC: ClassVar[bool] = True
    resource: str
    container_name: str = ""
    divisor: QuantityText | None = None


class TypedReference(Model, frozen=True):
    """An object of another kind in the same namespace."""

    ATOMIC: ClassVar[bool] = True
    kind: str
    name: str
    api_group: str = ""


class TypedObjectReference(Model, frozen=True):
    """An object of another kind, maybe in another namespace."""

    kind: str
    name: str
    api_group: str = ""
    namespace: str = ""


class Resources(Model, frozen=True):
    """Requests and limits by resource name."""

    limits: dict[str, QuantityText] = {}
    requests: dict[str, QuantityText] = {}
