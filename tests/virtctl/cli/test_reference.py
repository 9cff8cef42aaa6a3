from virtctl.cli import registry
from virtctl.cli.flags import GLOBAL_FLAGS
from virtctl.cli.reference import cli_page, generated, main, stale


def test_every_command_and_flag_is_there() -> None:
    page = cli_page()
    for command in registry.COMMANDS:
        assert f"### virtctl {command.name}\n" in page
    for flag in GLOBAL_FLAGS:
        assert f"`{flag.long}" in page


def test_check_agrees_with_what_is_stale() -> None:
    assert main(["--check"]) == (1 if stale() else 0)
    assert {str(path) for path in generated()} >= {
        "docs/reference/cli.md",
        "completions/virtctl.bash",
    }
