from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import virtctl


def test_json() -> None:
    with api_server() as server:
        path = f"{SUBRESOURCES}/virtualmachineinstances/web/filesystemlist"
        server.object(path, {"kind": "K", "apiVersion": "v1", "items": []})
        ran = virtctl("fslist", "web", server=server.url)
    assert ran.out == '{\n  "items": []\n}\n'
