"""Runtime classes: what runs containers. They are kept as they are written; no containers run."""

from __future__ import annotations

from virtctl.models.base import Model, QuantityText
from virtctl.models.meta import ObjectMeta
from virtctl.models.scheduling import Toleration


class RuntimeOverhead(Model, frozen=True):
    """What a runtime needs beside a pod's containers."""

    pod_fixed: dict[str, QuantityText] = {}


class RuntimeScheduling(Model, frozen=True):
    """Which nodes have a runtime."""

    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()


class RuntimeClass(Model, frozen=True):
    """What runs the containers of pods that name it."""

    handler: str
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    overhead: RuntimeOverhead | None = None
    scheduling: RuntimeScheduling | None = None
