import msgspec
import pytest

from launcher.net.attachments import Attachment, Hop, Lease, PodNet
from launcher.net.model import Address

PLAIN = Attachment(name="default", pod_nic="eth0", mac="0a:58:0a:f4:01:02", mtu=1400)


def held(name: str, kind: str) -> Attachment:
    return msgspec.structs.replace(PLAIN, name=name, holder=kind)


def test_by_name() -> None:
    net = PodNet(attachments=(PLAIN,))
    assert net.attachment("default") is PLAIN
    with pytest.raises(KeyError):
        net.attachment("other")


def test_a_stand_in_is_told_once() -> None:
    assert PodNet(attachments=(PLAIN, held("a", "dummy"))).notes() == ()
    net = PodNet(attachments=(held("a", "ifb"), held("b", "ifb")))
    assert net.notes() == (
        "stand-in: a link of kind ifb keeps the pod's address, as this kernel has no dummy",
    )


def test_facts_outlive_the_process() -> None:
    lease = Lease(
        address=Address.parse("10.244.1.2/24"),
        mac="0a:58:0a:f4:01:02",
        server="169.254.75.10",
        routes=(Hop(destination="0.0.0.0/0", gateway="10.244.1.1"),),
    )
    facts = msgspec.structs.replace(PLAIN, lease=lease, held=(lease.address,))
    assert msgspec.json.decode(msgspec.json.encode(facts), type=Attachment) == facts
