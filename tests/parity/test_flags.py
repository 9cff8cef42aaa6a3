"""Every command and flag of Go's virtctl is there, read the same way.

``flags.txt`` holds the facts. What differs on purpose stands in the tables below, with its reason.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.fakes.env import virtctl
from virtctl.cli import registry
from virtctl.cli.flags import GLOBAL_FLAGS, Flag
from virtctl.cli.grammar import Shape, load, shape
from virtctl.cli.options import INT32, INT64, UINT32, UINT64

NONE_GIVEN = "what is not given is told from the default; the builder puts the same value"
DEFAULTS = {
    ("create vm", "memory"): NONE_GIVEN,
    ("create vm", "infer-instancetype"): NONE_GIVEN,
    ("create vm", "infer-preference"): NONE_GIVEN,
    ("create vm", "cloud-init"): NONE_GIVEN,
    ("stop", "grace-period"): "none is None, not -1",
    ("restart", "grace-period"): "none is None, not -1",
    ("ssh", "known-hosts"): "a file for each machine, so that a new one's key is no surprise",
    ("scp", "known-hosts"): "as for ssh",
    ("(global)", "v"): "nothing is logged by default, so levels begin at 0",
    ("(global)", "request-timeout"): "none is None, which means 0 as well",
    **{
        ("adm log-verbosity", name): "none is None, not 11"
        for name in (
            "all", "virt-api", "virt-controller", "virt-handler", "virt-launcher", "virt-operator",
        )
    },
}  # fmt: skip
SPECIAL = {
    "options": "prints the global flags, whatever words follow",
    "completion": "the shell is its word, not a command of its own",
    "help": "prints the help of the words that follow",
}
INSTEAD_OF_BOOL = {
    "dry-run": "takes server and client, too; bare and =true mean what they do in Go",
}
HIDDEN = {
    ("addvolume", "persist"): "it has no effect",
    ("removevolume", "persist"): "it has no effect",
}
TYPES = {("console", "timeout"): "a plain number is minutes; durations like 90s are read, too"}
IN_THE_COMMAND = {
    ("create vm", "ssh-key"): "a line of CSV, as pflag's string slices are",
}
LIMITS = {"int": INT64, "int32": INT32, "int64": INT64, "uint": UINT64, "uint32": UINT32}


class Fact(NamedTuple):
    """A flag of a command of Go's virtctl."""

    command: str
    name: str
    short: str
    kind: str
    facts: dict[str, str]


class Command(NamedTuple):
    """A command, how many words it takes (most is -1 for any number), and its flags."""

    name: str
    least: int
    most: int
    flags: tuple[Fact, ...]


def read() -> list[Command]:
    blocks = (Path(__file__).parent / "flags.txt").read_text().split("\n\n")[1:]
    return [command(block.splitlines()) for block in blocks]


def command(lines: list[str]) -> Command:
    found = re.fullmatch(r"(.+?)(?: (\d+) (\d+|\*)(?: hidden)?)?", lines[0])
    assert found is not None
    name, least, most = found.group(1), found.group(2) or "0", found.group(3) or "0"
    facts = tuple(fact(name, line.split()) for line in lines[1:])
    return Command(name, int(least), -1 if most == "*" else int(most), facts)


def fact(name: str, words: list[str]) -> Fact:
    flag, _, short = words[0].removeprefix("--").partition(",")
    pairs = (word.partition("=") for word in words[2:])
    return Fact(
        name, flag, short.removeprefix("-"), words[1], {key: value for key, _, value in pairs}
    )


COMMANDS = read()
FLAGS = [flag for one in COMMANDS for flag in one.flags if not one.name.startswith("completion")]


def form_of(name: str) -> Shape:
    if name == "(global)":
        return Shape((), GLOBAL_FLAGS)
    found = registry.find(tuple(name.split()))
    assert found is not None, f"there is no command {name}"
    return shape(load(found))


def flag_of(name: str, wanted: str) -> Flag:
    found = [flag for flag in form_of(name).flags if f"--{wanted}" in flag.option.names]
    assert found, f"{name} has no flag --{wanted}"
    return found[0]


@pytest.mark.parametrize("one", COMMANDS, ids=lambda one: one.name)
def test_command_is_there(one: Command) -> None:
    words = tuple(one.name.split())
    if one.name == "(global)" or words[0] in SPECIAL:
        return
    if registry.find(words) is None:
        assert registry.is_group(words)
        return
    form = form_of(one.name)
    needed = sum(word.required for word in form.words)
    assert needed <= max(one.least, 1)
    if one.most > 0:
        assert len(form.words) >= one.most or any(word.many for word in form.words)


@pytest.mark.parametrize("fact", FLAGS, ids=lambda one: f"{one.command} --{one.name}")
def test_flag_is_read_alike(fact: Fact) -> None:
    flag = flag_of(fact.command, fact.name)
    option = flag.option
    shorts = {name for name in option.names if len(name) == 2}
    assert (f"-{fact.short}" in shorts) if fact.short else not shorts, option.names
    takes_no_word = flag.kind is bool or bool(option.bare)
    assert takes_no_word is ("bare" in fact.facts)
    assert flag.many is ("repeated" in fact.facts)
    assert option.required is ("required" in fact.facts)
    assert option.hidden is ("hidden" in fact.facts or (fact.command, fact.name) in HIDDEN)
    assert bool(option.deprecated) is ("deprecated" in fact.facts)
    if "comma" in fact.facts and fact.kind == "stringSlice":
        assert option.split or (fact.command, fact.name) in IN_THE_COMMAND
    elif fact.kind in {"string", "stringArray"}:
        assert not option.split
    check_type(fact, flag)


def check_type(fact: Fact, flag: Flag) -> None:
    if fact.kind == "bool":
        assert flag.kind is bool or fact.name in INSTEAD_OF_BOOL
    elif (fact.command, fact.name) in TYPES:
        assert flag.kind is str
    elif fact.kind in LIMITS:
        assert flag.kind is int
        (least, most), (lowest, highest) = flag.option.limits, LIMITS[fact.kind]
        assert lowest <= least < most <= highest
        assert flag.option.bare == fact.facts.get("bare", "")
    else:
        assert flag.kind is str


@pytest.mark.parametrize("fact", FLAGS, ids=lambda one: f"{one.command} --{one.name}")
def test_default_is_the_same(fact: Fact) -> None:
    default = flag_of(fact.command, fact.name).default
    if "repeated" in fact.facts or (fact.command, fact.name) in DEFAULTS:
        return
    wanted = fact.facts.get("default", "")
    shown = str(default).lower() if isinstance(default, bool) else str(default or "")
    assert shown in ({wanted} if wanted not in {"", "0", "false"} else {"", "0", "false"})


def groups(one: Command) -> dict[str, list[Fact]]:
    found: dict[str, list[Fact]] = {}
    for flag in one.flags:
        for name in filter(None, flag.facts.get("group", "").split(",")):
            found.setdefault(name, []).append(flag)
    return found


RIVALS = [
    (one, first, second)
    for one in COMMANDS
    for rivals in groups(one).values()
    for position, first in enumerate(rivals)
    for second in rivals[position + 1 :]
]


def given(fact: Fact) -> str:
    """The flag with a value that can be read."""
    if fact.kind == "bool":
        return f"--{fact.name}"
    value = "1" if fact.kind in LIMITS else "a=b" if fact.kind == "stringToString" else "/dev/null"
    return f"--{fact.name}={value}"


@pytest.mark.parametrize(
    ("one", "first", "second"),
    RIVALS,
    ids=[f"{one.name} --{first.name} --{second.name}" for one, first, second in RIVALS],
)
def test_rivals_exclude_each_other(one: Command, first: Fact, second: Fact) -> None:
    words = ["create" if one.name == "vmexport" else "a", "b"][: one.least if one.most >= 0 else 1]
    if one.most == -1 and not form_of(one.name).words:
        words = []
    needed = [given(flag) for flag in one.flags if "required" in flag.facts]
    rivals = [given(first), given(second)]
    ran = virtctl(*one.name.split(), *words, *needed, *rivals, stdin="")
    assert ran.code == 2, ran.err
    assert f"`--{first.name}`" in ran.err
    assert f"`--{second.name}`" in ran.err
