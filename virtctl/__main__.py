"""Entry points of the ``virtctl`` command."""

from __future__ import annotations

import gc
import sys


def main() -> None:
    """Build the surroundings, run the program, exit with its code."""
    _run(sys.argv[1:])


def complete() -> None:
    """``kubectl_complete-virt``: what kubectl calls to complete ``kubectl virt ...``."""
    _run(["__complete", *sys.argv[1:]])


def _run(argv: list[str]) -> None:
    # a short program makes little garbage; looking for it while modules load costs 2 ms
    gc.set_threshold(50_000)
    from virtctl.cli.app import run
    from virtctl.cli.env import process_env

    raise SystemExit(run(process_env(), argv))


if __name__ == "__main__":
    main()
