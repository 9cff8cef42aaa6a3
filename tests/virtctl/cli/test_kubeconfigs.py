import json
from pathlib import Path

import pytest
import yaml

from tests.fakes.env import fake_env
from tests.fakes.kept import instance, kubeconfig
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.kubeconfigs import (
    certificate_authority,
    check_mergeable,
    forget_local,
    merge_local,
    user_file,
)
from virtctl.cli.session import Session
from virtctl.errors import ConfigError


def session(home: Path, kubeconfig: str = "", **environ: str) -> Session:
    flags = GlobalFlags({"kubeconfig": kubeconfig})
    return Session(fake_env({"HOME": str(home), **environ}), flags)


def test_which_file_is_the_users(tmp_path: Path) -> None:
    assert user_file(session(tmp_path)) == tmp_path / ".kube/config"
    assert user_file(session(tmp_path, KUBECONFIG=":/a:/b")) == Path("/a")
    assert user_file(session(tmp_path, "/c", KUBECONFIG="/a:/b")) == Path("/c")


def test_a_context_is_merged_beside_others_and_taken_out_again(tmp_path: Path) -> None:
    layout = instance(tmp_path / "instance", "https://127.0.0.1:6443", authority="ours")
    path = tmp_path / ".kube/config"
    path.parent.mkdir()
    path.write_text("kind: Config\ncurrent-context: prod\ncontexts: [{name: prod, context: {}}]\n")
    made = session(tmp_path)
    assert merge_local(made, layout) == path
    held = yaml.safe_load(path.read_text())
    assert held["current-context"] == "virtctl-local"
    assert [each["name"] for each in held["contexts"]] == ["prod", "virtctl-local"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert forget_local(made, certificate_authority(layout)) == (path,)
    held = yaml.safe_load(path.read_text())
    assert [each["name"] for each in held["contexts"]] == ["prod"]
    assert forget_local(made, certificate_authority(layout)) == ()


def test_another_instances_context_stays(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(json.dumps(kubeconfig("https://127.0.0.1:1", "theirs")))
    before = path.read_bytes()
    made = session(tmp_path, KUBECONFIG=str(path))
    assert forget_local(made, "ours") == ()
    assert forget_local(made, "") == ()
    assert path.read_bytes() == before


def test_it_is_taken_out_of_each_listed_file(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    for path in (one, two):
        path.write_text(json.dumps(kubeconfig("https://127.0.0.1:1", "ours")))
    made = session(tmp_path, KUBECONFIG=f"{one}:{tmp_path}/missing:{two}")
    assert forget_local(made, "ours") == (one, two)


def test_no_instance_has_no_authority(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    assert certificate_authority(layout) == ""
    layout.kubeconfig.write_text("{")
    assert certificate_authority(layout) == ""
    layout.kubeconfig.unlink()
    assert certificate_authority(layout) == ""


def test_a_file_that_is_no_kubeconfig_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("just words\n")
    with pytest.raises(ConfigError, match="is not a kubeconfig"):
        check_mergeable(session(tmp_path, str(path)))
    assert path.read_text() == "just words\n"
    check_mergeable(session(tmp_path, str(tmp_path / "missing")))
