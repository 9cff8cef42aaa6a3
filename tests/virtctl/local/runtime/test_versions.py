from virtctl.local.runtime.versions import OBSERVED, note_version
from virtctl.models.kinds import VIRTUAL_MACHINE


def test_the_version_is_noted_once():
    vm = {"metadata": {"name": "vm1", "annotations": {"mine": "1"}}}
    (change,) = note_version(VIRTUAL_MACHINE, vm)
    assert change.body == {"metadata": {"annotations": dict.fromkeys(OBSERVED, "v1")}}
    vm["metadata"]["annotations"].update(dict.fromkeys(OBSERVED, "v1"))
    assert note_version(VIRTUAL_MACHINE, vm) == ()
