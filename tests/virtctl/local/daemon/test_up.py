"""What ``local up`` is asked for, and its refusals; for real in the ``host`` tests."""

import os
from pathlib import Path

import pytest

from tests.fakes.instance import Instance as RealInstance
from tests.fakes.instance import free_port, traces
from tests.fakes.kept import instance
from virtctl.errors import LocalError, UsageError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import process
from virtctl.local.daemon.starting import Start
from virtctl.local.daemon.up import Up, Wishes, fresh_config, up, wanted_config
from virtctl.local.layout import InstanceLayout

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="refuses at once without root")


def call(layout: InstanceLayout, **wishes: object) -> Up:
    said: list[str] = []
    with Start(layout, dict(os.environ)) as start:
        made = up(layout, Wishes(version="0.1.0", **wishes), start, said.append)
    assert not said
    return made


def test_no_wishes_change_nothing_but_the_version() -> None:
    config = LocalConfig(listen="127.0.0.1:7443", nodes=2, node_names=("node1", "node2"))
    assert wanted_config(config, Wishes(version="")) == config
    assert wanted_config(config, Wishes(version="2")).version == "2"


def test_wishes_win() -> None:
    wishes = Wishes(
        version="", listen="[::1]:1", nodes=3, pod_cidr="10.1.0.0/16", pod_cidr6="fd01::/48",
        emulation="always",
    )  # fmt: skip
    made = wanted_config(LocalConfig(), wishes)
    assert made == LocalConfig(
        listen="[::1]:1", nodes=3, node_names=("node1", "node2", "node3"),
        pod_cidr="10.1.0.0/16", pod_cidr6="fd01::/48", emulation="always",
    )  # fmt: skip


@pytest.mark.parametrize("nodes", [0, -1, 17])
def test_the_number_of_nodes_has_limits(nodes: int) -> None:
    with pytest.raises(UsageError, match=f"--nodes.*`{nodes}`"):
        wanted_config(LocalConfig(), Wishes(version="", nodes=nodes))


def test_a_bad_address_is_refused() -> None:
    with pytest.raises(UsageError, match="--listen"):
        wanted_config(LocalConfig(), Wishes(version="", listen="6443"))


@as_root
@pytest.mark.parametrize(
    ("wishes", "flag"),
    [
        ({"listen": "127.0.0.1:1"}, "--listen"),
        ({"nodes": 2}, "--nodes"),
        ({"pod_cidr": "10.9.0.0/16"}, "--pod-cidr"),
        ({"pod_cidr6": "fd09::/48"}, "--pod-cidr6"),
        ({"emulation": "always"}, "--emulation"),
    ],
)
def test_a_running_instance_keeps_its_settings(
    tmp_path: Path, wishes: dict[str, object], flag: str
) -> None:
    layout = instance(tmp_path, running=True)
    before = layout.config.read_bytes()
    with pytest.raises(LocalError, match=f"`{flag}`") as refused:
        call(layout, **wishes)
    assert "local down" in str(refused.value.hint)
    assert layout.config.read_bytes() == before


@as_root
def test_a_running_instance_is_left_alone(tmp_path: Path) -> None:
    layout = instance(tmp_path, running=True)
    made = call(layout)
    assert not made.fresh
    assert made.process.pid == os.getpid()


@as_root
def test_another_version_is_refused(tmp_path: Path) -> None:
    layout = instance(tmp_path)
    process.write_identity(layout, "9.9")
    with pytest.raises(LocalError, match=r"version 9.9.*version 0.1.0"):
        call(layout)


@as_root
def test_other_files_are_not_joined(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(LocalError, match=r"thesis\.tex"):
        call(InstanceLayout(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@as_root
def test_a_path_that_no_socket_fits_into_is_refused(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path / ("x" * 100))
    with pytest.raises(LocalError, match="107 are possible"):
        call(layout)
    assert not layout.root.exists()


@as_root
def test_a_refused_first_start_leaves_nothing(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path / "instance")
    with pytest.raises(UsageError, match="--nodes"):
        call(layout, nodes=99)
    assert not layout.root.exists()


@pytest.mark.host
def test_a_fresh_instance_has_networks_that_are_free() -> None:
    made = fresh_config()
    assert made.pod_cidr.startswith("10.2")
    assert made.pod_cidr6.startswith("fd10:2")


@pytest.mark.host
def test_a_fresh_daemon_has_not_loaded_what_makes_certificates(tmp_path: Path) -> None:
    one = RealInstance(tmp_path / "instance")
    try:
        one.up()
        found = process.find(InstanceLayout(one.directory))
        assert found is not None
        mapped = Path(f"/proc/{found.pid}/maps").read_text()
        assert "sqlite" in mapped
        assert "cryptography" not in mapped
    finally:
        one.down()
    assert traces(one) == []


@pytest.mark.host
def test_networks_that_others_took_meanwhile_are_not_used(tmp_path: Path) -> None:
    one, other = RealInstance(tmp_path / "one"), RealInstance(tmp_path / "other")
    try:
        one.up()
        one.run("local", "down")
        taken = process.read_config(InstanceLayout(one.directory))
        other.run(
            "local", "up", "--listen", f"127.0.0.1:{other.port}",
            "--pod-cidr", taken.pod_cidr, "--pod-cidr6", taken.pod_cidr6,
        )  # fmt: skip
        one.up()
        assert process.read_config(InstanceLayout(one.directory)).pod_cidr != taken.pod_cidr
        one.run("local", "down")
        said = one.run("local", "up", "--pod-cidr", taken.pod_cidr, code=1).stderr
        assert "--pod-cidr6" in said
    finally:
        one.down()
        other.down()
    assert traces(one) + traces(other) == []


@pytest.mark.host
def test_a_first_start_that_fails_is_undone(tmp_path: Path) -> None:
    made = RealInstance(tmp_path / "instance")
    made.directory.mkdir()
    # The daemon cannot make its certificates where a file is.
    (made.directory / "pki").write_text("")
    said = made.run("local", "up", "--listen", f"127.0.0.1:{free_port()}", code=1).stderr
    assert "Traceback" not in said
    assert str(made.directory / "daemon.log") in said
    assert traces(made) == []
    assert {path.name for path in made.directory.iterdir()} <= {"daemon.log", "lock"}


def test_an_audit_log_is_kept_until_none_is_wanted() -> None:
    first = wanted_config(LocalConfig(), Wishes(version="1", audit_log="/var/log/audit"))
    assert first.audit_log == "/var/log/audit"
    assert wanted_config(first, Wishes(version="1")).audit_log == "/var/log/audit"
    assert wanted_config(first, Wishes(version="1", audit_log="none")).audit_log == ""
