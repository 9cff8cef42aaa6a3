"""What the guest's shell is told of a seed."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

import launcher.guestimage
from launcher.system import process

SCRIPTS = Path(launcher.guestimage.__file__).parent / "rootfs/usr/lib/tiny"
KEY = "ssh-ed25519 AAAA it's me"

NOTHING = dict.fromkeys(
    ("name", "instance", "user", "password", "keys", "users", "passwords", "network"), ""
)


def read(tmp_path: Path, files: Mapping[str, str]) -> dict[str, str]:
    """The assignments for a seed of these files."""
    for home in ("root", "home/fedora"):
        (tmp_path / home / ".ssh").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    scripts = [word for name in ("flatten", "seed") for word in ("-f", SCRIPTS / f"{name}.awk")]
    variables = ["-v", f"flat={tmp_path / 'flat'}", "-v", f"root={tmp_path}"]
    argv = ["busybox", "awk", *variables, *scripts, *(tmp_path / name for name in files)]
    words = shlex.split(process.run(argv).stdout)
    return dict(word.split("=", 1) for word in words)


def authorized(tmp_path: Path, home: str) -> list[str]:
    path = tmp_path / home / ".ssh/authorized_keys"
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"meta-data": "{}"}, {}),
        (
            {"meta-data": '{"instance-id": "i-1", "local-hostname": "web.example"}'},
            {"name": "web", "instance": "i-1"},
        ),
        (
            {"meta-data": '{"instance_id": "i-1", "hostname": "web"}'},
            {"name": "web", "instance": "i-1"},
        ),
        (
            {"meta-data": "local-hostname: meta\n", "user-data": "#cloud-config\nhostname: user\n"},
            {"name": "user"},
        ),
        (
            {"user-data": 'user: ann\npassword: "it\'s $(x) \\\\ `y`"\n'},
            {"user": "ann", "password": "it's $(x) \\ `y`"},
        ),
        ({"user-data": "users:\n- default\n"}, {}),
        ({"user-data": "users:\n- default\n- name: bob\n"}, {"users": "1"}),
        ({"user-data": "chpasswd: {expire: False}\n"}, {}),
        ({"user-data": "chpasswd:\n  list: |\n    ann:secret\n"}, {"passwords": "1"}),
        ({"network-config": "version: 2\n"}, {"network": "1"}),
    ],
)
def test_assignments(tmp_path: Path, files: dict[str, str], expected: dict[str, str]) -> None:
    assert read(tmp_path, files) == NOTHING | expected
    assert authorized(tmp_path, "root") == []


@pytest.mark.parametrize(
    "files",
    [
        {"meta-data": f'{{"public-keys": {{"0": "{KEY}"}}}}'},
        {"meta-data": f'{{"public_keys": {{"0": "{KEY}"}}}}'},
        {"meta-data": f'{{"public-keys": {{"0": {{"openssh-key": "{KEY}"}}}}}}'},
        {"user-data": f"ssh_authorized_keys:\n- {KEY}\n"},
        {"user-data": f'ssh_authorized_keys: [ "{KEY}" ]\n'},
    ],
)
def test_keys(tmp_path: Path, files: dict[str, str]) -> None:
    assert read(tmp_path, files)["keys"] == "1"
    for home in ("root", "home/fedora"):
        assert authorized(tmp_path, home) == [KEY]


def test_documents_are_told_apart(tmp_path: Path) -> None:
    read(tmp_path, {"meta-data": "a: 1\nb:\n", "user-data": "- 2\n", "network-config": "a: 3"})
    assert (
        tmp_path / "flat"
    ).read_text() == "meta-data/a\t1\nuser-data/0\t2\nnetwork-config/a\t3\n"
