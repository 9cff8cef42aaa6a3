"""What must not be in the repository: paths of somebody's machine, unfinished work."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def grep(pattern: str) -> list[str]:
    ran = subprocess.run(
        ["git", "grep", "-nIE", pattern, "--", ".", ":!uv.lock", ":!tests/meta/test_words.py"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ran.stdout.splitlines()


def test_no_paths_of_a_machine() -> None:
    assert grep(r"(^|[^a-z])/wor[k]/|/roo[t]/\.(pyenv|cargo|local)") == []


def test_nothing_is_left_open() -> None:
    assert grep(r"\b(TODO|FIXME|XXX|NotImplementedError)\b") == []
