from virtctl.local.api.verbs import refusals
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE


def test_names_are_singular() -> None:
    assert str(refusals.missing(VIRTUAL_MACHINE, "a")) == 'virtualmachine.kubevirt.io "a" not found'
    assert str(refusals.conflict(VIRTUAL_MACHINE_INSTANCE, "a", "no")) == (
        'Operation cannot be fulfilled on virtualmachineinstance.kubevirt.io "a": no'
    )
    assert refusals.forbidden(VIRTUAL_MACHINE, "a", "no").code == 403


def test_not_served_is_501() -> None:
    error = refusals.not_served("virtualmachines/migrate")
    assert (error.code, error.reason) == (501, "NotImplemented")


def test_failures_within_are_causes_too() -> None:
    error = refusals.internal("no such node")
    assert str(error) == "Internal error occurred: no such node"
    assert error.details.causes == (("", "no such node", ""),)
