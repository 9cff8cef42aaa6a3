"""The attacher that runs the CNI's plugins."""

from launcher.hostnet import LinkAsk
from tests.fakes.node import FakeHost
from virtctl.local.node.attachers import PluginAttacher


async def test_plugins_do_it_on_the_host() -> None:
    host = FakeHost()
    ask = LinkAsk(netns="p", ifname="net1", network="a/b", conflist={}, arguments={"MAC": "m"})
    attacher = PluginAttacher(host)
    made = await attacher.add({}, {}, "net1", ask)
    assert made.mac == "m"
    await attacher.check(ask)
    await attacher.delete(ask)
    assert host.calls == ["ADD net1", "CHECK net1", "DEL net1"]
