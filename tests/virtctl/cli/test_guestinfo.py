from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import SessionAt
from virtctl.cli.guestinfo import show


def test_type_is_left_out_and_defaults_put_in(session_at: SessionAt) -> None:
    with api_server() as server:
        path = f"{SUBRESOURCES}/virtualmachineinstances/web/userlist"
        server.object(path, {"kind": "K", "apiVersion": "v1", "a": 1})
        outcome = show(session_at(server.url), "web", "userlist", "yaml", {"a": 0, "b": {}})
    assert outcome.text == "a: 1\nb: {}\n"
