from pathlib import Path

from tests.fakes.canned import SUBRESOURCES, Answer, api_server
from tests.fakes.env import fake_env, run_in

PATH = f"{SUBRESOURCES}/virtualmachineinstances/web/vnc/screenshot"


def test_a_file(tmp_path: Path) -> None:
    with api_server() as server:
        server.on("GET", PATH, Answer(body=b"PNG"))
        env = fake_env(cwd=str(tmp_path))
        words = ["vnc", "screenshot", "web", "-m", "--file", "shot.png"]
        assert run_in(env, f"--server={server.url}", *words).code == 0
        assert server.asked[0].query == {"moveCursor": "true"}
    assert (tmp_path / "shot.png").read_bytes() == b"PNG"
