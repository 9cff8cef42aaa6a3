"""What shells ask for while the user types: ``virtctl __complete WORD... CURRENT``.

The answer is cobra's: one candidate a line, with a tab before its description, and a last line
``:N`` whose bits say what the shell shall do (2 no space after it, 4 no file names).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from virtctl.cli import registry
from virtctl.cli.env import Env
from virtctl.cli.flags import GLOBAL_FLAGS, Flag, GlobalFlags, Value
from virtctl.cli.grammar import Shape, Word, load, shape, words_of
from virtctl.cli.namecache import NameCache
from virtctl.cli.options import WAIT_STATES
from virtctl.cli.outcome import Outcome
from virtctl.cli.session import Session
from virtctl.errors import VirtctlError

_FILES, _NO_SPACE, _NO_FILES = 0, 2, 4
_PATIENCE, _LATER = "0.1s", "10s"  # a key press has no time; the next one may have an answer
_OUTPUTS = ("json", "yaml", "name", "wide", "jsonpath=", "custom-columns=")
_STRATEGIES = ("Always", "Manual", "Halted", "Once", "RerunOnFailure")
_TYPES = ("vm", "vmi")


class Offer(NamedTuple):
    """Candidates with descriptions, and what the shell shall do."""

    candidates: list[tuple[str, str]]
    directive: int = _NO_FILES


def complete(env: Env, words: list[str], *, describe: bool) -> Outcome:
    """Candidates for the last of ``words``."""
    before, current = words[:-1], words[-1] if words else ""
    offer = _offer(env, before, current)
    lines = [
        f"{name}\t{text}" if describe and text else name
        for name, text in offer.candidates
        if name.startswith(current)
    ]
    return Outcome("\n".join([*lines, f":{offer.directive}"]))


class _Line(NamedTuple):
    """The words before the current one, taken apart as far as they go."""

    path: tuple[str, ...]
    words: list[str]
    globals: dict[str, Value]
    pending: Flag | None


def _offer(env: Env, before: list[str], current: str) -> Offer:
    path = words_of(before)
    command = registry.find(path)
    form = shape(load(command)) if command else Shape((), ())
    line = _read(before, path, form)
    names = _Names(env, line.globals)
    if line.pending is not None:
        return names.values(line.pending.option.complete, line.pending.option.choices)
    if current.startswith("-"):
        return _flags(form, current, names)
    offered: list[tuple[str, str]] = []
    if not line.words:
        offered = _commands(path)
    if command is None:
        return Offer(offered)
    argument = _next_word(form.words, len(line.words))
    if argument is None:
        return Offer(offered)
    if argument.argument.complete == "kind" and line.words:
        found = names.objects_of(line.words[0])
    else:
        found = names.values(argument.argument.complete, argument.argument.choices)
    taken = set(line.words) if argument.many else set()
    rest = [pair for pair in found.candidates if pair[0] not in taken]
    return Offer(offered + rest, found.directive)


def _read(before: list[str], path: tuple[str, ...], form: Shape) -> _Line:
    flags = (*GLOBAL_FLAGS, *form.flags)
    table = {name: flag for flag in flags for name in flag.option.names}
    words: list[str] = []
    values: dict[str, Value] = {}
    pending: Flag | None = None
    for word in before:
        if pending is not None:
            values[pending.parameter] = word
            pending = None
        elif word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            flag = table.get(name)
            if flag is None:
                continue
            if equals:
                values[flag.parameter] = value
            elif flag.kind is not bool and not flag.option.bare:
                pending = flag
        else:
            words.append(word)
    known = {flag.parameter for flag in GLOBAL_FLAGS}
    return _Line(path, words[len(path) :], {k: v for k, v in values.items() if k in known}, pending)


def _commands(path: tuple[str, ...]) -> list[tuple[str, str]]:
    found: dict[str, str] = {}
    for command in registry.COMMANDS:
        if (
            len(command.path) > len(path)
            and command.path[: len(path)] == path
            and not command.hidden
        ):
            word = command.path[len(path)]
            whole = len(command.path) == len(path) + 1
            summary = command.summary if whole else registry.GROUPS.get(word, "")
            found.setdefault(word, summary)
    return list(found.items())


def _flags(form: Shape, current: str, names: _Names) -> Offer:
    flags = (*form.flags, *GLOBAL_FLAGS)
    name, equals, _ = current.partition("=")
    if equals:
        flag = next((flag for flag in flags if name in flag.option.names), None)
        if flag is None:
            return Offer([])
        found = names.values(flag.option.complete, flag.option.choices)
        return Offer(
            [(f"{name}={value}", text) for value, text in found.candidates], found.directive
        )
    return Offer(
        [
            (long, flag.option.help)
            for flag in flags
            if not flag.option.hidden and not flag.option.deprecated
            for long in flag.option.names
            if long.startswith("--")
        ]
    )


def _next_word(words: tuple[Word, ...], position: int) -> Word | None:
    for index, word in enumerate(words):
        if word.many or index == position:
            return word
    return None


def remember(env: Env, words: list[str]) -> Outcome:
    """``__remember WORD FLAGS...``: renew kept names in the background; says nothing."""
    line = _read(words[1:], (), Shape((), ()))
    flags = GlobalFlags(line.globals)
    with Session(env, GlobalFlags({**line.globals, "request_timeout": _LATER})) as session:
        try:
            NameCache(env, flags).keep(words[0], _ask(session, words[0]))
        except (VirtctlError, OSError):
            return Outcome()  # the next key press tries again
    return Outcome()


class _Names:
    """Names by what a flag or word says that it wants; ``--request-timeout`` says how soon."""

    def __init__(self, env: Env, values: dict[str, Value]) -> None:
        self.session = Session(env, GlobalFlags({"request_timeout": _PATIENCE, **values}))
        self.cache = NameCache(env, GlobalFlags(values))

    def values(self, wanted: str, choices: tuple[str, ...]) -> Offer:
        """Candidates for ``wanted``; file names where it says so or nothing is known."""
        if choices:
            return Offer([(choice, "") for choice in choices if choice])
        if not wanted:
            return Offer([])
        if wanted == "file":
            return Offer([], _FILES)
        sources: dict[str, Callable[[], list[str]]] = {
            "vm": lambda: self._objects("vm"),
            "vmi": lambda: self._objects("vmi"),
            "vm-or-type": lambda: [*_TYPES, *self._objects("vm")],
            "target": lambda: self._objects("vm"),
            "exposable": lambda: ["vm", "vmi", "vmirs"],
            "namespace": lambda: self._objects("namespaces"),
            "network": lambda: ["pod", *self._objects("network-attachment-definitions")],
            "instancetype": lambda: self._matchers("instancetype"),
            "preference": lambda: self._matchers("preference"),
            "storage-class": lambda: self._objects("storageclasses"),
            "claim": lambda: self._objects("persistentvolumeclaims"),
            "snapshot": lambda: self._objects("virtualmachinesnapshots"),
            "template": lambda: self._objects("virtualmachinetemplates"),
            "secret": lambda: self._objects("secrets"),
            "context": lambda: self._configured("contexts"),
            "cluster": lambda: self._configured("clusters"),
            "user": lambda: self._configured("users"),
            "kind": _kinds,
            "wait": lambda: list(WAIT_STATES),
            "output": lambda: list(_OUTPUTS),
            "run-strategy": lambda: list(_STRATEGIES),
        }
        source = sources.get(wanted)
        try:
            with self.session:
                return Offer([(name, "") for name in source()] if source else [])
        except (VirtctlError, OSError):
            return Offer([])  # a key press is no place for errors

    def _configured(self, plural: str) -> list[str]:
        from virtctl.client.kubeconfig import load as load_config
        from virtctl.client.kubeconfig import names

        return names(load_config(self.session.files, self.session.flags.text("kubeconfig")), plural)

    def objects_of(self, word: str) -> Offer:
        """Names of the objects of a kind that the user has written."""
        try:
            with self.session:
                return Offer([(name, "") for name in self._objects(word)])
        except (VirtctlError, OSError):
            return Offer([])

    def _objects(self, word: str) -> list[str]:
        def later() -> None:
            env = self.session.env
            argv = self.session.flags.argv(
                {name: env.path(path) for name, path in self.session.flags.files().items()}
            )
            argv = [one for one in argv if not one.startswith("--request-timeout")]
            env.processes.background([*env.self_argv, "__remember", word, *argv], env.environ)

        return self.cache.names(word, lambda: _ask(self.session, word), later)

    def _matchers(self, what: str) -> list[str]:
        """Names as ``create vm`` takes them: of the cluster, and of the namespace with the kind."""
        own = f"virtualmachine{what}"
        return [
            *self._objects(f"virtualmachinecluster{what}s"),
            *(f"{own}/{name}" for name in self._objects(f"{own}s")),
        ]


def _ask(session: Session, word: str) -> list[str]:
    from virtctl.client.resources import pages
    from virtctl.models.documents import items, objects
    from virtctl.models.kinds import by_word

    kind = by_word(word)
    if kind is None:
        return []
    namespace = session.namespace if kind.namespaced else ""
    first = next(iter(pages(session.rest, kind, namespace, table=True)))
    return [str(cells[0]) for row in objects(first, "rows") if (cells := items(row, "cells"))]


def _kinds() -> list[str]:
    from virtctl.models.kinds import KINDS

    return [kind.short[0] if kind.short else kind.plural for kind in KINDS]
