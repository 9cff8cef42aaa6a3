from tests.fakes.canned import SUBRESOURCES, api_server
from tests.fakes.env import virtctl


def test_an_instance() -> None:
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/virtualmachineinstances/web/unpause", None)
        ran = virtctl("unpause", "vmi", "web", "--dry-run", server=server.url)
        assert ran.out == "VMI web was scheduled to unpause\n"
        assert ran.err == "Dry Run execution\n"
        assert server.writes[0][1] == {"dryRun": ["All"]}
