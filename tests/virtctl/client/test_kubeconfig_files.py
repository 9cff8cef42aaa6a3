from pathlib import Path

import pytest
import yaml

from virtctl.client.kubeconfig_files import merge_context, remove_context
from virtctl.errors import ConfigError

OURS = {
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:6443"}}],
    "users": [{"name": "u", "user": {"token": "t"}}],
    "contexts": [
        {"name": "virtctl-local", "context": {"cluster": "c", "user": "u", "namespace": "n"}}
    ],
    "current-context": "virtctl-local",
}
THEIRS = """\
apiVersion: v1
kind: Config
clusters:
- name: work
  cluster: {server: https://their, extensions: [{name: x, extension: {a: 1}}]}
contexts:
- {name: work, context: {cluster: work, user: me}}
users:
- {name: me, user: {exec: {command: login}}}
current-context: work
"""


def read(path: Path) -> dict[str, object]:
    loaded = yaml.safe_load(path.read_text())
    assert isinstance(loaded, dict)
    return loaded


def test_a_new_file_is_the_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new/config"
    merge_context(path, OURS)
    assert path.stat().st_mode & 0o777 == 0o600
    found = read(path)
    assert found["current-context"] == "virtctl-local"
    assert found["clusters"] == [
        {"name": "virtctl-local", "cluster": {"server": "https://127.0.0.1:6443"}}
    ]
    assert found["contexts"] == [
        {
            "name": "virtctl-local",
            "context": {"cluster": "virtctl-local", "user": "virtctl-local", "namespace": "n"},
        }
    ]


def test_others_entries_stay(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(THEIRS)
    path.chmod(0o644)
    before = read(path)
    merge_context(path, OURS, make_current=False)
    merge_context(path, OURS, make_current=False)
    found = read(path)
    assert found["current-context"] == "work"
    assert [one["name"] for one in found["contexts"]] == ["work", "virtctl-local"]  # type: ignore[attr-defined]
    assert path.stat().st_mode & 0o777 == 0o600
    assert remove_context(path, "virtctl-local")
    assert read(path) == before
    assert not remove_context(path, "virtctl-local")


def test_removing_the_current_context_leaves_none(tmp_path: Path) -> None:
    path = tmp_path / "config"
    assert not remove_context(path, "virtctl-local")
    merge_context(path, OURS)
    assert remove_context(path, "virtctl-local")
    assert read(path)["current-context"] == ""
    assert [p.name for p in tmp_path.iterdir()] == ["config"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text(THEIRS)
    link.symlink_to(real)
    merge_context(link, OURS)
    assert link.is_symlink()
    assert read(real)["current-context"] == "virtctl-local"


def test_what_is_no_kubeconfig_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text("- a\n")
    with pytest.raises(ConfigError, match="holds no mapping"):
        merge_context(path, OURS)
    assert path.read_text() == "- a\n"
