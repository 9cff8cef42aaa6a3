"""Defaults that models name."""

from virtctl.local.api.defaults.schemas import fill
from virtctl.local.api.schema import shape_of_kind
from virtctl.models import kinds


def test_what_is_missing_is_filled_in():
    document = {"spec": {"virtualMachineSnapshotName": "s"}}
    fill(shape_of_kind(kinds.RESTORE), document)
    assert document["spec"]["targetReadinessPolicy"] == "WaitGracePeriod"


def test_what_is_given_stays():
    document = {"spec": {"targetReadinessPolicy": "StopTarget"}}
    fill(shape_of_kind(kinds.RESTORE), document)
    assert document == {"spec": {"targetReadinessPolicy": "StopTarget"}}


def test_lists_are_looked_into_and_nothing_is_made_to_hold_defaults():
    volume = {"name": "a", "containerPath": {"path": "/x"}}
    document = {"spec": {"volumes": [volume]}}
    fill(shape_of_kind(kinds.VIRTUAL_MACHINE_INSTANCE), document)
    assert volume["containerPath"] == {"path": "/x", "readOnly": True}
    assert "status" not in document
