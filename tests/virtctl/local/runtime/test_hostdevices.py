"""Devices of the node."""

import pytest

from virtctl.local.runtime import hostdevices

FORBIDDEN = "is not permitted in permittedHostDevices configuration"
PERMITTED = {
    "permittedHostDevices": {
        "pciHostDevices": [{"pciVendorSelector": "10DE:1EB8", "resourceName": "x/gpu"}],
        "mediatedDevices": [{"mdevNameSelector": "M", "resourceName": "x/vgpu"}],
    }
}


def vmi(gpus=(), host=()):
    devices = {
        "gpus": [{"name": f"g{n}", "deviceName": name} for n, name in enumerate(gpus)],
        "hostDevices": [{"name": f"h{n}", "deviceName": name} for n, name in enumerate(host)],
    }
    return {"spec": {"domain": {"devices": devices}}}


def test_what_a_node_must_have():
    assert hostdevices.resources(vmi(["x/gpu", "x/gpu"], ["x/nic"])) == ("x/gpu", "x/gpu", "x/nic")
    claimed = {"name": "g", "claimName": "c", "requestName": "r"}
    document = {"spec": {"domain": {"devices": {"gpus": [claimed]}}}}
    assert hostdevices.resources(document) == ()
    assert hostdevices.unpermitted(document, PERMITTED) == ""


@pytest.mark.parametrize(
    ("document", "configuration", "said"),
    [
        (vmi(["x/gpu"], ["x/vgpu"]), PERMITTED, ""),
        (vmi(["x/other"]), {}, ""),
        (
            vmi(["x/other"], ["x/nic"]),
            PERMITTED,
            f"GPU x/other {FORBIDDEN} HostDevice x/nic {FORBIDDEN}",
        ),
        (
            vmi(["x/gpu"]),
            {"permittedHostDevices": {}},
            f"GPU x/gpu {FORBIDDEN}",
        ),
    ],
)
def test_what_the_cluster_permits(document, configuration, said):
    assert hostdevices.unpermitted(document, configuration) == said
