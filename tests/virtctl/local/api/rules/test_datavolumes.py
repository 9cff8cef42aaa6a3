"""Rules of DataVolumes."""

from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules.datavolumes import data_volume_causes


def volume(**spec):
    return {"metadata": {"name": "d", "namespace": "shop"}, "spec": {"source": {}, **spec}}


def told(new, old):
    return [one.message for one in data_volume_causes(new, AdmissionContext(old=old))]


def test_a_spec_stays_as_it_is():
    assert told(volume(), None) == []
    assert told(volume(), volume()) == []
    assert told(volume(storage={}), volume()) == ["Cannot update spec for DataVolume shop/d"]


def test_what_is_not_the_spec_may_change():
    assert told({**volume(), "metadata": {"name": "d", "labels": {"a": "b"}}}, volume()) == []


def test_an_import_goes_on_by_checkpoints():
    further = volume(checkpoints=[{"current": "c1", "previous": ""}], finalCheckpoint=True)
    assert told(further, volume()) == []
