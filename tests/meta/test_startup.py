"""Start-up stays cheap: a command imports what it needs and nothing else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.canned import KUBEVIRT, SUBRESOURCES, api_server, table, vmi

HEAVY = (
    "httpx", "starlette", "uvicorn", "pyroute2", "libvirt", "rich", "kubernetes", "paramiko",
    "cryptography", "pydantic", "sqlite3", "asyncio", "websockets",
)  # fmt: skip
UNDRAWN = (*HEAVY, "typer", "click")
OFFLINE = (*UNDRAWN, "http.client", "ssl", "msgspec")


def imported(words: list[str], names: tuple[str, ...], home: str = "/nonexistent") -> str:
    """Which of ``names`` a command line imports; it must succeed."""
    program = (
        "import sys; sys.argv = ['virtctl', *sys.argv[1:]]\n"
        "from virtctl.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        f"print('heavy:', [name for name in {names!r} if name in sys.modules], file=sys.stderr)"
    )
    environ = {**os.environ, "XDG_CACHE_HOME": home, "KUBECONFIG": f"{home}/config"}
    ran = subprocess.run(
        [sys.executable, "-c", program, *words],
        capture_output=True, text=True, check=True, env=environ,
    )  # fmt: skip
    return ran.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "words", [["--help"], ["start", "--help"], ["ssh", "--help"], ["create", "vm", "--help"]]
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    assert imported(words, HEAVY) == "heavy: []"


@pytest.mark.parametrize(
    "words",
    [
        ["version", "--client"],
        ["__complete", "sta"],
        ["__complete", "start", "--"],
        ["__complete", "ssh", "-"],
        ["completion", "bash"],
        ["create", "vm"],
        ["create", "clone", "--source-name", "a"],
    ],
)
def test_what_asks_nobody_imports_no_client(words: list[str]) -> None:
    assert imported(words, OFFLINE) == "heavy: []"


def test_starting_a_machine() -> None:
    with api_server() as server:
        server.on("PUT", f"{SUBRESOURCES}/virtualmachines/web/start", None)
        words = [f"--server={server.url}", "start", "web"]
        assert imported(words, (*UNDRAWN, "yaml", "msgspec")) == "heavy: []"


def test_ssh_until_openssh_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachineinstances/web", vmi())
        words = [f"--server={server.url}", "ssh", "vm/web"]
        assert imported(words, (*UNDRAWN, "yaml", "msgspec")) == "heavy: []"
        assert len(server.asked) == 1


def test_names_that_are_kept_need_no_client(tmp_path: Path) -> None:
    with api_server() as server:
        server.object(f"{KUBEVIRT}/virtualmachines", table("web"))
        words = ["__complete", f"--server={server.url}", "--request-timeout=60s", "start", ""]
        assert imported(words, UNDRAWN, str(tmp_path)) == "heavy: []"
        assert imported(words, OFFLINE, str(tmp_path)) == "heavy: []"
        assert len(server.asked) == 1
