"""Volumes of pods."""

from virtctl.models.base import read
from virtctl.models.podvolumes import PodVolume


def test_reads_common_sources():
    assert (
        read(PodVolume, {"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}).empty_dir.size_limit
        == "1Gi"
    )
    assert read(PodVolume, {"name": "v", "hostPath": {"path": "/x"}}).host_path.path == "/x"
    items = {"name": "c", "items": [{"key": "a", "path": "b"}]}
    assert read(PodVolume, {"name": "v", "configMap": items}).config_map.items[0].path == "b"


def test_rare_sources_stay_open():
    assert read(PodVolume, {"name": "v", "rbd": {"image": "i"}}).rbd == {"image": "i"}
