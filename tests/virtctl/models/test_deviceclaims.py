from virtctl.models.base import read
from virtctl.models.deviceclaims import DeviceClass, ResourceClaim, ResourceClaimTemplate

DEVICES = {"requests": [{"name": "gpu", "exactly": {"deviceClassName": "gpu.example.com"}}]}


def test_claims_and_their_templates_ask_for_the_same():
    claim = read(ResourceClaim, {"spec": {"devices": DEVICES}})
    template = read(ResourceClaimTemplate, {"spec": {"spec": {"devices": DEVICES}}})
    assert template.spec.spec == claim.spec
    (request,) = claim.spec.devices.requests
    assert request.exactly.device_class_name == "gpu.example.com"


def test_classes_select_devices():
    selector = {"cel": {"expression": "device.driver == 'gpu.example.com'"}}
    found = read(DeviceClass, {"spec": {"selectors": [selector]}})
    assert found.spec.selectors[0].cel.expression.startswith("device.driver")
