"""How a command declares its flags and words: markers inside ``Annotated``, and the shared ones.

A command is a function ``run(session, words..., *, flags...) -> Outcome``. Its signature is the one
description that parsing, help, completion and the reference are made from::

    def run(
        session: Session,
        names: Annotated[list[str], Argument("VM", complete="vm")],
        *,
        dry_run: DryRun = "",
        paused: Annotated[bool, Option("--paused", help="Start it paused.")] = False,
    ) -> Outcome:

Positional parameters are words (``list`` takes any number), keyword-only ones are flags. Types are
``str``, ``int``, ``bool``, ``list[str]`` and any of the first three ``| None``, where None means
that the flag was not given.
"""

from __future__ import annotations

from typing import Annotated

WAIT_STATES = ("ready", "running", "ip", "agent", "ssh", "cloud-init", "stopped")
"""What ``--wait`` takes as a word of its own, too."""
INT32 = (-(2**31), 2**31 - 1)
INT64 = (-(2**63), 2**63 - 1)
UINT32 = (0, 2**32 - 1)
UINT64 = (0, 2**64 - 1)


class Option:
    """A flag. ``bare`` is its value when it is given without one, as pflag's NoOptDefVal.

    ``group`` holds names of groups of which a command line may use one flag only, ``limits`` the
    least and the greatest number.
    """

    __slots__ = (
        "bare", "choices", "complete", "deprecated", "group", "help", "hidden", "limits", "metavar",
        "names", "required", "split",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - a flag has this many facts
        self,
        *names: str,
        help: str,  # noqa: A002
        metavar: str = "",
        bare: str = "",
        complete: str = "",
        choices: tuple[str, ...] = (),
        deprecated: str = "",
        required: bool = False,
        split: bool = False,
        hidden: bool = False,
        group: tuple[str, ...] = (),
        limits: tuple[int, int] = INT64,
    ) -> None:
        self.names = names
        self.help = help
        self.metavar = metavar
        self.bare = bare
        self.complete = complete
        self.choices = choices
        self.deprecated = deprecated
        self.required = required
        self.split = split
        self.hidden = hidden
        self.group = group
        self.limits = limits


class Argument:
    """A word. ``complete`` says what names a shell offers for it."""

    __slots__ = ("choices", "complete", "help", "metavar")

    def __init__(
        self,
        metavar: str,
        *,
        help: str = "",  # noqa: A002
        complete: str = "",
        choices: tuple[str, ...] = (),
    ) -> None:
        self.metavar = metavar
        self.help = help
        self.complete = complete
        self.choices = choices


VmNames = Annotated[list[str], Argument("VM", help="Names of virtual machines.", complete="vm")]
VmName = Annotated[str, Argument("VM", help="Name of the virtual machine.", complete="vm")]
VmiNames = Annotated[list[str], Argument("VMI", help="Running instances.", complete="vmi")]
VmiName = Annotated[str, Argument("VMI", help="Name of the running instance.", complete="vmi")]
Output = Annotated[
    str,
    Option(
        "--output", "-o", help="Format: json, yaml, name, wide, jsonpath=... or custom-columns=...",
        metavar="FORMAT", complete="output",
    ),
]  # fmt: skip
Selector = Annotated[
    str,
    Option(
        "--selector", "-l", help="Choose by labels, as in `app=web,tier!=db`.", metavar="SELECTOR"
    ),
]
AllNames = Annotated[bool, Option("--all", help="Choose all of the namespace.")]
AllNamespaces = Annotated[bool, Option("--all-namespaces", "-A", help="Look in all namespaces.")]
DryRun = Annotated[
    str,
    Option(
        "--dry-run", help="Let the server check the request without doing it.", metavar="WHERE",
        bare="true",
    ),
]  # fmt: skip
Force = Annotated[bool, Option("--force", help="Do not wait for the guest; needs --grace-period.")]
GracePeriod = Annotated[
    int | None, Option("--grace-period", help="Seconds that the guest gets; needs --force.")
]
Timeout = Annotated[
    str,
    Option("--timeout", help="How long to wait, as in `90s` or `5m`.", metavar="DURATION"),
]
Wait = Annotated[
    str,
    Option(
        "--wait", help="Wait until ready, ip, agent, ssh, cloud-init or stopped.", metavar="STATE",
        bare="default", complete="wait",
    ),
]  # fmt: skip
