"""The only handler: exception to text on stderr and exit code."""

from __future__ import annotations

import os
import re

from virtctl.cli.env import Env
from virtctl.errors import ExitCode, NotFound, RemoteExit, UsageError, VirtctlError

_MACHINE = re.compile(r'\bvirtualmachine(instance)?s?\.kubevirt\.io "[^"]*" not found')
"""What an API server says of a machine that it does not have."""


def report(error: BaseException, env: Env, *, verbosity: int, command: str) -> int:
    """Say what went wrong, the error first and a hint after it; returns the exit code.

    Tracebacks are shown at ``-v 9`` only, or for what should never happen.
    """
    if isinstance(error, KeyboardInterrupt):
        env.stderr.write("\n")
        return ExitCode.INTERRUPTED
    if isinstance(error, BrokenPipeError):
        return _silence(env)
    if isinstance(error, RemoteExit):
        return error.status
    if verbosity >= 9 or not isinstance(error, (VirtctlError, OSError)):
        _trace(error, env)
    env.stderr.write(f"error: {message(error)}\n")
    hint = getattr(error, "hint", None) or _hint(error, env, command)
    if hint:
        env.stderr.write(f"hint: {called(hint, env.program)}\n")
    return error.exit_code if isinstance(error, VirtctlError) else ExitCode.ERROR


def message(error: BaseException) -> str:
    """One sentence for ``error``."""
    if isinstance(error, OSError) and error.strerror:
        where = f": {error.filename}" if error.filename else ""
        return f"{error.strerror.lower()}{where}"
    return str(error) or type(error).__name__


def called(hint: str, program: str) -> str:
    """``hint`` with the name that the user calls us by in command lines."""
    return re.sub(r"(^|`|\| )virtctl (?=[a-z])", rf"\g<1>{program} ", hint)


def _hint(error: BaseException, env: Env, command: str) -> str | None:
    if isinstance(error, UsageError):
        return f"see `{env.program} {command + ' ' if command else ''}--help`"
    if isinstance(error, NotFound) and "could not find the requested resource" in str(error):
        return f"the server does not serve this; compare `{env.program} version`"
    if isinstance(error, NotFound) and (found := _MACHINE.search(str(error))):
        return f"see `{env.program} get {'vmi' if found[1] else 'vm'} -A`"
    return None


def _trace(error: BaseException, env: Env) -> None:
    import traceback

    env.stderr.write("".join(traceback.format_exception(error)))


def _silence(env: Env) -> int:
    """The reader has gone: give what is still buffered to nobody, and end well."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, env.stdout.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        pass
    return ExitCode.OK
