"""Defaults of a HyperConverged object, as its definition spells them out for whole objects."""

from __future__ import annotations

from copy import deepcopy

from virtctl.local.api.context import AdmissionContext
from virtctl.models.documents import Document, JsonValue, ensure

_DEFAULTS: Document = {
    "certConfig": {
        "ca": {"duration": "48h0m0s", "renewBefore": "24h0m0s"},
        "server": {"duration": "24h0m0s", "renewBefore": "12h0m0s"},
    },
    "deployVmConsoleProxy": False,
    "enableApplicationAwareQuota": False,
    "enableCommonBootImageImport": True,
    "featureGates": {
        "alignCPUs": False,
        "decentralizedLiveMigration": False,
        "declarativeHotplugVolumes": False,
        "deployKubeSecondaryDNS": False,
        "disableMDevConfiguration": False,
        "downwardMetrics": False,
        "enableMultiArchBootImageImport": False,
        "persistentReservation": False,
    },
    "higherWorkloadDensity": {"memoryOvercommitPercentage": 100},
    "liveMigrationConfig": {
        "allowAutoConverge": False,
        "allowPostCopy": False,
        "completionTimeoutPerGiB": 150,
        "parallelMigrationsPerCluster": 5,
        "parallelOutboundMigrationsPerNode": 2,
        "progressTimeout": 150,
    },
    "resourceRequirements": {"vmiCPUAllocationRatio": 10},
    "uninstallStrategy": "BlockUninstallIfWorkloadsExist",
    "virtualMachineOptions": {
        "disableFreePageReporting": False,
        "disableSerialConsoleLog": False,
    },
    "workloadUpdateStrategy": {
        "batchEvictionInterval": "1m0s",
        "batchEvictionSize": 10,
        "workloadUpdateMethods": ["LiveMigrate"],
    },
}


def default_hyperconverged(document: Document, context: AdmissionContext) -> None:
    """Fill in what is not said, in place; an empty object gets all of it."""
    del context
    _fill(ensure(document, "spec"), _DEFAULTS)


def _fill(given: Document, defaults: Document) -> None:
    for key, value in defaults.items():
        known: JsonValue = given.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _fill(known, value)
        elif known is None:
            given[key] = deepcopy(value)
