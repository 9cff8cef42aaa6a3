from pathlib import Path

import pytest

from tests.fakes.env import fake_env
from virtctl.cli.env import Env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.namecache import FRESH, NOTHING, USABLE, NameCache
from virtctl.errors import Unreachable


@pytest.fixture
def env(tmp_path: Path) -> Env:
    return fake_env({"HOME": str(tmp_path), "KUBECONFIG": str(tmp_path / "config")})


def ask(*names: str) -> list[str]:
    return list(names)


def dead() -> list[str]:
    raise Unreachable("nobody there")


def never() -> list[str]:
    raise AssertionError


def test_kept_while_fresh_and_asked_again_after(env: Env) -> None:
    cache = NameCache(env, GlobalFlags())
    assert cache.names("vm", lambda: ask("a"), lambda: None) == ["a"]
    assert NameCache(env, GlobalFlags()).names("vm", never, lambda: None) == ["a"]
    assert cache.names("vmi", lambda: ask("b"), lambda: None) == ["b"]
    env.sleep(FRESH)
    assert cache.names("vm", lambda: ask("c"), lambda: None) == ["c"]


def test_old_names_are_better_than_none(env: Env) -> None:
    cache = NameCache(env, GlobalFlags())
    later: list[int] = []
    cache.keep("vm", ["a"])
    env.sleep(FRESH)
    for _ in range(2):
        assert cache.names("vm", dead, lambda: later.append(1)) == ["a"]
    assert later == [1]
    env.sleep(USABLE)
    assert cache.names("vm", dead, lambda: later.append(2)) == []
    assert later == [1, 2]


def test_other_clusters_have_other_names(env: Env, tmp_path: Path) -> None:
    cache = NameCache(env, GlobalFlags({"namespace": "lab"}))
    cache.keep("vm", ["a"])
    assert NameCache(env, GlobalFlags()).read("vm") == NOTHING
    (tmp_path / "config").write_text("changed")
    assert cache.read("vm") == NOTHING


def test_without_a_directory_nothing_is_kept(tmp_path: Path) -> None:
    cache = NameCache(fake_env(), GlobalFlags())
    cache.keep("vm", ["a"])
    assert cache.read("vm") == NOTHING
    (tmp_path / "file").write_text("")
    cache = NameCache(fake_env({"XDG_CACHE_HOME": str(tmp_path / "file")}), GlobalFlags())
    cache.keep("vm", ["a"])
    assert cache.read("vm") == NOTHING


def test_a_broken_file_is_as_none(env: Env, tmp_path: Path) -> None:
    cache = NameCache(env, GlobalFlags())
    cache.keep("vm", ["a"])
    (kept,) = (tmp_path / ".cache/virtctl/names").iterdir()
    kept.write_text("[1]")
    assert cache.read("vm") == NOTHING
