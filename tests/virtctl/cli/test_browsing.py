import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection

from tests.fakes.env import FakeProcesses, fake_env
from tests.fakes.sockets import stream_server
from virtctl.cli.browsing import WEB, files, opener

SCREEN = (
    b"RFB 003.008\n"
    b"\x01\x01"  # one security type: none
    b"\x00\x00\x00\x00"
    b"\x00\x02\x00\x01" + bytes(16) + b"\x00\x00\x00\x03web"
)
UPDATE = (
    b"\x00\x00\x00\x04"
    b"\x00\x00\x00\x00\x00\x02\x00\x01\x00\x00\x00\x00" + bytes((1, 2, 3, 0, 4, 5, 6, 0)) +
    b"\x00\x01\x00\x00\x00\x01\x00\x01\x00\x00\x00\x01" + bytes(4) +
    b"\x00\x00\x00\x00\x00\x05\x00\x04\xff\xff\xff\x21"
    b"\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xfe\xfe"
)  # fmt: skip
PROGRAM = """
import { Rfb } from "RFB";
import { keysymOf, scancodeOf } from "KEYS";
const sent = [], drawn = [];
const surface = {
  resize: (...size) => drawn.push(["resize", ...size]),
  draw: (x, y, w, h, rgba) => drawn.push(["draw", x, y, w, h, ...rgba]),
  copy: (...where) => drawn.push(["copy", ...where]),
};
const rfb = new Rfb((bytes) => sent.push(Buffer.from(bytes).toString("hex")), surface);
rfb.onready = (name) => drawn.push(["ready", name]);
const all = Buffer.from("BYTES", "hex");
const ended = rfb.run().catch((error) => error.message);
for (let at = 0; at < all.length; at += 5) {
  rfb.feed(new Uint8Array(all.subarray(at, at + 5)));
  await new Promise((resolve) => setImmediate(resolve));
}
const before = sent.length;
for (const event of [{ key: "A", code: "KeyA" }, { key: "Shift", code: "ShiftRight" },
                     { key: "\u20ac", code: "" }, { key: "F12", code: "F12" }]) {
  rfb.key(keysymOf(event), scancodeOf(event), true);
}
rfb.pointer(3, 4, 1);
rfb.end();
console.log(JSON.stringify({ drawn, greeted: sent.slice(0, before), sent: sent.slice(before),
                             why: await ended }));
"""


def talk(tmp_path: Path, heard: bytes) -> dict[str, list[object]]:
    """Let the page's own program hear ``heard``; returns what it drew and sent."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("nothing here runs JavaScript")
    for name in ("rfb", "keys"):
        shutil.copy(WEB / f"{name}.js", tmp_path / f"{name}.mjs")
    program = PROGRAM.replace("RFB", "./rfb.mjs", 1).replace("KEYS", "./keys.mjs", 1)
    (tmp_path / "main.mjs").write_text(program.replace("BYTES", heard.hex()))
    ran = subprocess.run(
        [node, str(tmp_path / "main.mjs")], capture_output=True, text=True, check=True
    )
    found: dict[str, list[object]] = json.loads(ran.stdout)
    return found


def test_the_pages_program_draws_and_types(tmp_path: Path) -> None:
    found = talk(tmp_path, SCREEN + b"\x02" + b"\x03\x00\x00\x00\x00\x00\x00\x02hi" + UPDATE)
    assert found["drawn"] == [
        ["resize", 2, 1],
        ["ready", "web"],
        ["draw", 0, 0, 2, 1, 1, 2, 3, 255, 4, 5, 6, 255],
        ["copy", 0, 0, 1, 0, 1, 1],
        ["resize", 5, 4],
    ]
    assert found["greeted"] == [
        b"RFB 003.008\n".hex(), "01", "01",
        "000000002018000100ff00ff00ff000810000000",
        "020000040000000100000000ffffff21fffffefe",
        "03000000000000020001", "03000000000000050004",
    ]  # fmt: skip
    assert found["sent"] == [
        "ff000001000000410000001e", "ff0000010000ffe200000036",
        "04010000010020ac", "ff0000010000ffc900000058",
        "050100030004",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("heard", "why"),
    [
        (b"SSH-2.0-Open", "what answers is no screen"),
        (b"RFB 003.008\n\x01\x02", "the screen asks for a password"),
        (b"RFB 003.003\n\x00\x00\x00\x00\x00\x00\x00\x03bad", "bad"),
        (SCREEN + b"\x07", "the screen sent a message of unknown type 7"),
    ],
)
def test_the_pages_program_says_what_is_wrong(tmp_path: Path, heard: bytes, why: str) -> None:
    assert talk(tmp_path, heard)["why"] == why


def test_the_page_names_the_machine_safely() -> None:
    page = files('<a&">')
    assert b"<title>&lt;a&amp;&quot;&gt;</title>" in page[""].data
    assert page["rfb.js"].kind == "text/javascript"
    assert not any(b"@NAME@" in file.data for file in page.values())


def test_openers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    processes = FakeProcesses(("xdg-open",))
    assert opener(fake_env(processes=processes)) is None
    assert opener(fake_env({"DISPLAY": ":0"}, processes=processes)) == "/usr/bin/xdg-open"
    assert opener(fake_env({"DISPLAY": ":0", "BROWSER": "lynx"})) == "lynx"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert opener(fake_env(processes=FakeProcesses(("open",)))) == "/usr/bin/open"


async def screen(connection: ServerConnection) -> None:
    await connection.send(b"RFB 003.008\n")
    async for _ in connection:
        pass


def test_a_process_serves_the_screen_until_it_is_interrupted() -> None:
    import asyncio
    import signal

    from websockets.asyncio.client import connect

    async def look(url: str) -> list[bytes | str]:
        origin = url.rsplit("/", 2)[0]
        where = f"{url}stream".replace("http", "ws", 1)
        heard = []
        for _ in range(2):  # as when the page is loaded again
            async with connect(where, origin=origin, proxy=None) as socket:  # type: ignore[arg-type]
                heard.append(await socket.recv())
        return heard

    with stream_server(screen) as server:
        argv = [sys.executable, "-m", "virtctl", f"--server={server.url}", "vnc", "web"]
        with subprocess.Popen(
            [*argv, "--browser"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={"PATH": "/nowhere"},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            assert asyncio.run(look(url)) == [b"RFB 003.008\n"] * 2
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        assert process.returncode == 0
    assert len(server.paths) == 2
