import pytest

from tests.fakes.service import make_service
from virtctl.errors import NotFound
from virtctl.local.api.verbs.unserved import refusal
from virtctl.models.kinds import KUBEVIRT, VIRTUAL_MACHINE_INSTANCE


def test_refusals() -> None:
    service = make_service()

    def code(verb):
        return refusal(service, "default", "web", verb).code

    off = {"developerConfiguration": {"disabledFeatureGates": ["WorkloadEncryptionSEV"]}}
    kubevirt = {"metadata": {"name": "kv"}, "spec": {"configuration": off}}
    service.create(KUBEVIRT, "default", kubevirt)
    assert code("sev/setupsession") == 400
    service.delete(KUBEVIRT, "default", "kv")
    assert code("sev/setupsession") == 400  # without a session
    with pytest.raises(NotFound):
        code("sev/injectlaunchsecret")
    vmi = {"metadata": {"name": "web"}, "spec": {}, "status": {"phase": "Scheduled"}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    assert [code(verb) for verb in ("backup", "redefine-checkpoint", "sev/injectlaunchsecret")] == [
        409, 409, 409,
    ]  # fmt: skip


def test_sessions_are_for_instances_that_are_to_be_attested() -> None:
    service = make_service()
    options = {"session": "a", "dhCert": "b"}

    def message() -> str:
        verb = "sev/setupsession"
        return refusal(service, "default", "web", verb, options).message

    vmi = {"metadata": {"name": "web"}, "spec": {}, "status": {"phase": "Scheduled"}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    assert "Attestation not requested" in message()
    attested = {"domain": {"launchSecurity": {"sev": {"attestation": {}}}}}
    service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", {**vmi, "spec": attested})
    assert "does not serve" in message()
    attested["domain"]["launchSecurity"]["sev"]["session"] = "c"
    service.delete(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", {**vmi, "spec": attested})
    assert "Session already defined" in message()


def test_only_paused_instances_are_measured() -> None:
    service = make_service()
    spec = {"domain": {"launchSecurity": {"sev": {"attestation": {}}}}}
    vmi = {"metadata": {"name": "web"}, "spec": spec, "status": {"phase": "Running"}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", vmi)
    for verb in ("sev/querylaunchmeasurement", "sev/injectlaunchsecret"):
        found = refusal(service, "default", "web", verb)
        assert (found.code, found.message.rpartition(": ")[2]) == (409, "VMI is not paused")
