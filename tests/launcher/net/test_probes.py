import ipaddress
import struct

import pytest

from launcher.net import probes
from launcher.net.probes import Ping

OWN, OTHER = "02:00:00:00:00:01", "02:00:00:00:00:02"


def test_an_arp_probe_names_no_sender() -> None:
    frame = probes.probe(probes.packed(OWN), "10.0.0.2")
    assert frame[:6] == b"\xff" * 6
    assert frame[28:32] == bytes(4)
    assert frame[38:42] == bytes([10, 0, 0, 2])


def test_a_solicitation_goes_to_the_group_of_the_address() -> None:
    frame = probes.probe(probes.packed(OWN), "fd00::12:3456")
    assert frame[:6] == bytes.fromhex("3333ff123456")
    assert frame[22:38] == bytes(16)
    assert ipaddress.IPv6Address(frame[38:54]) == ipaddress.IPv6Address("ff02::1:ff12:3456")
    assert frame[21] == 255
    head = frame[22:54] + struct.pack("!IxxxB", len(frame) - 54, 58)
    assert probes.checksum(head + frame[54:]) == 0


def test_an_introduction_tells_of_its_sender() -> None:
    frame = probes.introduction(OWN, "fe80::9", "fd00::12:3456")
    assert frame[:6] == bytes.fromhex("3333ff123456")
    assert ipaddress.IPv6Address(frame[22:38]) == ipaddress.IPv6Address("fe80::9")
    assert frame[-6:] == probes.packed(OWN)


def test_answers() -> None:
    arp = struct.pack("!6s6sHHHBBH", b"\1" * 6, b"\2" * 6, 0x0806, 1, 0x0800, 6, 4, 2)
    arp += probes.packed(OTHER) + bytes([10, 0, 0, 2]) + bytes(10)
    assert probes.answer(arp, "10.0.0.2") == OTHER
    assert probes.answer(arp, "10.0.0.3") == ""
    assert probes.answer(arp, "fd00::2") == ""
    wanted = ipaddress.IPv6Address("fd00::2").packed
    head = b"\1" * 6 + probes.packed(OWN) + b"\x86\xdd" + bytes(6) + b"\x3a\xff" + bytes(32)
    advert = head + bytes([136, 0, 0, 0, 0x20, 0, 0, 0]) + wanted
    assert probes.answer(advert, "fd00::2") == OWN
    assert probes.answer(advert + b"\2\1" + probes.packed(OTHER), "fd00::2") == OTHER
    assert probes.answer(advert, "fd00::3") == ""
    for short in (b"", advert[:50], arp[:20]):
        assert probes.answer(short, "fd00::2") == ""


@pytest.mark.parametrize(("own", "address"), [("10.0.0.1", "10.0.0.2"), ("fd00::1", "fd00::2")])
def test_a_ping_and_its_answer(own: str, address: str) -> None:
    asked = Ping(OWN, own, OTHER, address, 1400, b"abcd")
    frame = probes.ping(asked)
    assert len(frame) == 14 + 1400
    assert not probes.is_pong(frame, asked)
    start = 34 if "." in own else 54
    kind = 0 if "." in own else 129
    answer = frame[:start] + bytes([kind]) + frame[start + 1 :]
    assert probes.is_pong(answer, asked)
    assert not probes.is_pong(answer, asked._replace(number=b"dcba"))
    assert not probes.is_pong(answer[:30], asked)


def test_messages_of_raw_sockets() -> None:
    message = probes.request(4, 84, b"abcd")
    assert len(message) == 64
    assert probes.checksum(message) == 0
    assert probes.is_reply(bytes([0x45]) + bytes(19) + b"\0" + message[1:], 4, b"abcd")
    assert not probes.is_reply(b"", 4, b"abcd")
    six = probes.request(6, 84, b"abcd")
    assert probes.is_reply(bytes([129]) + six[1:], 6, b"abcd")


@pytest.mark.parametrize("mac", ["", "02:00", "zz:00:00:00:00:00"])
def test_what_is_no_mac(mac: str) -> None:
    with pytest.raises(ValueError, match="no MAC address"):
        probes.packed(mac)
