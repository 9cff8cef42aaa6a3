import pytest

from virtctl.local.runtime.migratability import live_migratable, method


def vmi(volumes=(), interfaces=(), networks=(), devices=None, status=None, **spec):
    inside = {"interfaces": [*interfaces], **(devices or {})}
    return {
        "metadata": {"annotations": {}},
        "spec": {
            "domain": {"devices": inside},
            "volumes": [*volumes],
            "networks": [*networks],
            **spec,
        },
        "status": status or {},
    }


POD = {"name": "default", "pod": {}}
ROOT = {"name": "root", "containerDisk": {"image": "i"}}
DATA = {"name": "data", "persistentVolumeClaim": {"claimName": "c"}}


def claimed(*modes, **more):
    info = {"accessModes": [*modes], **more}
    return {"volumeStatus": [{"name": "data", "persistentVolumeClaimInfo": info}]}


@pytest.mark.parametrize(
    "given",
    [
        vmi([ROOT]),
        vmi([ROOT], [{"name": "default", "masquerade": {}}], [POD]),
        vmi([DATA], status=claimed("ReadWriteMany")),
        vmi([ROOT], [{"name": "lan", "bridge": {}}], [{"name": "lan", "multus": {}}]),
    ],
)
def test_what_can_be_moved(given):
    assert live_migratable(given) == {"type": "LiveMigratable", "status": "True"}


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (vmi([DATA], status=claimed("ReadWriteOnce")), "DisksNotLiveMigratable"),
        (vmi([{"name": "h", "hostDisk": {"path": "/x"}}]), "DisksNotLiveMigratable"),
        (vmi((), [{"name": "default", "bridge": {}}], [POD]), "InterfaceNotLiveMigratable"),
        (vmi(devices={"filesystems": [{"name": "f"}]}), "VirtIOFSNotLiveMigratable"),
        (vmi(devices={"hostDevices": [{"name": "h"}]}), "HostDeviceNotLiveMigratable"),
        (
            vmi([DATA], status=claimed("ReadWriteMany", volumeMode="Block")),
            "MigrationNotServed",
        ),
        (vmi((), [{"name": "default", "passtBinding": {}}], [POD]), "MigrationNotServed"),
        (vmi(devices={"tpm": {}}), "MigrationNotServed"),
        (vmi(status={"changedBlockTracking": {"state": "Enabled"}}), "MigrationNotServed"),
        (
            vmi(status={"volumeStatus": [{"name": "d", "hotplugVolume": {}}]}),
            "MigrationNotServed",
        ),
    ],
)
def test_what_cannot(given, reason):
    found = live_migratable(given)
    assert (found["status"], found["reason"]) == ("False", reason)
    assert found["message"]


def test_a_bridge_that_may_change_its_address_can_be_moved():
    given = vmi((), [{"name": "default", "bridge": {}}], [POD])
    mark = "kubevirt.io/allow-pod-bridge-network-live-migration"
    given["metadata"]["annotations"][mark] = ""
    assert live_migratable(given)["status"] == "True"


def test_the_method_tells_whether_all_nodes_share_the_disks():
    assert method(vmi([ROOT, DATA])) == "BlockMigration"
    assert method(vmi([DATA])) == "LiveMigration"
