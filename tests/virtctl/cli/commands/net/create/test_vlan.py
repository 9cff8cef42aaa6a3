from tests.fakes.canned import api_server
from tests.fakes.env import virtctl
from tests.virtctl.cli.test_netmaking import NADS, POLICIES


def test_made() -> None:
    with api_server() as server:
        server.on("PATCH", f"{POLICIES}/br-made", {})
        server.on("PATCH", f"{NADS}/made", {})
        ran = virtctl(
            "net", "create", "vlan", "made", "--vlan", "33", "--bridge", "br1", server=server.url
        )
        assert (ran.code, ran.out.splitlines()[-1]) == (
            0, "network-attachment-definition made applied",
        )  # fmt: skip
        config = server.writes[-1][1]["spec"]["config"]
        assert '"type": "bridge"' in config


def test_it_must_be_on_something() -> None:
    words = ["net", "create", "vlan", "made", "--vlan", "5"]
    ran = virtctl(*words, server="http://127.0.0.1:1")
    assert (ran.code, "give --nic" in ran.err) == (2, True)
