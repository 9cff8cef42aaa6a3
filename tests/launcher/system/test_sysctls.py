import pytest

from launcher.errors import HostError
from launcher.system import sysctls


def test_a_setting_is_read() -> None:
    assert sysctls.read("kernel/ostype") == "Linux"
    assert sysctls.read("kernel/nonsense") is None


def test_a_setting_that_is_not_there_cannot_be_set() -> None:
    with pytest.raises(HostError, match="cannot set `kernel/nonsense` to 1: "):
        sysctls.write("kernel/nonsense", "1")
    sysctls.write_if_other("kernel/nonsense", "1")


def test_a_setting_of_all_links_has_others_beside_it() -> None:
    assert "net/ipv4/conf/lo/forwarding" in sysctls.beside("net/ipv4/conf/all/forwarding")
    assert "net/ipv4/conf/all/forwarding" not in sysctls.beside("net/ipv4/conf/all/forwarding")
    assert sysctls.beside("net/ipv4/ip_forward") == ()
