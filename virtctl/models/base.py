"""The base of typed API objects, and the few facts of a schema that a Python type cannot say.

Objects are frozen Structs in camelCase with defaults left out. A field without a default is one
that the API requires. Lists are tuples and atomic unless ``Keyed`` or ``AS_SET`` says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias, TypeVar

import msgspec

from virtctl.models.documents import Document

ModelType = TypeVar("ModelType", bound="Model")


@dataclass(frozen=True)
class Rule:
    """A CEL expression over ``self`` and, on update, ``oldSelf``, and what to say if it fails."""

    rule: str
    message: str = ""
    message_expression: str = ""
    reason: str = "FieldValueInvalid"
    field_path: str = ""
    optional_old_self: bool = False


class Model(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One object of the API, typed for reading.

    ``ATOMIC``: server-side apply owns it as a whole (``x-kubernetes-map-type: atomic``).
    ``OPEN``: fields that it does not name are kept (``x-kubernetes-preserve-unknown-fields``).
    ``RULES``: what must hold for it, as expressions (``x-kubernetes-validations``).
    """

    ATOMIC: ClassVar[bool] = False
    OPEN: ClassVar[bool] = False
    RULES: ClassVar[tuple[Rule, ...]] = ()


class Empty(Model, frozen=True):
    """An object without fields: that it is there is what counts."""


class FeatureState(Model, frozen=True):
    """Something that is on when given, unless it says otherwise."""

    enabled: bool | None = None


@dataclass(frozen=True)
class Fact:
    """What a schema says beyond the type. ``default`` is filled in by the server.

    Lengths are in characters, ``pattern`` is a regular expression that is found in the text.
    ``choices``, ``is_unsigned`` and ``is_duration`` are not in the schema: KubeVirt's webhooks
    know them by the Go type.
    """

    format: str = ""
    enum: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    min_items: int | None = None
    max_items: int | None = None
    default: bool | int | str | None = None
    int_or_string: bool = False
    is_quantity: bool = False
    is_open: bool = False
    is_unsigned: bool = False
    is_duration: bool = False
    choices: tuple[str, ...] = ()

    @property
    def bounds_text(self) -> bool:
        """Whether it says how long a text may be, or what it is made of."""
        return bool(self.pattern) or self.min_length is not None or self.max_length is not None


@dataclass(frozen=True)
class Keyed:
    """A list whose elements are told apart by ``keys`` (``x-kubernetes-list-type: map``).

    ``merge`` is the one key that a strategic merge patch uses, when it is not the first.
    """

    keys: tuple[str, ...]
    merge: str = ""

    @property
    def merge_key(self) -> str:
        """The key of ``x-kubernetes-patch-merge-key``."""
        return self.merge or self.keys[0]


@dataclass(frozen=True)
class AsSet:
    """A list of scalars without order (``x-kubernetes-list-type: set``)."""


@dataclass(frozen=True)
class Nullable:
    """A field that may be null, and stays so; of others, null is left out (``nullable``)."""


AS_SET = AsSet()
NULLABLE = Nullable()
BY_NAME = Keyed(("name",))
BY_TYPE = Keyed(("type",))

Int32: TypeAlias = Annotated[int, Fact(format="int32")]
Count: TypeAlias = Annotated[int, Fact(is_unsigned=True)]
Count32: TypeAlias = Annotated[int, Fact(format="int32", is_unsigned=True)]
Duration: TypeAlias = Annotated[str, Fact(is_duration=True)]
Int64: TypeAlias = Annotated[int, Fact(format="int64")]
NonEmpty: TypeAlias = Annotated[str, Fact(min_length=1)]
UInt32: TypeAlias = Annotated[int, Fact(format="int64", minimum=0, maximum=2**32 - 1)]
PullPolicy: TypeAlias = Annotated[str, Fact(choices=("Always", "IfNotPresent", "Never"))]
Time: TypeAlias = Annotated[str, Fact(format="date-time")]
QuantityText: TypeAlias = Annotated[int | float | str, Fact(int_or_string=True, is_quantity=True)]
IntOrString: TypeAlias = Annotated[int | str, Fact(int_or_string=True)]
Bytes: TypeAlias = Annotated[str, Fact(format="byte")]
Open: TypeAlias = Annotated[dict[str, object], Fact(is_open=True)]


def read(model: type[ModelType], document: Document) -> ModelType:
    """``document`` as ``model``; unknown fields are skipped.

    Raises ``msgspec.ValidationError`` with the path of the first field of a wrong type.
    """
    return msgspec.convert(document, model)
