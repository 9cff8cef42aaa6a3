from tests.fakes.node import FakeHost
from virtctl.local.node import ports
from virtctl.local.node.host import LocalHost


def test_the_fake_and_the_real_host_offer_the_same():
    wanted = {name for name in vars(ports.Host) if not name.startswith("_")}
    assert wanted <= set(dir(FakeHost()))
    assert wanted - {"facts"} <= set(dir(LocalHost))
