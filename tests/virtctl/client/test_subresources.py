import pytest

from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import SessionAt
from virtctl.client import subresources
from virtctl.client.subresources import Owner
from virtctl.errors import UsageError


def test_verbs(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/start", None)
        server.on("GET", f"{SUBRESOURCES}/virtualmachineinstances/web/userlist", {"items": []})
        server.object(f"{subresources.ROOT}/version", {"gitVersion": "v1"})
        rest = session_at(server.url).rest
        subresources.put(rest, Owner.VM, "default", "web", "start", {})
        subresources.put(rest, Owner.VM, "default", "web", "start")
        assert subresources.get(rest, Owner.VMI, "default", "web", "userlist") == {"items": []}
        assert subresources.server_version(rest) == {"gitVersion": "v1"}
        assert [one.body for one in server.asked[:2]] == [{}, None]


def test_names_are_checked_and_escaped(session_at: SessionAt) -> None:
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/virtualmachines/a%20b/start", None)
        rest = session_at(server.url).rest
        subresources.put(rest, Owner.VM, "default", "a b", "start")
        with pytest.raises(UsageError, match=r'invalid resource name "\.\./x"'):
            subresources.put(rest, Owner.VM, "default", "../x", "start")
        assert len(server.asked) == 1


def test_dry_runs() -> None:
    assert subresources.dry_run({"a": 1}, wanted=True) == {"a": 1, "dryRun": ["All"]}
    assert subresources.dry_run({"a": 1}, wanted=False) == {"a": 1}
