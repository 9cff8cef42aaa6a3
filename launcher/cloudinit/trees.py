"""The files of a cloud-init seed: NoCloud and config drive.

Keys of the metadata are those of cloud-init's data sources; values are virt-launcher's choices.
"""

from __future__ import annotations

import msgspec

from launcher.cloudinit.tags import Device
from launcher.errors import SpecError
from launcher.spec import CloudInit, MachineSpec


# Members in virt-launcher's order, so that seeds are the same byte for byte.
class _NoCloud(msgspec.Struct, kw_only=True, omit_defaults=True, rename="kebab"):
    instance_type: str = ""
    instance_id: str
    local_hostname: str
    public_keys: dict[str, str] = {}


class _ConfigDrive(msgspec.Struct, kw_only=True, omit_defaults=True):
    instance_type: str = ""
    instance_id: str
    hostname: str
    uuid: str
    devices: tuple[Device, ...] = ()
    public_keys: dict[str, str] = {}


_ESCAPES = ((b"&", b"\\u0026"), (b"<", b"\\u003c"), (b">", b"\\u003e"))


def files(spec: MachineSpec, seed: CloudInit, devices: tuple[Device, ...] = ()) -> dict[str, bytes]:
    """The files of one seed, by their paths in it. Raises ``SpecError`` for an empty seed.

    A config drive tells of ``devices`` as well.
    """
    if not seed.user_data and not seed.network_data:
        raise SpecError("volumes.cloudInit", "there is neither user data nor network data")
    if seed.flavour == "configDrive":
        return config_drive(spec, seed, devices)
    return no_cloud(spec, seed)


def no_cloud(spec: MachineSpec, seed: CloudInit) -> dict[str, bytes]:
    """``meta-data``, ``user-data`` and, when there is any, ``network-config``."""
    metadata = _NoCloud(
        instance_id=spec.firmware.uuid,
        local_hostname=spec.hostname,
        instance_type=spec.instance_type,
        public_keys=public_keys(spec, "noCloud"),
    )
    found = {
        "meta-data": _encoded(metadata),
        "user-data": seed.user_data.encode(),
    }
    if seed.network_data:
        found["network-config"] = seed.network_data.encode()
    return found


def config_drive(
    spec: MachineSpec, seed: CloudInit, devices: tuple[Device, ...] = ()
) -> dict[str, bytes]:
    """The same for readers of OpenStack's config drive."""
    metadata = _ConfigDrive(
        instance_id=f"{spec.name}.{spec.namespace}",
        hostname=spec.hostname,
        uuid=spec.firmware.uuid,
        devices=devices,
        instance_type=spec.instance_type,
        public_keys=public_keys(spec, "configDrive"),
    )
    found = {
        "meta_data.json": _encoded(metadata),
        "user_data": seed.user_data.encode(),
    }
    if seed.network_data:
        found["network_data.json"] = seed.network_data.encode()
    return {f"openstack/latest/{name}": content for name, content in found.items()}


def public_keys(spec: MachineSpec, flavour: str) -> dict[str, str]:
    """All keys that a seed of this flavour brings, by number; the numbers sort as texts."""
    ways = {flavour, "cloudInit"}
    keys = [key for each in spec.ssh_keys if each.via in ways for key in each.keys]
    return dict(sorted((str(number), key) for number, key in enumerate(keys)))


def _encoded(metadata: _NoCloud | _ConfigDrive) -> bytes:
    """JSON that could stand in HTML, as Go writes it."""
    text = msgspec.json.encode(metadata)
    for plain, escaped in _ESCAPES:
        text = text.replace(plain, escaped)
    return text
