from pathlib import Path

from tests.fakes.env import fake_env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.instance import layout_of
from virtctl.cli.session import Session
from virtctl.local.layout import DEFAULT_DIRECTORY


def session(cwd: str = "/nowhere", **environ: str) -> Session:
    return Session(fake_env(environ, cwd=cwd), GlobalFlags())


def test_the_flag_wins_over_the_variable_and_the_default() -> None:
    assert layout_of(session(), "").root == DEFAULT_DIRECTORY
    assert layout_of(session(VIRTCTL_DIR="/srv/one"), "").root == Path("/srv/one")
    assert layout_of(session(VIRTCTL_DIR="/srv/one"), "/srv/two").root == Path("/srv/two")


def test_paths_are_the_users() -> None:
    made = session(cwd="/srv/here", HOME="/srv/jane")
    assert layout_of(made, "one").root == Path("/srv/here/one")
    assert layout_of(made, "../one/").root == Path("/srv/one")
    assert layout_of(made, "~/one").root == Path("/srv/jane/one")


def test_one_directory_is_one_instance_by_whatever_name(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    found = [layout_of(session(), str(tmp_path / name)) for name in ("real", "link", "./real/")]
    assert len({each.suffix for each in found}) == 1
    assert layout_of(session(), str(DEFAULT_DIRECTORY)).suffix == ""
