"""Lines for files, bars for terminals."""

from __future__ import annotations

import io

from tests.fakes.env import fake_env
from virtctl.cli.commands.image.watching import watching
from virtctl.cli.env import Env
from virtctl.cli.flags import GlobalFlags
from virtctl.cli.session import Session


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def session(env: Env) -> Session:
    return Session(env, GlobalFlags())


def test_a_line_for_each_step() -> None:
    env = fake_env()
    with watching(session(env)) as progress:
        progress("layer 1 of 2", 0, 10)
        progress("layer 1 of 2", 10, 10)
        progress("unpacking")
    assert env.stderr.getvalue() == "layer 1 of 2\nunpacking\n"  # type: ignore[attr-defined]


def test_bars() -> None:
    env = fake_env({"TERM": "xterm"})
    env.stderr = Terminal()
    with watching(session(env)) as progress:
        progress("layer 1 of 1", 0, 10)
        progress("layer 1 of 1", 5, 10)
        progress("unpacking the disk", 7)
    shown = env.stderr.getvalue()
    assert "layer 1 of 1" in shown
    assert "unpacking the disk" in shown
