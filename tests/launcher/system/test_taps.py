import json
from collections.abc import Iterator

import pytest

from launcher.errors import HostError
from launcher.system import netlink, process, taps
from tests.fakes.scratch import inside_scratch_netns

pytestmark = pytest.mark.host


@pytest.fixture(autouse=True)
def netns() -> Iterator[str]:
    with inside_scratch_netns() as name:
        yield name


def details(name: str) -> dict[str, object]:
    (told,) = json.loads(process.run(["ip", "-j", "-d", "link", "show", name]).stdout)
    data: dict[str, object] = told["linkinfo"]["info_data"]
    return data


def test_a_tap_stays_and_has_an_owner() -> None:
    taps.create("tap0", owner=4242)
    told = details("tap0")
    assert (told["type"], told["persist"], told["multi_queue"]) == ("tap", True, False)
    assert str(told["user"]) == str(told["group"]) == "4242"
    assert [link.kind for link in netlink.links() if link.name == "tap0"] == ["tap"]


def test_a_tap_of_several_queues() -> None:
    taps.create("tap0", queues=2)
    assert details("tap0")["multi_queue"] is True


def test_a_name_is_given_once() -> None:
    taps.create("tap0", queues=2)
    with pytest.raises(HostError, match="cannot make the tap `tap0`: it exists already"):
        taps.create("tap0")
