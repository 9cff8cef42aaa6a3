import pytest

from tests.fakes.canned import SUBRESOURCES, api_server, refused
from tests.fakes.env import virtctl

START = f"{SUBRESOURCES}/virtualmachines/web/start"
VERSION = "/apis/subresources.kubevirt.io/v1/version"
MISSING = refused(404, "NotFound", "the server could not find the requested resource")


@pytest.mark.parametrize(
    ("version", "hint"),
    [
        ("v1.2.3", "hint: the server is KubeVirt v1.2.3, this client speaks v1.9; see `"),
        ("v1.9.4", "hint: the server does not serve this"),
        ("devel", "hint: the server does not serve this"),
        (None, "hint: the server does not serve this"),
    ],
)
def test_another_release_is_named_after_the_error(version: str | None, hint: str) -> None:
    with api_server() as server:
        server.on("PUT", START, MISSING)
        if version:
            server.object(VERSION, {"gitVersion": version})
        ran = virtctl("start", "web", server=server.url)
    first, second = ran.err.splitlines()
    assert first.startswith("error: cannot start VM web: ")
    assert second.startswith(hint)


def test_nothing_is_asked_for_other_errors() -> None:
    with api_server() as server:
        server.on("PUT", START, refused(403, "Forbidden", "no"))
        virtctl("start", "web", server=server.url)
        assert server.calls == [f"PUT {START}"]
