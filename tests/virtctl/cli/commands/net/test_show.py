import json

from tests.fakes import sighted
from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

NAD = "/apis/k8s.cni.cncf.io/v1/namespaces/default/network-attachment-definitions/lan"


def test_show() -> None:
    with api_server() as server:
        server.object("/apis/kubevirt.io/v1/virtualmachines", {"items": []})
        server.object("/apis/kubevirt.io/v1/virtualmachineinstances", {"items": [sighted.vmi()]})
        server.object(NAD, sighted.definition(vlan=33))
        bridge = {"name": "br1", "mtu": 1500, "bridge": {"port": [{"name": "eth1"}]}}
        states = [
            {"metadata": {"name": "n1"}, "status": {"currentState": {"interfaces": [
                bridge, {"name": "eth1"},
            ]}}},
            {"metadata": {"name": "n2"}},
        ]  # fmt: skip
        server.object("/apis/nmstate.io/v1beta1/nodenetworkstates", {"items": states})
        lines = virtctl("net", "show", "lan", server=server.url).out.splitlines()
        assert "vlan:       33" in lines
        assert lines[-2:] == [
            "node n1:    br1 MTU 1500, ports: eth1", "node n2:    br1 is not there",
        ]  # fmt: skip
        data = json.loads(virtctl("net", "show", "lan", "-o", "json", server=server.url).out)
        assert data["attached"] == ["default/web"]
        assert virtctl("net", "show", "x", server=server.url).code == 1
