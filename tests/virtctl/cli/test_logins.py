import pytest

from tests.fakes.canned import KUBEVIRT, api_server, refused, vmi
from tests.fakes.env import SessionAt
from virtctl.cli.logins import KNOWN_HOSTS, Wishes, alias_of, finish, login
from virtctl.cli.targets import parse_login
from virtctl.errors import RemoteExit

PATH = f"{KUBEVIRT}/virtualmachineinstances/web"


WISHES = Wishes("me", "/k", KNOWN_HOSTS, ["-v"], 2222)


@pytest.mark.parametrize(
    ("volume", "alias"),
    [("persistentVolumeClaim", "kubevirt-vm-web"), ("containerDisk", "kubevirt-vmi-web")],
)
def test_a_lost_disk_loses_its_host_key(volume: str, alias: str) -> None:
    assert alias_of({**vmi(), "spec": {"volumes": [{"name": "root", volume: {}}]}}) == alias


def test_no_instance_has_no_alias(session_at: SessionAt) -> None:
    with api_server() as server:
        session = session_at(server.url)
        assert login(session, parse_login("web"), WISHES)[1].alias == ""
        server.on("GET", PATH, refused(403, "Forbidden", "no"))
        assert login(session, parse_login("web"), WISHES)[1].alias == ""


def test_an_instance_without_a_machine(session_at: SessionAt) -> None:
    alone = vmi()
    alone["metadata"] = {"name": "web", "uid": "vmi-web"}
    with api_server() as server:
        server.object(PATH, alone)
        session = session_at(server.url)
        assert str(login(session, parse_login("web"), WISHES)[0]) == "vmi/web"
        assert str(login(session, parse_login("vm/web"), WISHES)[0]) == "vm/web"


def test_who_and_where(session_at: SessionAt) -> None:
    wishes = WISHES._replace(known_hosts="")
    _, found = login(session_at(), parse_login("vmi/web/prod"), wishes)
    assert (found.destination, found.identity, found.options) == ("me@vmi.web.prod", "/k", ("-v",))
    assert found.proxy[-2:] == ["vmi/web/prod", "2222"]
    assert (found.alias, found.known_hosts) == ("", "")


def test_ends(session_at: SessionAt) -> None:
    with api_server() as server:
        session = session_at(server.url)
        machine, where = login(session, parse_login("web"), WISHES)
        assert finish(session, machine, where, 22, 0).code == 0
        with pytest.raises(RemoteExit) as caught:
            finish(session, machine, where, 22, 255)
    assert caught.value.status == 255
    said = session.env.stderr.getvalue()  # type: ignore[attr-defined]
    assert said.startswith("error: vm/web: machine: there is no such machine\n")
