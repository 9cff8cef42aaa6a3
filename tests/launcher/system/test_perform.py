from pathlib import Path

import pytest

from launcher.errors import HostError
from launcher.ops.base import Op
from launcher.ops.files import MakeDirectory, RemovePath, WriteFile
from launcher.ops.links import DeleteLink, DeleteNamespace, SetMtu, SetSysctl
from launcher.system.perform import perform


class Foreign(Op, frozen=True, kw_only=True):
    pass


def test_file_ops(tmp_path: Path) -> None:
    perform(MakeDirectory(path=str(tmp_path / "a"), mode=0o700))
    perform(WriteFile(path=str(tmp_path / "a/file"), content=b"x"))
    assert (tmp_path / "a/file").read_bytes() == b"x"
    perform(RemovePath(path=str(tmp_path / "a")))
    assert not (tmp_path / "a").exists()


def test_removing_what_is_not_there_is_fine() -> None:
    assert perform(DeleteLink(name="no-such-link")) is None
    assert perform(DeleteNamespace(name="no-such-netns")) is None


def test_refusals_are_host_errors() -> None:
    with pytest.raises(HostError, match="there is no link `no-such-link`"):
        perform(SetMtu(name="no-such-link", mtu=1400))
    with pytest.raises(HostError, match="cannot set `net/nonsense`"):
        perform(SetSysctl(key="net/nonsense", value="1"))


def test_an_op_of_another_family_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="no way to carry out `# Foreign"):
        perform(Foreign())
