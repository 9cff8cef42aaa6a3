"""Programs of a test's own that others start."""

import shlex
import sys
from pathlib import Path


def write_program(path: Path, body: str) -> None:
    """A program in Python; it starts where the interpreter's path has blanks, too."""
    argv = shlex.join([sys.executable, "-c", body])
    path.write_text(f'#!/bin/sh\nexec {argv} "$@"\n')
    path.chmod(0o700)
