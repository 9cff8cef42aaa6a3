from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import virtctl

PATH = f"{SUBRESOURCES}/virtualmachineinstances/web/guestosinfo"


def test_keys_that_scripts_rely_on_are_there() -> None:
    with api_server() as server:
        server.object(PATH, {"kind": "X", "hostname": "web"})
        ran = virtctl("guestosinfo", "web", "-o", "yaml", server=server.url)
    assert ran.out == "fsInfo:\n  disks: null\nhostname: web\nos: {}\n"
