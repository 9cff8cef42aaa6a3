"""Help, drawn by Typer out of the registry and the commands' signatures.

A group's help imports none of its commands: names and summaries are in the registry. A command's
help imports that command only. Rich markup is off, so that help looks like kubectl's everywhere.
"""

from __future__ import annotations

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from virtctl.cli import registry
from virtctl.cli.failures import called
from virtctl.cli.flags import GLOBAL_FLAGS, Flag
from virtctl.cli.grammar import Word, load, shape
from virtctl.errors import UsageError

_FOOTER = "Use `{program} options` for the flags that all commands take."


class LazyGroup(TyperGroup):
    """A group that lists commands from the registry and imports only the one asked for."""

    def __init__(self, name: str, path: tuple[str, ...], program: str) -> None:
        super().__init__(
            name=name, help=registry.GROUPS.get(" ".join(path), ""), rich_markup_mode=None
        )
        self.path = path
        self.program = program

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        """Names one word below, in the registry's order."""
        return list(dict.fromkeys(command.path[len(self.path)] for command in _below(self.path)))

    def get_command(self, ctx: typer.Context, cmd_name: str) -> TyperCommand | LazyGroup | None:  # type: ignore[override]  # noqa: ARG002
        """The command or group ``cmd_name`` of this group."""
        return find((*self.path, cmd_name), self.program)

    def format_commands(self, ctx: typer.Context, formatter: object) -> None:  # type: ignore[override]  # noqa: ARG002
        """One list a section, from the registry alone."""
        for section in registry.SECTIONS:
            rows = _rows(self.path, section)
            if rows:
                title = section if not self.path else "Commands"
                with formatter.section(title):  # type: ignore[attr-defined]
                    formatter.write_dl(rows)  # type: ignore[attr-defined]


def _below(path: tuple[str, ...]) -> list[registry.Command]:
    return [
        command
        for command in registry.COMMANDS
        if len(command.path) > len(path)
        and command.path[: len(path)] == path
        and not command.hidden
    ]


def _rows(path: tuple[str, ...], section: str) -> list[tuple[str, str]]:
    rows: dict[str, str] = {}
    for command in _below(path):
        if command.section != section:
            continue
        word = (*path, command.path[len(path)])
        summary = registry.find(word)
        text = summary.summary if summary else registry.GROUPS.get(" ".join(word), command.summary)
        rows.setdefault(word[-1], text)
    return list(rows.items())


def find(path: tuple[str, ...], program: str) -> TyperCommand | LazyGroup | None:
    """The Typer object for ``path``; None when there is no such command."""
    command = registry.find(path)
    if command is not None:
        return build(command, program)
    if registry.is_group(path):
        return LazyGroup(path[-1] if path else program, path, program)
    return None


def build(command: registry.Command, program: str) -> TyperCommand:
    """A Typer command with the parameters of the command's signature."""
    body = load(command)
    form = shape(body)
    arguments = [_argument(word) for word in form.words]
    options = [option(flag) for flag in form.flags]
    return TyperCommand(
        name=command.path[-1],
        help=called(body.__doc__ or command.summary, program),
        params=[*arguments, *options],
        rich_markup_mode=None,
    )


def _argument(word: Word) -> TyperArgument:
    return TyperArgument(
        param_decls=[word.parameter],
        metavar=word.argument.metavar + ("..." if word.many else ""),
        nargs=-1 if word.many else 1,
        required=word.required,
        help=word.argument.help,
    )


def option(flag: Flag) -> TyperOption:
    """A Typer option that looks like ``flag`` in help."""
    switch = flag.kind is bool
    note = f" [deprecated: {flag.option.deprecated}]" if flag.option.deprecated else ""
    return TyperOption(
        param_decls=[*flag.option.names, flag.parameter],
        help=flag.option.help + note,
        is_flag=switch,
        multiple=flag.many,
        metavar=None
        if switch
        else flag.option.metavar or ("INTEGER" if flag.kind is int else "TEXT"),
        required=flag.option.required,
        hidden=flag.option.hidden,
        show_default=isinstance(flag.default, (str, int)) and flag.default not in {"", False},
        default=None if flag.many else flag.default,
    )


def help_text(program: str, path: tuple[str, ...]) -> str:
    """Help for ``path``. Raises ``UsageError`` when there is no such command."""
    command = find(path, program)
    if command is None:
        raise UsageError(f"unknown command `{' '.join(path)}`")
    parent = None
    for name in (program, *path[:-1]) if path else ():
        parent = typer.Context(LazyGroup(name, (), program), info_name=name, parent=parent)
    context = typer.Context(command, info_name=path[-1] if path else program, parent=parent)
    return f"{command.get_help(context)}\n\n{_FOOTER.format(program=program)}"


def options_text() -> str:
    """The global flags."""
    command = TyperCommand(
        name="options", params=[option(flag) for flag in GLOBAL_FLAGS], add_help_option=False,
        rich_markup_mode=None,
    )  # fmt: skip
    context = typer.Context(command, info_name="options")
    formatter = context.make_formatter()
    command.format_options(context, formatter)
    return formatter.getvalue()
