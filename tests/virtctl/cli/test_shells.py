import shutil
import subprocess

import pytest

from virtctl.cli.shells import FILES, SHELLS, TABLE, Offer, Place, Table, script

SMALL = Table(
    [
        Place("", [Offer("go", "Let it go."), Offer("make", "It's made.")], [], is_group=True),
        Place("go", [], [Offer("--far", "Don't stop: run.")], is_group=False),
        Place("make", [Offer("tea", "")], [], is_group=True),
        Place("make tea", [], [], is_group=False),
    ],
    [Offer("--help-me", "")],
)


def test_every_shell_has_a_script_and_a_file() -> None:
    assert set(FILES.values()) == set(SHELLS)
    for shell in SHELLS:
        text = script(shell, describe=True)
        assert "__complete " in text
        assert "@FLAGS@" not in text
        assert "__complete " not in script(shell, describe=False)


def test_the_table_is_read_as_it_was_written() -> None:
    assert Table.load(SMALL.dump(), describe=True) == SMALL
    assert Table.load(SMALL.dump(), describe=False).places[0].words[1] == Offer("make", "")
    assert Table.load(TABLE.read_text(), describe=True).places[0].is_group


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_reads_its_script(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    for describe in (True, False):
        text = script(shell, describe=describe, table=SMALL.dump())
        argv = [shell, "-n"]
        read = subprocess.run(argv, input=text, text=True, capture_output=True, check=False)
        assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("virtctl ", "go make"),
        ("virtctl m", "make"),
        ("virtctl make ", "tea"),
        ("virtctl go --f", "--far"),
        ("virtctl go x --", "--far --help-me"),
        ("virtctl go ", "go,"),
        ("virtctl -n x g", "-n,x,g"),
        ("virtctl go --far=a:b", "b2"),
    ],
)
def test_bash_asks_only_for_what_it_does_not_know(line: str, offered: str) -> None:
    program = f"""
    virtctl() {{
        shift; local IFS=,
        if [[ $* == *a:b ]]; then echo --far=a:b2; else echo "$*"; fi
        echo :4
    }}
    COMP_LINE={line!r} COMP_POINT={len(line)} COMP_WORDBREAKS='=:'
    _virtctl
    echo "${{COMPREPLY[*]}}"
    """
    text = script("bash", describe=True, table=SMALL.dump())
    ran = subprocess.run(
        ["bash", "--norc"], input=text + program, text=True, capture_output=True, check=True
    )
    assert ran.stdout.strip() == offered
