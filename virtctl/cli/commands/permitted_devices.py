"""``permitted-devices``: host devices that machines may have."""

from __future__ import annotations

from typing import Annotated

from virtctl.cli.options import Option
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.client.resources import list_all
from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, child, objects, text
from virtctl.models.kinds import KUBEVIRT
from virtctl.output.documents import as_json, as_yaml


def run(
    session: Session,
    *,
    output: Annotated[
        str, Option("--output", "-o", help="json or yaml.", choices=("", "json", "yaml"))
    ] = "",
) -> Outcome:
    """Print the host devices that KubeVirt's configuration permits.

    The KubeVirt object is looked for in the namespace worked in.
    """
    found = list_all(session.rest, KUBEVIRT, session.namespace)
    if not found:
        raise VirtctlError(
            f'no KubeVirt resource in "{session.namespace}" namespace',
            "give --namespace of where KubeVirt is installed, often kubevirt",
        )
    devices = child(found[0], "spec", "configuration", "permittedHostDevices")
    hosts, gpus = _names(devices, "pciHostDevices"), _names(devices, "mediatedDevices")
    if output:
        data: Document = {"hostDevices": [*hosts], "gpuDevices": [*gpus]}
        return Outcome(as_json(data) if output == "json" else as_yaml(data))
    lines = [
        "Permitted Devices:",
        "Host Devices:",
        ", ".join(hosts),
        "GPU Devices:",
        ", ".join(gpus),
    ]
    return Outcome("\n".join(lines))


def _names(devices: Document, field: str) -> list[str]:
    return [text(device, "resourceName") for device in objects(devices, field)]
