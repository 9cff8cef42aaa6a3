import subprocess

import pytest

from tests.fakes.env import virtctl
from virtctl.cli.shells import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_scripts(shell: str) -> None:
    assert "__complete" in virtctl("completion", shell).out
    plain = virtctl("completion", shell, "--no-descriptions").out
    assert "__completeNoDesc" in plain


def test_bash_reads_its_script() -> None:
    script = virtctl("completion", "bash").out
    read = subprocess.run(["bash", "-n"], input=script.encode(), capture_output=True, check=False)
    assert (read.returncode, read.stderr) == (0, b"")


def test_an_unknown_shell_gets_help() -> None:
    ran = virtctl("completion", "tcsh")
    assert (ran.code, "Usage: virtctl completion" in ran.out) == (0, True)
