import json

from tests.fakes import sighted
from tests.fakes.canned import KUBEVIRT, api_server, vm, vmi
from tests.fakes.env import Ran, virtctl
from tests.virtctl.cli.commands.net.test_explain import NETWORK, server

__all__ = ["server"]


def ask(*words: str, instance: dict[str, object] | None = None) -> Ran:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines/web", vm())
        if instance is not None:
            server.object(f"{KUBEVIRT}/virtualmachineinstances/web", instance)
        pod = {"status": {"podIPs": [{"ip": "10.244.1.2"}, {"ip": "fd10:244::2"}]}}
        server.object("/api/v1/namespaces/default/pods", {"items": [pod]})
        return virtctl("get-ip", "web", *words, server=server.url)


def test_a_table() -> None:
    lines = ask(instance=vmi()).out.splitlines()
    assert lines[0].split() == ["ADDRESS", "USE", "INTERFACE", "MAC", "SOURCE"]
    assert lines[1].split()[:3] == ["10.244.1.2", "reach", "at"]


def test_one_address_for_scripts() -> None:
    assert ask("-1", instance=vmi()).out == "10.244.1.2\n"
    assert ask("-1", "--family=6", instance=vmi()).out == "fd10:244::2\n"
    found = json.loads(ask("-o", "json", instance=vmi()).out)
    assert found[0]["sources"] == ["instance", "pod"]


def test_no_address_says_why() -> None:
    assert "it does not run" in ask().err
    ran = ask("--interface", "other", instance=vmi())
    assert (ran.code, "has no address yet" in ran.err) == (1, True)
    with api_server() as server:
        assert "no such machine" in virtctl("get-ip", "web", server=server.url).err


def test_waiting() -> None:
    assert ask("--wait", "-1", instance=vmi()).out == "10.244.1.2\n"


def test_waiting_in_vain_tells_what_became_of_the_lease(server) -> None:
    made = sighted.vmi()
    for each in made["status"]["interfaces"]:
        del each["ipAddresses"]
    server.object(f"{KUBEVIRT}/virtualmachineinstances/web", made)
    lease = {"bridge": "k6t-eth0", "address": "10.0.2.2", "offers": 3, "acknowledged": 0}
    server.object(NETWORK, {**sighted.sights(), "leases": [lease]})
    ran = virtctl("get-ip", "web", "--wait", "--timeout=3s", server=server.url)
    assert ran.code != 0
    assert "did not come within 3 s" in ran.err
    assert "DHCP on default: 10.0.2.2 was offered 3 times, and the guest never took it" in ran.err
