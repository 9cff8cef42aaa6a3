"""A switch of a node that is really there."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError
from launcher.net import ovsdb
from launcher.system import ovs, process
from tests.fakes.nodeplaces import NEEDS_OVS
from tests.fakes.scratch import scratch_netns, shell

pytestmark = [pytest.mark.host, pytest.mark.skipif(bool(NEEDS_OVS), reason=NEEDS_OVS)]


@pytest.fixture
def netns() -> Iterator[str]:
    with scratch_netns("sw") as name:
        yield name


def test_a_switch_is_started_once_dies_and_comes_back(netns: str, tmp_path: Path) -> None:
    home = tmp_path / "ovs"
    assert ovs.find(home) is None
    try:
        switch = ovs.ensure(home, netns)
        assert ovs.ensure(home, netns) == switch == ovs.find(home)
        assert ovs.runs(home)
        row = {"name": "switch1", "datapath_type": switch.datapath}
        ovs.configure(
            switch,
            ovsdb.insert("Bridge", row, "b"),
            ovsdb.mutate("Open_vSwitch", [], ("bridges", "insert", [ovsdb.Named("b")])),
        )
        with switch.open() as connection:
            (root,) = connection.select("Open_vSwitch")
            assert ovsdb.table(root["other_config"]) == {"userspace-tso-enable": "true"}
        pids = [
            each["pid"]
            for each in msgspec.json.decode((home / "switch.json").read_bytes())[
                "processes"
            ].values()
        ]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while any(process.start_time(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not ovs.runs(home)
        again = ovs.ensure(home, netns)
        with again.open() as connection:
            assert [each["name"] for each in connection.select("Bridge")] == ["switch1"]
            with pytest.raises(HostError, match="refused"):
                connection.transact(ovsdb.insert("Nowhere", {}))
    finally:
        ovs.stop(home)
    assert not home.exists()
    assert "switch1" not in shell("ip -br link", netns)


def test_a_datapath_is_known() -> None:
    assert ovs.datapath() in {"system", "netdev"}
