from tests.fakes.canned import KUBEVIRT, api_server
from tests.fakes.env import virtctl

PATH = f"{KUBEVIRT}/virtualmachineinstancemigrations"


def migration(name: str, phase: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "status": {"phase": phase}}


def test_the_one_under_way_is_deleted() -> None:
    with api_server() as server:
        server.object(PATH, {"items": [migration("m1", "Failed"), migration("m2", "Running")]})
        server.on("DELETE", f"{PATH}/m2", {})
        ran = virtctl("migrate-cancel", "web", server=server.url)
        assert ran.out == "VM web was scheduled to migrate-cancel\n"
        assert server.asked[0].query == {"labelSelector": "kubevirt.io/vmi-name==web"}


def test_none_is_an_error() -> None:
    with api_server() as server:
        server.object(PATH, {"items": [migration("m1", "Succeeded")]})
        ran = virtctl("migrate-cancel", "web", server=server.url)
    assert ran.code == 1
    assert "found no migration to cancel for web" in ran.err
