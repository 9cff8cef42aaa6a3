from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.defaults.hyperconverged import default_hyperconverged
from virtctl.models.documents import Document


def test_what_is_said_stays() -> None:
    document: Document = {
        "spec": {
            "liveMigrationConfig": {"parallelMigrationsPerCluster": 1},
            "enableCommonBootImageImport": False,
        }
    }
    default_hyperconverged(document, AdmissionContext())
    spec = document["spec"]
    assert spec["liveMigrationConfig"]["parallelMigrationsPerCluster"] == 1
    assert spec["liveMigrationConfig"]["progressTimeout"] == 150
    assert spec["enableCommonBootImageImport"] is False


def test_two_objects_share_nothing() -> None:
    first: Document = {}
    second: Document = {}
    for document in (first, second):
        default_hyperconverged(document, AdmissionContext())
    assert first == second
    first["spec"]["certConfig"]["ca"]["duration"] = "1h"
    assert second["spec"]["certConfig"]["ca"]["duration"] == "48h0m0s"
