import pytest

from tests.fakes.canned import SUBRESOURCES, api_server, refused
from tests.fakes.env import virtctl

REMOVE = f"{SUBRESOURCES}/virtualmachines/web/removevolume"


@pytest.mark.parametrize(
    ("words", "body"),
    [([], {"name": "data"}), (["--persist", "--dry-run"], {"name": "data", "dryRun": ["All"]})],
)
def test_of_a_machine(words: list[str], body: object) -> None:
    with api_server() as server:
        server.on("PUT", REMOVE, None)
        ran = virtctl("removevolume", "web", "--volume-name=data", *words, server=server.url)
        assert server.writes == [(f"PUT {REMOVE}", body)]
    said = "Successfully submitted remove volume request to VM web for volume data\n"
    assert (ran.code, ran.out) == (0, said)


def test_a_refusal_says_what_was_wanted() -> None:
    with api_server() as server:
        server.on("PUT", REMOVE, refused(409, "Conflict", "data is not hotpluggable"))
        ran = virtctl("removevolume", "web", "--volume-name=data", server=server.url)
    said = "error: cannot remove volume data from VM web: data is not hotpluggable\n"
    assert (ran.code, ran.err) == (1, said)


def test_the_volume_must_be_named() -> None:
    assert virtctl("removevolume", "web", server="http://x").code == 2
