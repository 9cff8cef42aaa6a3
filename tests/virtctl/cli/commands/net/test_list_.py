import json

from tests.fakes import sighted
from tests.fakes.canned import api_server
from tests.fakes.env import virtctl

NADS = "/apis/k8s.cni.cncf.io/v1"


def test_list() -> None:
    with api_server() as server:
        server.object("/apis/kubevirt.io/v1/virtualmachines", {"items": []})
        server.object("/apis/kubevirt.io/v1/virtualmachineinstances", {"items": [sighted.vmi()]})
        listed = {"items": [sighted.definition()]}
        server.object(f"{NADS}/namespaces/default/network-attachment-definitions", listed)
        server.object(f"{NADS}/network-attachment-definitions", listed)
        ran = virtctl("net", "list", server=server.url)
        assert ran.out.splitlines()[1].split() == ["lan", "bridge", "br1", "-", "-", "-", "web"]
        ran = virtctl("net", "list", "-A", server=server.url)
        assert ran.out.startswith("NAMESPACE")
        data = json.loads(virtctl("net", "list", "-o", "json", server=server.url).out)
        assert data[0]["attached"] == ["default/web"]
        empty = f"{NADS}/namespaces/default/network-attachment-definitions"
        server.object(empty, {"items": []})
        assert "there are no networks in default" in virtctl("net", "list", server=server.url).err
