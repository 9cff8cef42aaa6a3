import pytest

from virtctl.errors import UsageError, VirtctlError
from virtctl.streams.viewers import Wish, choose, is_opener


def which(*programs: str) -> object:
    return lambda name: f"/bin/{name}" if name in programs else None


def chosen(wish: Wish, *programs: str) -> list[str]:
    return choose(wish, which(*programs), "127.0.0.1", 5900)  # type: ignore[arg-type]


def test_order_and_arguments() -> None:
    assert chosen(Wish(), "remote-viewer", "vncviewer") == [
        "/bin/remote-viewer", "vnc://127.0.0.1:5900",
    ]  # fmt: skip
    assert chosen(Wish(), "vncviewer") == ["/bin/vncviewer", "127.0.0.1:5900"]
    assert chosen(Wish("tiger", debug=True), "remote-viewer", "vncviewer") == [
        "/bin/vncviewer", "127.0.0.1:5900", "Log=*:stderr:100",
    ]  # fmt: skip


def test_on_a_mac_applications_come_first() -> None:
    older = "/Applications/TigerVNC Viewer*.app/Contents/MacOS/TigerVNC Viewer"

    def found(program: str) -> str | None:
        return program.replace("*", " 1.12") if program in {older, "remote-viewer"} else None

    chosen = choose(Wish(on_mac=True), found, "127.0.0.1", 5900)
    assert chosen == [older.replace("*", " 1.12"), "127.0.0.1:5900"]
    assert choose(Wish(), found, "127.0.0.1", 5900)[0] == "remote-viewer"


def test_a_path_is_enough() -> None:
    assert chosen(Wish(path="/x/myviewer")) == ["/x/myviewer", "127.0.0.1:5900"]
    assert chosen(Wish(path="/x/remote-viewer"))[1] == "vnc://127.0.0.1:5900"
    assert chosen(Wish("real", "/x/y"))[2] == "-WarnUnencrypted=0"
    assert chosen(Wish("chicken", "/x/y")) == ["/x/y", "127.0.0.1:5900"]


def test_a_command_line_and_the_desktops_own() -> None:
    assert chosen(Wish(path="gvncviewer --x 'a b'")) == [
        "gvncviewer", "--x", "a b", "127.0.0.1:5900",
    ]  # fmt: skip
    opens = Wish(opens="xdg-open")
    assert chosen(opens, "xdg-open") == ["xdg-open", "vnc://127.0.0.1:5900"]
    assert chosen(opens, "xdg-open", "vncviewer")[0] == "/bin/vncviewer"
    assert is_opener(["/usr/bin/open"])
    assert not is_opener(["/usr/bin/vncviewer"])
    with pytest.raises(VirtctlError, match="no VNC viewer found"):
        chosen(Wish("tiger", opens="xdg-open"), "xdg-open")


def test_none() -> None:
    with pytest.raises(VirtctlError, match="no VNC viewer found"):
        chosen(Wish())
    with pytest.raises(UsageError, match="unknown VNC viewer type `x`"):
        chosen(Wish("x"))
