import pytest

from tests.fakes.canned import KUBEVIRT, ApiServer, api_server, vm
from tests.fakes.env import SessionAt
from virtctl.cli.dumpclaims import check_modes, make
from virtctl.errors import NotFound, UsageError, VirtctlError
from virtctl.manifests.claim import Wish

CLAIMS = "/api/v1/namespaces/default/persistentvolumeclaims"
CONFIG = "/apis/cdi.kubevirt.io/v1beta1/cdiconfigs/config"


def machine(server: ApiServer, **domain: object) -> None:
    server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
    server.object(f"{KUBEVIRT}/virtualmachineinstances/web", {"spec": {"domain": domain}})
    server.on("POST", CLAIMS, {})


def asked_size(server: ApiServer) -> str:
    ((_, claim),) = server.writes
    assert isinstance(claim, dict)
    return str(claim["spec"]["resources"]["requests"]["storage"])


@pytest.mark.parametrize(
    ("overhead", "storage_class", "size"),
    [
        ({"global": "0.055"}, "", "1186Mi"),
        ({"global": "0.1", "storageClass": {"fast": "0"}}, "fast", "1124Mi"),
        ({"global": "0.1", "storageClass": {"fast": "0"}}, "slow", "1237Mi"),
        ({}, "", "1186Mi"),
    ],
)
def test_room_for_the_memory_and_the_file_system(
    session_at: SessionAt, overhead: object, storage_class: str, size: str
) -> None:
    with api_server() as server:
        machine(server, memory={"guest": "1Gi"})
        server.object(CONFIG, {"status": {"filesystemOverhead": overhead}})
        session = session_at(server.url)
        make(session, "web", "dump", Wish("", storage_class))
        assert asked_size(server) == size
        assert session.env.stdout.getvalue() == "PVC default/dump created\n"  # type: ignore[attr-defined]


def test_without_cdi(session_at: SessionAt) -> None:
    with api_server() as server:
        machine(server, resources={"requests": {"memory": "1Gi"}})
        session = session_at(server.url)
        make(session, "web", "dump", Wish(""))
        assert asked_size(server) == "1186Mi"
        said = session.env.stdout.getvalue()  # type: ignore[attr-defined]
        assert said.startswith("Using default 5.5%% filesystem overhead")


def test_what_stands_in_the_way(session_at: SessionAt) -> None:
    with api_server() as server:
        session = session_at(server.url)
        machine(server)
        with pytest.raises(VirtctlError, match="memory is not known"):
            make(session, "web", "dump", Wish(""))
        server.object(f"{CLAIMS}/dump", {})
        with pytest.raises(VirtctlError, match="PVC default/dump already exists"):
            make(session, "web", "dump", Wish(""))
        held = vm(memoryDumpRequest={"claimName": "old"})
        server.object(f"{KUBEVIRT}/virtualmachines/web", held)
        with pytest.raises(VirtctlError, match="VM web has the dump old already") as caught:
            make(session, "web", "dump", Wish(""))
        assert caught.value.hint == "virtctl memory-dump remove web"
        with pytest.raises(NotFound):
            make(session, "other", "dump", Wish(""))
        assert server.writes == []


def test_a_number_that_is_none(session_at: SessionAt) -> None:
    with api_server() as server:
        machine(server, memory={"guest": "1Gi"})
        server.object(CONFIG, {"status": {"filesystemOverhead": {"global": "much"}}})
        with pytest.raises(VirtctlError, match="overhead `much`, no number"):
            make(session_at(server.url), "web", "dump", Wish(""))


def test_read_only_claims() -> None:
    check_modes("ReadWriteMany")
    with pytest.raises(UsageError, match="read-only"):
        check_modes("ReadOnlyMany")


@pytest.mark.parametrize(
    ("mode", "said"), [("ReadOnlyMany", "read-only"), ("Twice", "must be ReadWriteOnce or")]
)
def test_a_mode_is_looked_at_last(session_at: SessionAt, mode: str, said: str) -> None:
    with api_server() as server:
        machine(server, memory={"guest": "1Gi"})
        with pytest.raises(UsageError, match=said):
            make(session_at(server.url), "web", "dump", Wish("", "", mode))
        asked = [one.path for one in server.asked]
        assert asked[0] == f"{KUBEVIRT}/virtualmachines/web"
        assert asked[-1] == CONFIG
        assert server.writes == []
