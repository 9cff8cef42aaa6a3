import pytest

from tests.fakes.canned import SUBRESOURCES, api_server, refused
from tests.fakes.env import SessionAt
from virtctl.cli.hotplug import submit
from virtctl.errors import Invalid

BUSY = "the server rejected our request due to an error in our request"
PLACE = f"{SUBRESOURCES}/virtualmachines/web/addvolume"


def test_a_machine_that_changed_meanwhile_is_asked_again(session_at: SessionAt) -> None:
    with api_server() as server:
        busy = refused(422, "Invalid", BUSY)
        server.on("PUT", PLACE, busy, busy, None)
        submit(session_at(server.url), "web", "addvolume", {})
        assert len(server.writes) == 3


def test_but_not_for_ever(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("PUT", PLACE, refused(422, "Invalid", BUSY))
        with pytest.raises(Invalid):
            submit(session_at(server.url), "web", "addvolume", {})
        assert len(server.writes) == 15


def test_a_reason_is_an_answer(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("PUT", PLACE, refused(422, "Invalid", "no such bus"))
        with pytest.raises(Invalid, match="no such bus"):
            submit(session_at(server.url), "web", "addvolume", {})
        assert len(server.writes) == 1
