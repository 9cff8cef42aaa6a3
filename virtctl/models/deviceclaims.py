"""Claims of devices that drivers give out (dynamic resource allocation).

They are kept as they are written: no driver runs here that would give any out.
"""

from __future__ import annotations

from virtctl.models.base import Int64, Model, Open, QuantityText
from virtctl.models.meta import ObjectMeta
from virtctl.models.scheduling import Toleration


class DeviceExpression(Model, frozen=True):
    """A condition in CEL."""

    expression: str


class DeviceSelector(Model, frozen=True):
    """Which devices fit."""

    cel: DeviceExpression | None = None


class CapacityRequirements(Model, frozen=True):
    """How much of a device is needed."""

    requests: dict[str, QuantityText] = {}


class ExactDeviceRequest(Model, frozen=True):
    """Devices of one class."""

    device_class_name: str
    admin_access: bool | None = None
    allocation_mode: str = ""
    capacity: CapacityRequirements | None = None
    count: Int64 | None = None
    selectors: tuple[DeviceSelector, ...] = ()
    tolerations: tuple[Toleration, ...] = ()


class DeviceSubRequest(Model, frozen=True):
    """One of several alternatives."""

    device_class_name: str
    name: str
    allocation_mode: str = ""
    capacity: CapacityRequirements | None = None
    count: Int64 | None = None
    selectors: tuple[DeviceSelector, ...] = ()
    tolerations: tuple[Toleration, ...] = ()


class DeviceRequest(Model, frozen=True):
    """What is asked for under one name: exactly this, or the first alternative to be had."""

    name: str
    exactly: ExactDeviceRequest | None = None
    first_available: tuple[DeviceSubRequest, ...] = ()


class DeviceConstraint(Model, frozen=True):
    """What the devices of several requests must, or must not, have in common."""

    distinct_attribute: str | None = None
    match_attribute: str | None = None
    requests: tuple[str, ...] = ()


class OpaqueConfiguration(Model, frozen=True):
    """What a driver is told."""

    driver: str
    parameters: Open


class DeviceClaimConfiguration(Model, frozen=True):
    """What a driver is told about the devices of requests."""

    opaque: OpaqueConfiguration | None = None
    requests: tuple[str, ...] = ()


class DeviceClaim(Model, frozen=True):
    """All that is asked for."""

    config: tuple[DeviceClaimConfiguration, ...] = ()
    constraints: tuple[DeviceConstraint, ...] = ()
    requests: tuple[DeviceRequest, ...] = ()


class ResourceClaimSpec(Model, frozen=True):
    """What a claim asks for."""

    devices: DeviceClaim | None = None


class ResourceClaimConsumer(Model, frozen=True):
    """Who uses the devices."""

    name: str
    resource: str
    uid: str
    api_group: str = ""


class ResourceClaimStatus(Model, frozen=True):
    """What a claim was given, and who uses it."""

    allocation: Open | None = None
    devices: tuple[Open, ...] = ()
    reserved_for: tuple[ResourceClaimConsumer, ...] = ()


class ResourceClaim(Model, frozen=True):
    """A claim of devices."""

    spec: ResourceClaimSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
    status: ResourceClaimStatus | None = None


class ResourceClaimTemplateSpec(Model, frozen=True):
    """What the claims of a template are made from."""

    spec: ResourceClaimSpec
    metadata: ObjectMeta | None = None


class ResourceClaimTemplate(Model, frozen=True):
    """What each pod's claim is made from."""

    spec: ResourceClaimTemplateSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None


class DeviceClassConfiguration(Model, frozen=True):
    """What a driver is told about all devices of a class."""

    opaque: OpaqueConfiguration | None = None


class DeviceClassSpec(Model, frozen=True):
    """Which devices are of a class."""

    config: tuple[DeviceClassConfiguration, ...] = ()
    extended_resource_name: str | None = None
    selectors: tuple[DeviceSelector, ...] = ()


class DeviceClass(Model, frozen=True):
    """Devices that can be asked for by one name."""

    spec: DeviceClassSpec
    api_version: str = ""
    kind: str = ""
    metadata: ObjectMeta | None = None
