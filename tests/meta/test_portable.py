"""The core is importable where Unix's own modules are missing: on Windows, and partly on macOS."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
UNIX_ONLY = (
    "fcntl", "termios", "tty", "pty", "pwd", "grp", "resource", "syslog", "readline", "curses",
    "pyroute2", "libvirt", "uvloop",
)  # fmt: skip
GONE = ("fork", "geteuid", "getuid", "setsid", "mkfifo", "sched_getaffinity", "WNOHANG", "uname")
ROOMS = ("cli", "client", "streams", "output", "manifests", "wire", "models", "errors")
# the standard library and third parties come first: they may have what is then taken away
PROGRAM = """
import sys
import asyncio, getpass, http.client, pathlib, shutil, ssl, subprocess, tempfile
import kubernetes.config, paramiko, rich.console, typer, websockets.asyncio.server, yaml
import os, signal, socket
for name in UNIX:
    sys.modules[name] = None
for name in GONE:
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGWINCH", "SIGKILL"):
    if hasattr(signal, name):
        delattr(signal, name)
del socket.AF_UNIX
import importlib
for name in MODULES:
    importlib.import_module(name)
"""


def modules(*rooms: str) -> list[str]:
    found = []
    for path in sorted((ROOT / "virtctl").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        inside = any(name == room or name.startswith(f"{room}.") for room in rooms)
        if inside and name != "virtctl.__main__":
            found.append(name)
    return found


def test_the_core_is_importable() -> None:
    names = modules(*(f"virtctl.{room}" for room in ROOMS))
    assert len(names) > 100
    program = f"UNIX = {UNIX_ONLY!r}\nGONE = {GONE!r}\nMODULES = {names!r}\n"
    ran = subprocess.run(
        [sys.executable, "-c", program + PROGRAM], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
