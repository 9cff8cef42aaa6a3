import pytest

from tests.fakes.service import USER, make_service
from virtctl.errors import ApiError
from virtctl.local.api.verbs.volumes import Volumes
from virtctl.models.kinds import KUBEVIRT, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE

ADD = {
    "name": "more",
    "disk": {"disk": {"bus": "scsi"}},
    "volumeSource": {"persistentVolumeClaim": {"claimName": "p1"}},
}


@pytest.fixture
def service():
    made = make_service()
    gates = {"configuration": {"developerConfiguration": {"featureGates": ["HotplugVolumes"]}}}
    made.create(KUBEVIRT, "default", {"metadata": {"name": "kv"}, "spec": gates})
    inner = {
        "volumes": [{"name": "root", "persistentVolumeClaim": {"claimName": "p0"}}],
        "domain": {"devices": {"disks": [{"name": "root"}, {"name": "odd", "cdrom": {}}]}},
    }
    spec = {"runStrategy": "Halted", "template": {"spec": inner}}
    made.create(VIRTUAL_MACHINE, "default", {"metadata": {"name": "web"}, "spec": spec})
    return made


def run(service, phase="Running"):
    inner = service.get(VIRTUAL_MACHINE, "default", "web")["spec"]["template"]["spec"]
    document = {"metadata": {"name": "web"}, "spec": inner, "status": {"phase": phase}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", document)


def ask(service, verb, body, name="web") -> str:
    try:
        getattr(Volumes(service), verb)("default", name, body, USER)
    except ApiError as error:
        return f"{error.code} {error.message.rpartition(': ')[2]}"
    return "ok"


def template(service):
    return service.get(VIRTUAL_MACHINE, "default", "web")["spec"]["template"]["spec"]


def test_the_gate() -> None:
    service = make_service()
    off = {"developerConfiguration": {"disabledFeatureGates": ["DeclarativeHotplugVolumes"]}}
    kubevirt = {"metadata": {"name": "kv"}, "spec": {"configuration": off}}
    service.create(KUBEVIRT, "default", kubevirt)
    assert ask(service, "add_to_machine", ADD).startswith("400 Enable Declarative")


def test_a_volume_comes_and_goes(service) -> None:
    before = template(service)
    assert ask(service, "add_to_machine", ADD) == "ok"
    added = template(service)
    claim = {"claimName": "p1", "hotpluggable": True}
    assert added["volumes"][1] == {"name": "more", "persistentVolumeClaim": claim}
    assert added["domain"]["devices"]["disks"][2] == {"name": "more", "disk": {"bus": "scsi"}}
    assert ask(service, "remove_from_machine", {"name": "more"}) == "ok"
    assert template(service) == before


def test_dry_run_changes_nothing(service) -> None:
    before = service.revision
    assert ask(service, "add_to_machine", {**ADD, "dryRun": ["All"]}) == "ok"
    assert service.revision == before


def test_running_instances_get_it_too(service) -> None:
    run(service)
    assert ask(service, "add_to_machine", ADD) == "ok"
    vmi = service.get(VIRTUAL_MACHINE_INSTANCE, "default", "web")
    assert vmi["spec"] == template(service)


def test_instances_alone(service) -> None:
    assert ask(service, "add_to_instance", ADD).startswith("404")
    run(service)
    assert ask(service, "add_to_instance", ADD) == "ok"
    assert len(template(service)["volumes"]) == 1
    assert ask(service, "remove_from_instance", {"name": "more"}) == "ok"
    assert ask(service, "remove_from_instance", {"name": "more"}).startswith("409 Unable to remove")


def test_instances_take_disks_that_can_be_plugged(service) -> None:
    run(service)
    said = ask(service, "add_to_instance", {**ADD, "disk": {"disk": {"bus": "sata"}}})
    assert said.startswith("422 Hotplug configuration for disk [more] requires bus to be")


def test_instances_of_machines_need_the_older_gate() -> None:
    service = make_service()
    owner = {"kind": "VirtualMachine", "name": "web", "uid": "u", "apiVersion": "kubevirt.io/v1"}
    metadata = {"name": "web", "ownerReferences": [owner]}
    document = {"metadata": metadata, "spec": {}, "status": {"phase": "Running"}}
    service.create(VIRTUAL_MACHINE_INSTANCE, "default", document)
    assert ask(service, "add_to_instance", ADD) == "400 VMI default/web is owned by a VM"


def test_volumes_go_by_the_names_of_their_claims(service) -> None:
    assert ask(service, "add_to_machine", ADD) == "ok"
    assert ask(service, "remove_from_machine", {"name": "p1"}) == "ok"
    assert len(template(service)["volumes"]) == 1


def test_instances_that_do_not_run(service) -> None:
    run(service, "Scheduled")
    assert ask(service, "add_to_instance", ADD) == "409 VMI is not running"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "400 AddVolumeOptions requires name to be set"),
        ({"disk": None}, "400 AddVolumeOptions requires disk to not be nil"),
        ({"volumeSource": None}, "400 AddVolumeOptions requires VolumeSource to not be nil"),
        ({"disk": {"name": "x"}}, "422 AddVolume request for [more] requires diskDevice of type"),
        ({"disk": {"disk": {}}}, "422 AddVolume request for disk [more] requires bus to be"),
        ({"disk": {"lun": {"bus": "sata"}}}, "422 AddVolume request for LUN [more] requires"),
        ({"disk": {"cdrom": {"bus": "scsi"}}}, "422 AddVolume request for [more] requires"),
        (
            {"disk": {"disk": {"bus": "scsi"}, "dedicatedIOThread": True}},
            "422 AddVolume request for [more] requires virtio bus for IOThreads.",
        ),
        (
            {"disk": {"disk": {"bus": "scsi"}, "bootOrder": 0}},
            "422 spec.domain.devices.disks[1] must have a boot order > 0, if supplied",
        ),
        ({"name": "root"}, "409 Unable to add volume [root] because volume with that name already"),
        ({"name": "odd"}, "409 Unable to add disk [odd] because disk with that name already"),
        (
            {"volumeSource": {"persistentVolumeClaim": {"claimName": "p0"}}},
            "409 Unable to add volume source [p0] because it already exists",
        ),
        (
            {"volumeSource": {"dataVolume": {"name": "p0"}}},
            "409 Unable to add volume source [p0] because it already exists",
        ),
    ],
)
def test_what_cannot_be_added(service, change, said) -> None:
    assert ask(service, "add_to_machine", {**ADD, **change}).startswith(said)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "400 RemoveVolumeOptions requires name to be set"),
        ("none", "409 Unable to remove volume [none] because it does not exist"),
        ("root", "409 Unable to remove volume [root] because it is not hotpluggable"),
    ],
)
def test_what_cannot_be_removed(service, name, said) -> None:
    assert ask(service, "remove_from_machine", {"name": name}) == said


def test_machines_that_are_not_there(service) -> None:
    assert ask(service, "add_to_machine", ADD, "none").startswith("404")
