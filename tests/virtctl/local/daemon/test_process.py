"""The daemon's identity on disk, and refusals before anything is made."""

import os
import socket
from pathlib import Path

import pytest

from virtctl.errors import LocalError, UsageError
from virtctl.local.config import LocalConfig
from virtctl.local.daemon import process
from virtctl.local.layout import InstanceLayout


def test_no_daemon_is_found_where_none_was(tmp_path: Path) -> None:
    assert process.find(InstanceLayout(tmp_path)) is None
    assert process.stop(InstanceLayout(tmp_path)) is False


def test_a_daemon_is_found_by_id_and_start_time(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    process.write_identity(layout, "1.2.3")
    found = process.find(layout)
    assert found is not None
    assert (found.pid, found.version) == (os.getpid(), "1.2.3")


def test_a_reused_id_is_no_daemon(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    process.write_identity(layout, "1.2.3")
    started = process.start_time(os.getpid())
    layout.pid.write_text(layout.pid.read_text().replace(str(started), "1"))
    assert process.find(layout) is None


def test_config_survives(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path / "deep" / "dir")
    assert process.read_config(layout) is None
    process.write_config(layout, LocalConfig(nodes=3))
    assert process.read_config(layout) == LocalConfig(nodes=3)


def test_broken_config_is_named(tmp_path: Path) -> None:
    layout = InstanceLayout(tmp_path)
    layout.config.write_text('{"nodes": "three"}')
    with pytest.raises(LocalError, match=r"nodes"):
        process.read_config(layout)


@pytest.mark.parametrize(
    "listen", ["6443", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", ":6443"]
)
def test_bad_addresses_are_refused(listen: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT"):
        process.split_address(listen)


def test_ipv6_addresses_have_brackets() -> None:
    assert process.split_address("[::1]:6443") == ("::1", 6443)


def test_a_taken_port_is_refused_with_the_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(LocalError, match="already in use") as refused:
            process.check_listen(listen)
    assert refused.value.hint is not None
    assert "--listen" in refused.value.hint


def test_last_lines_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert process.last_lines(log, 3) == []
    log.write_text("\n".join(f"line {number}" for number in range(1000)))
    assert process.last_lines(log, 2) == ["line 998", "line 999"]
