"""The program: read the command line, run the command, write what it returned."""

from __future__ import annotations

from virtctl.cli.env import Env
from virtctl.cli.failures import report
from virtctl.cli.grammar import Invocation, read, words_of
from virtctl.cli.outcome import Outcome
from virtctl.cli.render import render
from virtctl.cli.session import Session
from virtctl.errors import ApiError


def run(env: Env, argv: list[str]) -> int:
    """Run one command line; returns the exit code."""
    verbosity = 0
    try:
        special = _special(env, argv)
        if special is not None:
            return render(special, env)
        invocation = read(argv)
        verbosity = invocation.globals.verbosity
        return render(_call(env, invocation), env)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one handler
        return report(error, env, verbosity=verbosity, command=" ".join(words_of(argv)))


def _call(env: Env, invocation: Invocation) -> Outcome:
    if invocation.body is None:
        from virtctl.cli.lazy import help_text  # typer costs 40 ms

        return Outcome(help_text(env.program, invocation.path))
    for notice in invocation.notices:
        env.stderr.write(f"{notice}\n")
    with Session(env, invocation.globals) as session:
        try:
            outcome = invocation.body(session, **invocation.arguments)
        except ApiError as error:
            from virtctl.cli.skew import explain

            explain(session, error)
            raise
    if not isinstance(outcome, Outcome):
        raise TypeError(f"command {' '.join(invocation.path)} returned no Outcome")
    return outcome


def _special(env: Env, argv: list[str]) -> Outcome | None:
    """What is no command: the overview, ``help``, ``options``, a request for completion."""
    if not argv or argv[0] == "help":
        from virtctl.cli.lazy import help_text

        return Outcome(help_text(env.program, tuple(argv[1:])))
    if argv[0] == "options":
        from virtctl.cli.lazy import options_text

        return Outcome(options_text())
    if argv[0] in {"__complete", "__completeNoDesc"}:
        from virtctl.cli.completion import complete

        return complete(env, argv[1:], describe=argv[0] == "__complete")
    if argv[0] == "__remember":
        from virtctl.cli.completion import remember

        return remember(env, argv[1:])
    return None
