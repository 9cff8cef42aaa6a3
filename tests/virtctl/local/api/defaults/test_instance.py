"""Defaults of a VirtualMachineInstance; the recorded cases in test_admission.py have the rest."""

from tests.fakes.rules import spec
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.instance import (
    EMULATOR_PARITY,
    FINALIZER,
    QUOTE_SERVICE,
    default_instance,
    keep_status,
)


def defaulted(document, **context):
    default_instance(document, AdmissionContext(now="now", **context))
    return document


def instance(**parts):
    return {"kind": "VirtualMachineInstance", "metadata": {"name": "vmi1"}, "spec": spec(**parts)}


def test_the_first_status():
    status = defaulted(instance())["status"]
    assert status["phase"] == "Pending"
    transition = {"phase": "Pending", "phaseTransitionTimestamp": "now"}
    assert status["phaseTransitionTimestamps"] == [transition]
    assert status["memory"]["guestAtBoot"] == "64Mi"
    assert status["currentCPUTopology"] == {"sockets": 1, "cores": 1, "threads": 1}
    assert status["runtimeUser"] == 107


def test_the_finalizer_is_added_once():
    document = instance()
    document["metadata"]["finalizers"] = ["x", FINALIZER]
    assert defaulted(document)["metadata"]["finalizers"] == ["x", FINALIZER]
    assert defaulted(instance())["metadata"]["finalizers"] == [FINALIZER]


def test_probes_are_completed():
    probe = {"tcpSocket": {"port": 22}, "periodSeconds": 3}
    found = defaulted(instance(readinessProbe=probe))["spec"]["readinessProbe"]
    assert (found["periodSeconds"], found["timeoutSeconds"], found["failureThreshold"]) == (3, 1, 3)
    assert defaulted(instance(livenessProbe={}))["spec"]["livenessProbe"]["periodSeconds"] == 10


def test_the_eviction_strategy_is_that_of_the_cluster():
    assert defaulted(instance())["spec"]["evictionStrategy"] == "None"
    found = defaulted(instance(), configuration={"evictionStrategy": "LiveMigrate"})
    assert found["spec"]["evictionStrategy"] == "LiveMigrate"


def test_a_user_cannot_change_the_status():
    document = {"status": {"phase": "Failed"}}
    keep_status(document, {"status": {"phase": "Running"}})
    assert document == {"status": {"phase": "Running"}}
    keep_status(document, {})
    assert document == {}


def test_arm_boots_by_efi_without_secure_boot():
    made = defaulted(instance(architecture="arm64"))["spec"]["domain"]["firmware"]
    assert made["bootloader"] == {"efi": {"secureBoot": False}}
    given = instance(architecture="arm64")
    given["spec"]["domain"]["firmware"] = {"bootloader": {"efi": {"secureBoot": True}}}
    assert defaulted(given)["spec"]["domain"]["firmware"]["bootloader"] == {
        "efi": {"secureBoot": True}
    }


def test_tdx_guests_know_who_signs():
    def notes(configuration):
        document = instance()
        document["spec"]["domain"]["launchSecurity"] = {"tdx": {}}
        return defaulted(document, configuration=configuration)["metadata"]["annotations"]

    attestation = {"qgsSocketPath": "/own"}
    assert notes({})[QUOTE_SERVICE] == "/var/run/tdx-qgs/qgs.socket"
    own = {"confidentialCompute": {"tdx": {"attestation": attestation}}}
    assert notes(own)[QUOTE_SERVICE] == "/own"
    attestation["qgsSocketPath"] = ""
    assert QUOTE_SERVICE not in notes(own)


def test_the_cluster_may_want_an_even_number_of_processors():
    def notes(*, isolated=True, **context):
        document = instance()
        document["spec"]["domain"]["cpu"] = {"isolateEmulatorThread": isolated}
        return defaulted(document, **context)["metadata"]["annotations"]

    aligned = {"developerConfiguration": {"featureGates": ["AlignCPUs"]}}
    wanted = {"configuration": aligned, "cluster_notes": {EMULATOR_PARITY: "yes"}}
    assert notes(**wanted)[EMULATOR_PARITY] == ""
    assert EMULATOR_PARITY not in notes(**wanted, isolated=False)
    assert EMULATOR_PARITY not in notes(cluster_notes={EMULATOR_PARITY: ""})
    assert EMULATOR_PARITY not in notes(configuration=aligned)


def test_launchers_may_be_root_again():
    gates = {"developerConfiguration": {"featureGates": ["Root"]}}
    assert defaulted(instance(), configuration=gates)["status"]["runtimeUser"] == 0
