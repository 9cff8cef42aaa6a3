from virtctl.local.api.shapes import shape_of
from virtctl.models.base import read
from virtctl.models.hyperconverged import HyperConverged


def test_names_are_spelled_as_hco_spells_them() -> None:
    spec = shape_of(HyperConverged).fields["spec"].fields
    assert {
        "defaultCPUModel", "obsoleteCPUs", "CommonInstancetypesDeployment", "tlsSecurityProfile",
        "kubeSecondaryDNSNameServerIP", "vmStateStorageClass",
    } <= spec.keys()  # fmt: skip
    assert {"deployKubeSecondaryDNS", "disableMDevConfiguration", "withHostPassthroughCPU",
            "deployVmConsoleProxy", "alignCPUs"} <= spec["featureGates"].fields.keys()  # fmt: skip
    assert "completionTimeoutPerGiB" in spec["liveMigrationConfig"].fields
    assert "vmiCPUAllocationRatio" in spec["resourceRequirements"].fields
    assert "global" in spec["filesystemOverhead"].fields


def test_one_is_read() -> None:
    made = read(HyperConverged, {"spec": {"liveMigrationConfig": {"progressTimeout": 3}}})
    assert made.spec is not None
    assert made.spec.live_migration_config is not None
    assert made.spec.live_migration_config.progress_timeout == 3
