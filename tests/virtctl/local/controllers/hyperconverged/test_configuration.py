import json

import pytest

from virtctl.local.controllers.hyperconverged.configuration import (
    TUNING,
    Surroundings,
    aware_quotas,
    configured,
)
from virtctl.models.documents import Document, JsonValue, find

ALONE = Surroundings()


def made(spec: Document, *path: str, around: Surroundings = ALONE, **notes: str) -> JsonValue:
    hco: Document = {"metadata": {"annotations": {**notes}}, "spec": spec}
    return find(configured({}, hco, around), *path)


def setting(spec: Document, *path: str) -> JsonValue:
    return made(spec, "configuration", *path)


@pytest.mark.parametrize(
    ("spec", "path", "value"),
    [
        ({"defaultCPUModel": "Haswell"}, "cpuModel", "Haswell"),
        ({"defaultRuntimeClass": "kata"}, "defaultRuntimeClass", "kata"),
        ({"vmStateStorageClass": "local"}, "vmStateStorageClass", "local"),
        ({"obsoleteCPUs": {"minCPUModel": "Penryn"}}, "minCPUModel", "Penryn"),
        ({"evictionStrategy": "External"}, "evictionStrategy", "External"),
        ({}, "evictionStrategy", "None"),
        ({"instancetypeConfig": {"referencePolicy": "expand"}}, "instancetype",
         {"referencePolicy": "expand"}),
        ({"virtualMachineOptions": {"disableFreePageReporting": True,
                                    "disableSerialConsoleLog": False}},
         "virtualMachineOptions", {"disableFreePageReporting": {}}),
        ({"liveMigrationConfig": {"allowPostCopy": True, "network": "move"}}, "migrations",
         {"allowPostCopy": True, "network": "move"}),
        ({"tlsSecurityProfile": {"type": "Modern", "modern": {}}}, "tlsConfiguration",
         {"minTLSVersion": "VersionTLS13"}),
        ({"tlsSecurityProfile": {"type": "Custom", "custom": {"minTLSVersion": "VersionTLS12",
                                                              "ciphers": ["A"]}}},
         "tlsConfiguration", {"minTLSVersion": "VersionTLS12", "ciphers": ["A"]}),
        ({"mediatedDevicesConfiguration": {
            "mediatedDevicesTypes": ["nvidia-222"],
            "nodeMediatedDeviceTypes": [{"nodeSelector": {"a": "b"},
                                         "mediatedDeviceTypes": ["x"]}]}},
         "mediatedDevicesConfiguration",
         {"mediatedDeviceTypes": ["nvidia-222"],
          "nodeMediatedDeviceTypes": [{"nodeSelector": {"a": "b"},
                                       "mediatedDeviceTypes": ["x"]}]}),
    ],
)  # fmt: skip
def test_settings(spec: Document, path: str, value: JsonValue) -> None:
    assert setting(spec, path) == value


def test_machines_are_moved_where_there_are_several_nodes() -> None:
    path = ("configuration", "evictionStrategy")
    assert made({}, *path, around=Surroundings(has_nodes=True)) == "LiveMigrate"


def test_what_belongs_to_the_developer() -> None:
    spec: Document = {
        "resourceRequirements": {"vmiCPUAllocationRatio": 5},
        "higherWorkloadDensity": {"memoryOvercommitPercentage": 150},
        "logVerbosityConfig": {"kubevirt": {"virtAPI": 4}},
    }
    developer = setting(spec, "developerConfiguration")
    assert (developer["cpuAllocationRatio"], developer["memoryOvercommit"]) == (5, 150)
    assert developer["logVerbosity"] == {"virtAPI": 4}


def test_gates() -> None:
    def gates(asked: Document, around: Surroundings = ALONE) -> set[str]:
        path = ("configuration", "developerConfiguration", "featureGates")
        return set(made({"featureGates": asked}, *path, around=around))

    plain = gates({})
    assert {"CPUManager", "Snapshot", "HotplugVolumes", "HypervStrictCheck"} <= plain
    assert "HypervStrictCheck" not in gates({}, Surroundings(is_emulated=True))
    asked = gates({"downwardMetrics": True, "declarativeHotplugVolumes": True, "alignCPUs": False})
    assert asked - plain == {"DownwardMetrics", "DeclarativeHotplugVolumes"}
    assert plain - asked == {"HotplugVolumes"}


def test_permitted_devices_are_renamed_and_disabled_ones_left_out() -> None:
    given: Document = {
        "permittedHostDevices": {
            "pciHostDevices": [
                {"pciDeviceSelector": "10DE:1DB6", "resourceName": "a/b"},
                {"pciDeviceSelector": "10DE:1EB8", "resourceName": "a/c", "disabled": True},
            ],
            "usbHostDevices": [
                {"resourceName": "a/usb", "selectors": [{"vendor": "1", "product": "2"}]}
            ],
            "mediatedDevices": [
                {"mdevNameSelector": "GRID", "resourceName": "a/m", "disabled": True}
            ],
        }
    }
    assert setting(given, "permittedHostDevices") == {
        "pciHostDevices": [{"pciVendorSelector": "10DE:1DB6", "resourceName": "a/b"}],
        "usb": [{"resourceName": "a/usb", "selectors": [{"vendor": "1", "product": "2"}]}],
    }


def test_obsolete_models_are_added_to_those_that_always_are() -> None:
    found = setting({"obsoleteCPUs": {"cpuModels": ["Mine"]}}, "obsoleteCPUModels")
    assert found["Mine"] is found["Conroe"] is True


def test_rates() -> None:
    path = ("configuration", "apiConfiguration", "restClient", "rateLimiter")
    fast = {"tokenBucketRateLimiter": {"qps": 200, "burst": 400}}
    assert made({"tuningPolicy": "highBurst"}, *path) == fast
    said = json.dumps({"qps": 100, "burst": 200})
    slow = {"tokenBucketRateLimiter": {"qps": 100, "burst": 200}}
    assert made({"tuningPolicy": "annotation"}, *path, **{TUNING: said}) == slow
    for bad in ("", "[", "{}"):
        assert made({"tuningPolicy": "annotation"}, *path, **{TUNING: bad}) is None


def test_the_rest_of_kubevirt_is_left_alone() -> None:
    before: Document = {
        "imagePullPolicy": "IfNotPresent",
        "infra": {"replicas": 1, "nodePlacement": {"nodeSelector": {"a": "b"}}},
        "configuration": {
            "cpuModel": "old",
            "network": {"defaultNetworkInterface": "bridge"},
            "developerConfiguration": {"useEmulation": True, "featureGates": ["Mine"]},
        },
    }
    after = configured(before, {"spec": {"certConfig": {"ca": {"duration": "1h"}}}}, ALONE)
    assert after["imagePullPolicy"] == "IfNotPresent"
    assert after["infra"] == {"replicas": 1}
    assert after["certificateRotateStrategy"] == {"selfSigned": {"ca": {"duration": "1h"}}}
    configuration = after["configuration"]
    assert "cpuModel" not in configuration
    assert configuration["network"] == {"defaultNetworkInterface": "bridge"}
    assert configuration["developerConfiguration"]["useEmulation"] is True
    assert "Mine" not in configuration["developerConfiguration"]["featureGates"]
    assert before["configuration"]["cpuModel"] == "old"


def test_placement() -> None:
    place: Document = {"nodePlacement": {"nodeSelector": {"a": "b"}}}
    assert made({"infra": place}, "infra") == place


def test_application_aware_quotas() -> None:
    assert aware_quotas({"spec": {"enableApplicationAwareQuota": False}}) is None
    config: Document = {
        "vmiCalcConfigName": "VirtualResources",
        "namespaceSelector": {"matchLabels": {"team": "a"}},
        "allowApplicationAwareClusterResourceQuota": True,
    }
    found = aware_quotas(
        {"spec": {"enableApplicationAwareQuota": True, "applicationAwareConfig": config}}
    )
    assert found is not None
    assert found["spec"]["namespaceSelector"] == {"matchLabels": {"team": "a"}}
    assert found["spec"]["configuration"] == {
        "allowApplicationAwareClusterResourceQuota": True,
        "vmiCalculatorConfiguration": {"configName": "VirtualResources"},
    }
