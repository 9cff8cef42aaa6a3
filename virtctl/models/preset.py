"""``VirtualMachineInstancePreset``: deprecated parts of a domain for instances with some labels."""

from __future__ import annotations

from virtctl.models.base import Model
from virtctl.models.domain import Domain
from virtctl.models.meta import LabelSelector, ObjectMeta


class PresetSpec(Model, frozen=True):
    """Which instances, and what is merged into them."""

    selector: LabelSelector
    domain: Domain | None = None


class VirtualMachineInstancePreset(Model, frozen=True):
    """Parts of a domain that are merged into instances; instancetypes took its place."""

    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    spec: PresetSpec | None = None
