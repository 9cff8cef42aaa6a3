"""Data sources and their neighbours."""

import pytest

from tests.fakes import crds
from virtctl.models import kinds
from virtctl.models.base import read
from virtctl.models.cdi import CDIConfig, DataSource


def test_reads_a_source():
    source = {"pvc": {"name": "p1", "namespace": "n1"}}
    found = read(DataSource, {"spec": {"source": source}})
    assert found.spec.source.pvc.name == "p1"


def test_settings_are_kept_as_they_are():
    overhead = {"filesystemOverhead": {"global": "0.06"}}
    assert read(CDIConfig, {"status": overhead}).status == overhead


@pytest.mark.parametrize(
    "kind",
    [
        kinds.CDI,
        kinds.CDI_CONFIG,
        kinds.DATA_IMPORT_CRON,
        kinds.DATA_SOURCE,
        kinds.STORAGE_PROFILE,
        kinds.VOLUME_CLONE_SOURCE,
        kinds.VOLUME_IMPORT_SOURCE,
        kinds.VOLUME_UPLOAD_SOURCE,
    ],
    ids=lambda kind: kind.name,
)
def test_fields_are_those_of_the_real_definition(kind):
    assert crds.typed_differences(kind) == []
