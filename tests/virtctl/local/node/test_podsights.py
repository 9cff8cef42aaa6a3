import contextlib
import struct
from pathlib import Path

import pytest

from launcher.net.nodes import design
from tests.fakes.scratch import scratch_netns, shell
from virtctl.errors import BadRequest, InternalError
from virtctl.local.api.verbs.ports import Probes
from virtctl.local.node import podsights


def network(tmp_path: Path):
    return design(["node1"], directory=str(tmp_path), suffix="-none")


def pod(name: str, node: str = "node1"):
    return {"metadata": {"name": name}, "spec": {"nodeName": node}}


async def test_refusals(tmp_path) -> None:
    with pytest.raises(BadRequest, match="LINK,ADDRESS"):
        await podsights.look(network(tmp_path), pod("p"), Probes(links=("tap0,web",)))
    for echo in ("10.0.0.1,big", "10.0.0.1,84,tap0", "10.0.0.1,84,tap0,02:00:00:00:00:01,fd00::1"):
        with pytest.raises(BadRequest, match="ADDRESS,BYTES"):
            await podsights.look(network(tmp_path), pod("p"), Probes(echoes=(echo,)))
    with pytest.raises(BadRequest, match="on no node of this instance"):
        await podsights.look(network(tmp_path), pod("p", "other"), Probes())
    with pytest.raises(InternalError, match="cannot look at the network of pod p"):
        await podsights.look(network(tmp_path), pod("p"), Probes())
    with pytest.raises(BadRequest, match="no network namespace"):
        await anext(podsights.capture(network(tmp_path), pod("p"), "pod", "tap0"))


@pytest.mark.host
async def test_a_capture_is_pcap(tmp_path) -> None:
    with scratch_netns("cap") as name:
        chunks = podsights.capture(network(tmp_path), pod(name), "pod", "lo")
        async with contextlib.aclosing(chunks):
            head = await anext(chunks)
            assert struct.unpack_from("<I", head)[0] == 0xA1B2C3D4
            assert struct.unpack_from("<I", head, 20)[0] == 1
            shell("busybox ping -c 1 127.0.0.1", name)
            record = await anext(chunks)
        _, _, kept, whole = struct.unpack_from("<IIII", record)
        assert kept == whole == len(record) - 16
        assert record[16 + 12 : 16 + 14] == b"\x08\x00"
