from tests.fakes.attach import FakeMachines, FakePods, FakeProcess
from virtctl.local.api.verbs.ports import ExecRequest, GuestAction, Machines, Pods, Process


def test_fakes_have_the_shape_of_the_ports() -> None:
    for fake, port in ((FakeMachines, Machines), (FakePods, Pods), (FakeProcess, Process)):
        names = {name for name in vars(port) if not name.startswith("_")}
        assert names <= set(dir(fake))


def test_actions_are_named_as_subresources() -> None:
    assert GuestAction("softreboot") is GuestAction.SOFT_REBOOT


def test_requests_are_values() -> None:
    request = ExecRequest(("ls",), "compute", stdin=False, stdout=True, stderr=True, tty=False)
    assert request == ExecRequest(
        ("ls",), "compute", stdin=False, stdout=True, stderr=True, tty=False
    )
