import pytest

from virtctl.local.controllers.pool.seen import REVISION, Seen
from virtctl.local.controllers.pool.updating import Lack, is_outdated, lack, max_unavailable


def revision(template, volumes=()):
    spec = {"template": template, "dataVolumeTemplates": list(volumes)}
    return {"data": {"virtualMachineTemplate": {"spec": spec}}}


SEEN = Seen(
    pool={"spec": {"virtualMachineTemplate": {"spec": {"template": 1, "dataVolumeTemplates": []}}}},
    revisions={
        "p-1": revision(1),
        "p-2": revision(1),
        "p-3": revision(2),
        "p-4": revision(1, ["root"]),
    },
)


def of(name):
    return {"metadata": {"labels": {REVISION: name} if name else {}}}


@pytest.mark.parametrize(
    ("vm", "vmi", "wanted"),
    [
        ("p-1", "p-1", Lack.NOTHING),
        ("p-2", "p-1", Lack.LABEL),
        ("p-3", "p-1", Lack.RESTART),
        ("p-4", "p-1", Lack.DISKS),
        ("p-1", "gone", Lack.RESTART),
        ("p-1", "", Lack.RESTART),
        ("gone", "p-1", Lack.NOTHING),
        ("", "p-1", Lack.NOTHING),
    ],
)
def test_what_an_instance_lacks(vm, vmi, wanted):
    assert lack(SEEN, of(vm), of(vmi)) is wanted
    assert lack(SEEN, of(vm), None) is Lack.NOTHING


@pytest.mark.parametrize(("name", "wanted"), [("p-1", False), ("p-3", True), ("", True)])
def test_a_machine_of_another_template_is_outdated(name, wanted):
    assert is_outdated(SEEN, of(name)) is wanted


@pytest.mark.parametrize(("given", "wanted"), [(None, 8), (3, 3), ("50%", 4), ("1%", 1), (0, 1)])
def test_at_least_one_may_be_unavailable(given, wanted):
    assert max_unavailable({"spec": {"replicas": 8, "maxUnavailable": given}}) == wanted
