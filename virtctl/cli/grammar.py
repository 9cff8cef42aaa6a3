"""The grammar of the command line, which is pflag's: what Go virtctl and kubectl accept.

``--name=value``, ``--name value``, ``-nvalue``, ``-n=value``, clusters of short flags,
``--switch`` and ``--switch=false``, flags and words in any order, ``--`` before words that look
like flags, and global flags before or after the command.

Typer's own parser knows neither ``--switch=false`` nor global flags behind the command, and
importing it costs more than a whole command may take; it is used where it shines, for help
(``virtctl.cli.lazy``).
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import NamedTuple

from virtctl.cli.csvline import fields
from virtctl.cli.flags import GLOBAL_FLAGS, Flag, GlobalFlags, Value
from virtctl.cli.options import WAIT_STATES, Argument, Option
from virtctl.cli.registry import Command, find, is_group
from virtctl.errors import UsageError

Body = Callable[..., object]
TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


class Word(NamedTuple):
    """A positional parameter; ``many`` takes all that are left."""

    parameter: str
    argument: Argument
    many: bool
    required: bool


class Shape(NamedTuple):
    """What a command's signature accepts."""

    words: tuple[Word, ...]
    flags: tuple[Flag, ...]


class Invocation(NamedTuple):
    """A command line, understood. ``body`` is None when help for ``path`` is wanted."""

    path: tuple[str, ...]
    body: Body | None
    arguments: dict[str, Value]
    globals: GlobalFlags
    notices: tuple[str, ...] = ()


def load(command: Command) -> Body:
    """Import a command's module and return its ``run``."""
    body = getattr(import_module(command.target), "run")  # noqa: B009 - the name is the convention
    return typing.cast("Body", body)


def shape(body: Body) -> Shape:
    """Read a command's signature."""
    hints = typing.get_type_hints(body, include_extras=True)
    code = body.__code__
    positional = code.co_varnames[1 : code.co_argcount]  # the first is the session
    keyword = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    defaults = body.__kwdefaults__ or {}
    optional = len(body.__defaults__ or ())
    first_optional = len(positional) - optional
    words = tuple(
        _word(name, hints[name], required=index < first_optional)
        for index, name in enumerate(positional)
    )
    flags = tuple(_flag(name, hints[name], defaults.get(name)) for name in keyword)
    return Shape(words, flags)


def _word(name: str, hint: object, *, required: bool) -> Word:
    base, marker = _annotated(name, hint, Argument)
    return Word(name, marker, typing.get_origin(base) is list, required)


def _flag(name: str, hint: object, default: Value) -> Flag:
    base, marker = _annotated(name, hint, Option)
    kinds = (base,) if typing.get_origin(base) is list else typing.get_args(base) or (base,)
    many = any(typing.get_origin(kind) is list for kind in kinds)
    kind = str if many else next(kind for kind in kinds if kind in {str, int, bool})
    return Flag(name, marker, typing.cast("type", kind), many, default)


M = typing.TypeVar("M", Option, Argument)


def _annotated(name: str, hint: object, marker: type[M]) -> tuple[object, M]:
    for part in getattr(hint, "__metadata__", ()):
        if isinstance(part, marker):
            return typing.get_args(hint)[0], part
    raise TypeError(f"parameter {name} has no {marker.__name__}")


def read(argv: list[str]) -> Invocation:
    """Understand a command line.

    Raises ``UsageError``, whose message names the offending word.
    """
    path, rest, leading = _route(argv)
    command = find(path)
    if command is None or (rest and rest[0] in {"-h", "--help"}):
        return Invocation(path, None, {}, GlobalFlags())
    body = load(command)
    form = shape(body)
    reader = _Reader(form.flags)
    reader.take(leading + rest)
    if reader.help:
        return Invocation(path, None, {}, GlobalFlags())
    arguments, outer = reader.finish(form)
    arguments.update(_place(form.words, reader.words))
    return Invocation(path, body, arguments, GlobalFlags(outer), tuple(reader.notices))


def words_of(argv: list[str]) -> tuple[str, ...]:
    """The command's words as far as ``argv`` has any, flags between them skipped; never raises."""
    table = _by_name(GLOBAL_FLAGS)
    path: tuple[str, ...] = ()
    skip = False
    for word in argv:
        if skip:
            skip = False
        elif word.startswith("-"):
            flag = table.get(word)
            skip = flag is not None and not _bare(flag)
        elif find((*path, word)) or is_group((*path, word)):
            path = (*path, word)
        else:
            break
    return path


def _route(argv: list[str]) -> tuple[tuple[str, ...], list[str], list[str]]:
    """Split into the command's words, what follows, and flags that came before."""
    table = _by_name(GLOBAL_FLAGS)
    path: tuple[str, ...] = ()
    leading: list[str] = []
    rest = list(argv)
    while rest:
        item = rest[0]
        if item in {"-h", "--help"}:
            return path, rest, leading
        if item.startswith("-") and item != "-":
            if find(path) is not None:
                break
            leading.append(rest.pop(0))
            if _wants_value(item, table) and rest:
                leading.append(rest.pop(0))
            continue
        if find((*path, item)) is None and not _starts_group((*path, item)):
            if find(path) is None:
                raise UsageError(
                    f"unknown command `{' '.join((*path, item))}`", _similar(path, item)
                )
            break
        path = (*path, rest.pop(0))
    return path, rest, leading


def _starts_group(path: tuple[str, ...]) -> bool:
    return bool(path) and is_group(path)


def _wants_value(item: str, table: Mapping[str, Flag]) -> bool:
    if "=" in item:
        return False
    if item.startswith("--"):
        flag = table.get(item)
        if flag is None:
            raise UsageError(f"unknown flag `{item}` before the command")
        return not _bare(flag)
    flag = table.get(item[:2])
    if flag is None:
        raise UsageError(f"unknown flag `{item}` before the command")
    return len(item) == 2 and not _bare(flag)


def _similar(path: tuple[str, ...], item: str) -> str | None:
    from difflib import get_close_matches  # only for typing errors

    from virtctl.cli.registry import COMMANDS

    names = {
        c.path[len(path)]
        for c in COMMANDS
        if c.path[: len(path)] == path and len(c.path) > len(path)
    }
    close = get_close_matches(item, sorted(names), 1)
    return f"did you mean `{' '.join((*path, close[0]))}`?" if close else None


def _by_name(flags: tuple[Flag, ...]) -> dict[str, Flag]:
    return {name: flag for flag in flags for name in flag.option.names}


def _bare(flag: Flag) -> str:
    return "true" if flag.kind is bool and not flag.option.bare else flag.option.bare


class _Reader:
    """Takes tokens; collects words, values of the command's flags, and of the global ones."""

    def __init__(self, flags: tuple[Flag, ...]) -> None:
        self.own = {flag.parameter for flag in flags}
        self.table = _by_name(GLOBAL_FLAGS) | _by_name(flags)
        self.words: list[str] = []
        self.values: dict[str, Value] = {}
        self.outer: dict[str, Value] = {}
        self.notices: list[str] = []
        self.help = False

    def take(self, tokens: list[str]) -> None:
        pending = list(tokens)
        while pending:
            item = pending.pop(0)
            if item == "--":
                self.words.extend(pending)
                return
            if item in {"-h", "--help"} and item not in self.table:
                self.help = True
                return
            if item.startswith("--"):
                self._long(item, pending)
            elif item.startswith("-") and item != "-":
                self._short(item, pending)
            else:
                self.words.append(item)

    def _long(self, item: str, pending: list[str]) -> None:
        name, equals, value = item.partition("=")
        flag = self._flag(name)
        if equals:
            self._store(flag, name, value)
        elif flag.option.complete == "wait" and pending and pending[0] in WAIT_STATES:
            self._store(flag, name, pending.pop(0))  # no machine is meant by `--wait ssh`
        elif _bare(flag):
            self._store(flag, name, _bare(flag))
        else:
            self._store(flag, name, self._next(name, pending))

    def _short(self, item: str, pending: list[str]) -> None:
        rest = item[1:]
        while rest:
            name, rest = f"-{rest[0]}", rest[1:]
            flag = self._flag(name)
            if rest.startswith("=") and len(rest) > 1:
                self._store(flag, name, rest[1:])
                return
            if _bare(flag):
                self._store(flag, name, _bare(flag))
                continue
            self._store(flag, name, rest or self._next(name, pending))
            return

    def _flag(self, name: str) -> Flag:
        flag = self.table.get(name)
        if flag is None:
            raise UsageError(f"unknown flag `{name}`")
        return flag

    def _next(self, name: str, pending: list[str]) -> str:
        if not pending:
            raise UsageError(f"flag `{name}` needs a value")
        return pending.pop(0)

    def _store(self, flag: Flag, name: str, raw: str) -> None:
        if flag.option.deprecated:
            self.notices.append(f"Flag {name} has been deprecated, {flag.option.deprecated}")
        values = self.values if self._is_own(flag) else self.outer
        value = convert(flag, name, raw)
        if not flag.many:
            values[flag.parameter] = value
            return
        parts = _split(flag, name, raw)
        held = values.setdefault(flag.parameter, [])
        if isinstance(held, list):
            held.extend(parts)

    def _is_own(self, flag: Flag) -> bool:
        return flag.parameter in self.own and flag not in GLOBAL_FLAGS

    def finish(self, form: Shape) -> tuple[dict[str, Value], dict[str, Value]]:
        missing = [
            f"`{flag.long}`"
            for flag in form.flags
            if flag.option.required and flag.parameter not in self.values
        ]
        if missing:
            raise UsageError(f"required flag(s) {', '.join(missing)} not set")
        self._refuse_rivals(form)
        return self.values, self.outer

    def _refuse_rivals(self, form: Shape) -> None:
        given = [flag for flag in form.flags if flag.parameter in self.values]
        for group in dict.fromkeys(name for flag in given for name in flag.option.group):
            rivals = [f"`{flag.long}`" for flag in given if group in flag.option.group]
            if len(rivals) > 1:
                raise UsageError(f"flags {', '.join(rivals)} exclude each other")


def _split(flag: Flag, name: str, raw: str) -> list[str]:
    """The values in one. Raises ``UsageError`` naming flag and value."""
    if not flag.option.split:
        return [raw]
    try:
        return [part for line in raw.splitlines() for part in fields(line)]
    except ValueError as error:
        raise UsageError(f"invalid argument `{raw}` for flag `{name}`: {error}") from None


def convert(flag: Flag, name: str, raw: str) -> Value:
    """``raw`` in the flag's type. Raises ``UsageError`` naming flag and value."""
    if flag.kind is bool:
        if raw in TRUE or raw in FALSE:
            return raw in TRUE
        raise UsageError(f"invalid argument `{raw}` for flag `{name}`: must be true or false")
    if flag.kind is int:
        return _limited(flag, name, raw)
    if flag.option.choices and raw not in flag.option.choices:
        wanted = ", ".join(filter(None, flag.option.choices))
        raise UsageError(f"invalid argument `{raw}` for flag `{name}`: must be one of {wanted}")
    return raw


def _limited(flag: Flag, name: str, raw: str) -> int:
    """A number within the flag's limits. Raises ``UsageError``."""
    least, most = flag.option.limits
    try:
        number = _number(raw, signed=least < 0)
    except ValueError:
        raise UsageError(
            f"invalid argument `{raw}` for flag `{name}`: must be a whole number"
        ) from None
    if least <= number <= most:
        return number
    raise UsageError(f"invalid argument `{raw}` for flag `{name}`: must be {least} to {most}")


def _number(raw: str, *, signed: bool) -> int:
    """As Go reads numbers: 0x, 0o, 0b and a leading 0 for octal. Raises ``ValueError``."""
    digits = raw[1:] if raw.startswith(("+", "-") if signed else "-") else raw
    if not digits.isascii() or not digits[:1].isdigit() or digits[-1].isspace():
        raise ValueError(raw)
    octal = len(digits) > 1 and digits.startswith("0") and digits.isdigit()
    number = int(digits, 8) if octal else int(digits, 0)
    return -number if raw.startswith("-") else number


def _place(words: tuple[Word, ...], given: list[str]) -> dict[str, Value]:
    """Hand the words to the positional parameters."""
    placed: dict[str, Value] = {}
    left = list(given)
    for word in words:
        if word.many:
            if not left and word.required:
                raise UsageError(f"missing argument {word.argument.metavar}")
            placed[word.parameter], left = left, []
        elif left:
            placed[word.parameter] = left.pop(0)
        elif word.required:
            raise UsageError(f"missing argument {word.argument.metavar}")
    if left:
        raise UsageError(f"unexpected argument `{left[0]}`")
    return placed
