from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.resourceclaims import claim_causes

CLAIM = {"name": "a", "resourceClaimName": "b"}
GPUS, HOST_DEVICES = "spec.domain.devices.gpus", "spec.domain.devices.hostDevices"


def found(*, claims=(), gpus=(), host=(), off=()) -> list[tuple[str, str]]:
    devices = {"gpus": [*gpus], "hostDevices": [*host]}
    spec = {"resourceClaims": [*claims], "domain": {"devices": devices}}
    configuration = {"developerConfiguration": {"disabledFeatureGates": [*off]}}
    context = AdmissionContext(configuration=configuration)
    return [(cause.reason, cause.field) for cause in claim_causes(spec, "spec", context)]


def gpu(name: str = "g", **fields: str) -> dict[str, str]:
    return {"name": name, **fields}


def asked(**fields: str) -> dict[str, str]:
    return gpu(claimName="a", requestName="r", **fields)


def test_devices_come_by_a_claim_or_by_a_plugin() -> None:
    assert found(claims=[CLAIM], gpus=[asked()]) == []
    assert found(gpus=[gpu(deviceName="x/y")]) == []
    assert found(gpus=[gpu()]) == [("FieldValueRequired", GPUS)]
    assert found(gpus=[asked(deviceName="x/y")]) == [("FieldValueInvalid", GPUS)]


def test_gpus_are_of_one_sort_and_host_devices_of_any() -> None:
    mixed = [asked(), gpu(deviceName="x/y")]
    assert found(claims=[CLAIM], gpus=mixed) == [("FieldValueInvalid", GPUS)]
    assert found(claims=[CLAIM], host=mixed) == []


def test_a_gate_may_be_off() -> None:
    assert found(claims=[CLAIM], gpus=[asked()], off=["GPUsWithDRA"]) == [
        ("FieldValueInvalid", GPUS)
    ]


def test_claim_and_request_are_named_and_the_claim_is_listed() -> None:
    assert found(claims=[CLAIM], gpus=[gpu(claimName="a")]) == [
        ("FieldValueRequired", f"{GPUS}[0].requestName")
    ]
    assert found(gpus=[asked()]) == [("FieldValueInvalid", "spec.resourceClaims")]


def test_nobody_asks_twice_for_the_same() -> None:
    assert found(claims=[CLAIM], gpus=[asked(), asked()]) == [("FieldValueDuplicate", f"{GPUS}[1]")]
    assert found(claims=[CLAIM], gpus=[asked()], host=[asked()]) == [
        ("FieldValueDuplicate", f"{HOST_DEVICES}[0]")
    ]


def test_listed_claims() -> None:
    where = "spec.resourceClaims[0]"
    assert found(claims=[{"resourceClaimName": "b"}]) == [("FieldValueRequired", f"{where}.name")]
    assert found(claims=[{"name": "A", "resourceClaimName": "b"}]) == [
        ("FieldValueInvalid", f"{where}.name")
    ]
    assert found(claims=[{"name": "a"}]) == [("FieldValueInvalid", where)]
    both = {**CLAIM, "resourceClaimTemplateName": "c"}
    assert found(claims=[both]) == [("FieldValueInvalid", where)]
    assert found(claims=[{"name": "a", "resourceClaimName": "B_"}]) == [
        ("FieldValueInvalid", f"{where}.resourceClaimName")
    ]
    assert found(claims=[CLAIM, CLAIM]) == [("FieldValueDuplicate", "spec.resourceClaims[1].name")]
