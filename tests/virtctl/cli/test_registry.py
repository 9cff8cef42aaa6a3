from pathlib import Path

import pytest

from virtctl.cli import commands, registry
from virtctl.cli.grammar import load, shape

_BELOW = Path(commands.__file__).parent


def test_names_are_unique_and_sections_known() -> None:
    names = [command.name for command in registry.COMMANDS]
    assert len(names) == len(set(names))
    assert {command.section for command in registry.COMMANDS} == set(registry.SECTIONS)


def test_every_command_module_is_registered() -> None:
    modules = {
        ".".join(path.relative_to(_BELOW).with_suffix("").parts)
        for path in _BELOW.rglob("*.py")
        if path.name != "__init__.py" and "def run(" in path.read_text()
    }
    assert modules == {command.module for command in registry.COMMANDS}


def test_groups_have_summaries() -> None:
    groups = {command.path[0] for command in registry.COMMANDS if len(command.path) > 1}
    alone = {command.name for command in registry.COMMANDS}
    assert groups - alone <= set(registry.GROUPS)


def test_a_command_may_be_a_group_too() -> None:
    assert registry.find(("vnc",)) is not None
    assert registry.is_group(("vnc",))
    assert [command.name for command in registry.children(("vnc",))] == ["vnc screenshot"]
    assert not registry.is_group(("start",))


@pytest.mark.parametrize("command", registry.COMMANDS, ids=lambda command: command.name)
def test_no_flag_is_there_twice(command: registry.Command) -> None:
    names = [name for flag in shape(load(command)).flags for name in flag.option.names]
    assert len(names) == len(set(names))
