"""DataVolumes."""

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.datavolume import DataVolume, DataVolumeTemplate


def test_reads_source_and_claim():
    template = read(
        DataVolumeTemplate,
        {
            "metadata": {"name": "dv1"},
            "spec": {"source": {"blank": {}}, "pvc": {"accessModes": ["ReadWriteOnce"]}},
        },
    )
    assert template.spec.source.blank is not None
    assert template.spec.pvc.access_modes == ("ReadWriteOnce",)


def test_fields_are_those_of_the_real_definition():
    schema = crds.real(crds.MACHINE, "spec", "dataVolumeTemplates")
    assert crds.differences(DataVolumeTemplate, {**schema, "nullable": False}) == []


def test_reads_progress():
    status = {"phase": "ImportInProgress", "progress": "42.00%", "restartCount": 1}
    found = read(DataVolume, {"spec": {"source": {"blank": {}}}, "status": status})
    assert (found.status.progress, found.status.restart_count) == ("42.00%", 1)


def test_a_data_volume_has_the_real_fields():
    assert crds.typed_differences(kinds.DATA_VOLUME) == []
