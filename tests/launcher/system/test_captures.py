from pathlib import Path

import msgspec
import pytest

from launcher.errors import HostError
from launcher.net.attachments import Attachment, PodNet
from launcher.system.captures import Capture, Captures

ETH0 = Attachment(name="default", pod_nic="eth0", mac="0a:58:0a:f4:01:02", mtu=1400)
BLUE = msgspec.structs.replace(ETH0, name="blue", pod_nic="podb")


def test_nothing_is_kept_at_first(tmp_path: Path) -> None:
    assert Captures(tmp_path / "none" / "network.json").load() == {}


def test_what_is_kept_is_found_by_another(tmp_path: Path) -> None:
    path = tmp_path / "machine" / "network.json"
    Captures(path).keep("first", PodNet(attachments=(ETH0,)))
    Captures(path).keep("second", PodNet(attachments=(BLUE,)))
    assert Captures(path).load() == {
        "default": Capture(plan="first", attachment=ETH0),
        "blue": Capture(plan="second", attachment=BLUE),
    }
    Captures(path).forget("default")
    assert list(Captures(path).load()) == ["blue"]


def test_a_broken_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "network.json"
    path.write_text("{")
    with pytest.raises(HostError, match=r"the captures `.*network.json` cannot be read"):
        Captures(path).load()
