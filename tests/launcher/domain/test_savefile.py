import struct

from launcher.domain.savefile import head


def test_the_head_is_that_of_a_guest_that_libvirt_saved_running() -> None:
    made = head("<domain/>")
    assert made.startswith(b"LibvirtQemudSave")
    assert struct.unpack_from("<5I", made, 16) == (2, 10, 1, 0, 0)
    assert made[16 + 4 * 19 :] == b"<domain/>\0"
