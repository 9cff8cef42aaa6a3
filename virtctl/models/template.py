"""``VirtualMachineTemplate``: a machine with parameters, and requests to make one."""

from __future__ import annotations

from typing import Annotated, ClassVar

import msgspec

from virtctl.models.base import BY_TYPE, Fact, Model, Open, Rule
from virtctl.models.datavolume import ClaimReference
from virtctl.models.meta import CheckedCondition, ObjectMeta
from virtctl.models.references import LocalReference


class TemplateParameter(Model, frozen=True):
    """A value that is filled in as ``${NAME}``, or unquoted as ``${{NAME}}``."""

    name: str
    description: str = ""
    display_name: str = ""
    from_: Annotated[str, Fact(pattern=r"\[([a-zA-Z0-9\-\\]+)\](\{(\w+)\})")] = msgspec.field(
        name="from", default=""
    )
    """The pattern that ``generate`` works from, as in ``[a-z]{6}``."""
    generate: Annotated[str, Fact(enum=("expression",))] = ""
    required: bool | None = None
    value: str = ""


class TemplateSpec(Model, frozen=True):
    """The machine, its parameters, and a word to the user."""

    virtual_machine: Open
    message: str = ""
    """What the user reads when the machine is made; parameters are filled in."""
    parameters: tuple[TemplateParameter, ...] = ()


class TemplateStatus(Model, frozen=True):
    """Whether a template can be used."""

    conditions: Annotated[tuple[CheckedCondition, ...], BY_TYPE] = ()


class VirtualMachineTemplate(Model, frozen=True):
    """A machine with parameters."""

    spec: TemplateSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: TemplateStatus | None = None


class TemplateRequestSpec(Model, frozen=True):
    """The machine that a template is made from; it can't be changed."""

    RULES: ClassVar[tuple[Rule, ...]] = (
        Rule("self == oldSelf", "spec is immutable"),
        Rule(
            "!has(self.templateLabels) || "
            "self.templateLabels.all(k, !k.startsWith('template.kubevirt.io/'))",
            'labels with the prefix "template.kubevirt.io/" are reserved for system use',
            field_path=".templateLabels",
        ),
    )
    virtual_machine_ref: ClaimReference
    template_labels: dict[str, str] = {}
    template_name: str = ""
    ttl_seconds_after_finished: Annotated[int, Fact(format="int32", minimum=0)] | None = None


class TemplateRequestStatus(Model, frozen=True):
    """How far a request has come."""

    conditions: Annotated[tuple[CheckedCondition, ...], BY_TYPE] = ()
    template_ref: LocalReference | None = None


class VirtualMachineTemplateRequest(Model, frozen=True):
    """Asks for a template of an existing machine."""

    spec: TemplateRequestSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: TemplateRequestStatus | None = None
