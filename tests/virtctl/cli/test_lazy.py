import pytest

from tests.fakes.env import virtctl
from virtctl.cli import registry
from virtctl.cli.lazy import help_text, options_text
from virtctl.errors import UsageError


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]])
def test_the_overview_lists_all_sections(argv: list[str]) -> None:
    ran = virtctl(*argv)
    assert ran.code == 0
    assert all(f"{section}:" in ran.out for section in registry.SECTIONS)
    assert "start" in ran.out
    assert "Use `virtctl options`" in ran.out


def test_a_plugin_says_its_own_name() -> None:
    assert "Usage: kubectl virt" in help_text("kubectl virt", ())
    assert "kubectl virt create vm" in help_text("kubectl virt", ("create", "vm"))


@pytest.mark.parametrize("argv", [["create"], ["create", "--help"], ["help", "create"]])
def test_a_group_shows_its_commands(argv: list[str]) -> None:
    ran = virtctl(*argv)
    assert (ran.code, "vm " in ran.out) == (0, True)


@pytest.mark.parametrize("command", registry.COMMANDS, ids=lambda c: c.name)
def test_every_command_has_help(command: registry.Command) -> None:
    text = help_text("virtctl", command.path)
    assert text.startswith(f"Usage: virtctl {command.name}")
    assert "--help" in text


def test_values_and_defaults_are_shown() -> None:
    text = help_text("virtctl", ("start",))
    assert "--timeout DURATION" in text
    assert "[default: 5m]" in " ".join(text.split())


def test_options_are_the_global_flags() -> None:
    assert "--kubeconfig" in options_text()
    assert "--kubeconfig" in virtctl("options").out


def test_unknown_commands_have_no_help() -> None:
    with pytest.raises(UsageError, match="frobnicate"):
        help_text("virtctl", ("frobnicate",))


def test_help_uses_the_name_we_were_called_by() -> None:
    ran = virtctl("create", "vm", "--help", program="oc virt")
    text = " ".join(ran.out.split())
    assert text.startswith("Usage: oc virt create vm")
    assert "`oc virt create vm ... | oc virt apply -f -` does the same" in text
    assert "Use `oc virt options`" in text
    assert "virtctl" not in text
