import pytest

from launcher.errors import SpecError
from launcher.ops.files import MakeDirectory, WriteFile
from launcher.spec import SharedDirectory
from launcher.storage import sharing
from tests.fakes.specs import machine

ROOM = "/var/run/kubevirt-private/virtiofs"
SOCKETS = MakeDirectory(path="/var/run/kubevirt/virtiofs-containers")


def plan(*shared: SharedDirectory) -> tuple[object, ...]:
    return tuple(sharing.sharing_plan(machine(shared_directories=shared)))


def test_nothing_to_share() -> None:
    assert plan() == ()


def test_files_are_written_and_directories_are_bound() -> None:
    files = SharedDirectory(name="conf", files={"a": b"x"})
    assert plan(SharedDirectory(name="data", path="/c"), files) == (
        SOCKETS,
        MakeDirectory(path=f"{ROOM}/conf"),
        WriteFile(path=f"{ROOM}/conf/a", content=b"x", mode=0o644),
    )


@pytest.mark.parametrize(
    "path", ["/", "/etc", "/var/run", "/var/run/kubevirt/../../etc", "/var/run/kubevirt-privat"]
)
def test_the_hosts_files_stay_out_of_reach(path: str) -> None:
    with pytest.raises(SpecError, match="is the host's"):
        plan(SharedDirectory(name="a", path=path, of_pod=True))


def test_a_volume_that_is_no_directory_is_refused() -> None:
    with pytest.raises(SpecError, match="no directory"):
        plan(SharedDirectory(name="a"))


def test_the_pods_own_directories_may_be_shared() -> None:
    path = "/var/run/kubevirt-private/downwardapi/labels"
    shared = SharedDirectory(name="a", path=path, of_pod=True)
    assert plan(shared) == (SOCKETS,)
    assert str(sharing.directory_of(shared)) == path
