import asyncio

import pytest

from virtctl.local.node.tail import follow_file


async def read(path, **options):
    chunks = follow_file(path, **({"follow": False, "tail": None, "over": lambda: True} | options))
    return b"".join([chunk async for chunk in chunks])


async def test_a_missing_file_is_empty(tmp_path):
    assert await read(tmp_path / "none", tail=3) == b""


@pytest.mark.parametrize(
    ("text", "tail", "found"),
    [
        (b"a\nb\nc\n", 2, b"b\nc\n"),
        (b"a\nb\nc", 2, b"b\nc"),
        (b"a\nb\n", 9, b"a\nb\n"),
        (b"a\nb\n", 0, b""),
        (b"", 1, b""),
        (b"x" * 200_000 + b"\nlast\n", 1, b"last\n"),
    ],
)
async def test_the_last_lines(tmp_path, text, tail, found):
    (tmp_path / "log").write_bytes(text)
    assert await read(tmp_path / "log", tail=tail) == found


async def test_following_ends_when_nothing_more_comes(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"one\n")
    ended = []

    def later():
        with path.open("ab") as file:
            file.write(b"two\n")
        ended.append(True)

    asyncio.get_running_loop().call_later(0.05, later)
    assert await read(path, follow=True, over=lambda: bool(ended)) == b"one\ntwo\n"
