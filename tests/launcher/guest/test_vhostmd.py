import struct

import pytest

from launcher.guest import vhostmd
from launcher.guest.vhostmd import Metric

FACTS = (
    Metric(name="HostName", value="a<b", kind="string"),
    Metric(name="TotalCPUTime", value="1.5", kind="real64", context="vm", unit="s"),
)
DOCUMENT = (
    b'<metrics><metric type="string" context="host"><name>HostName</name>'
    b"<value>a&lt;b</value></metric>"
    b'<metric type="real64" context="vm" unit="s"><name>TotalCPUTime</name>'
    b"<value>1.5</value></metric></metrics>"
)


def test_the_document() -> None:
    assert vhostmd.document(FACTS) == DOCUMENT


def test_the_disk() -> None:
    disk = vhostmd.disk(DOCUMENT)
    assert len(disk) == vhostmd.DISK_SIZE
    signature, busy, checksum, length = struct.unpack_from(">4sIII", disk)
    assert (signature, busy) == (b"mvbd", 0)
    assert disk[16 : 16 + length] == DOCUMENT
    assert checksum == sum(DOCUMENT)
    assert vhostmd.header(DOCUMENT, busy=True)[7] == 1
    with pytest.raises(ValueError, match="do not fit"):
        vhostmd.disk(bytes(vhostmd.DISK_SIZE))


def test_the_channel() -> None:
    assert vhostmd.answer(b"GET /metrics/XML\n\n", DOCUMENT) == DOCUMENT + b"\n\n"
    assert vhostmd.answer(b"PUT /\n\n", DOCUMENT) == b"INVALID REQUEST\n\n"
