"""nftables of a network namespace, through the ``nft`` program in JSON mode.

The program rather than its library: it costs some 5 ms a call, of which a pod needs three, and in
return there is no memory of C to free and nothing of it stays in a launcher's memory. The CNI
plugins need the program anyway.
"""

from __future__ import annotations

from collections.abc import Sequence

from launcher.errors import HostError, ProgramError
from launcher.net import nft
from launcher.net.model import Table
from launcher.system import process


def tables(only: Sequence[tuple[str, str]] | None = None) -> tuple[Table, ...]:
    """The tables of this thread's network namespace, all or only some.

    ``only`` has pairs of family and name, which is kind to hosts with many rules. Raises
    ``HostError``.
    """
    if only is None:
        return nft.parse_ruleset(process.run(["nft", "-j", "list", "ruleset"]).stdout)
    found: list[Table] = []
    for family, name in only:
        done = process.run(["nft", "-j", "list", "table", family, name], check=False)
        if done.returncode == 0:
            found += nft.parse_ruleset(done.stdout)
        elif "No such file or directory" not in done.stderr:
            raise HostError(f"cannot list the nft table `{family} {name}`: {done.stderr.strip()}")
    return tuple(found)


def names(family: str) -> tuple[str, ...]:
    """Names of the tables of a family in this thread's network namespace."""
    listed = nft.parse_ruleset(process.run(["nft", "-j", "list", "tables", family]).stdout)
    return tuple(table.name for table in listed)


def apply(ruleset: str) -> None:
    """Carry out nft commands in JSON, all or none; raises ``HostError`` with nft's own words."""
    try:
        process.run(["nft", "-j", "-f", "-"], input=ruleset)
    except ProgramError as error:
        said = error.stderr.strip() or "nft gave no reason"
        raise HostError(f"nft refused the rules: {said}") from error


def delete_table(family: str, name: str) -> None:
    """Remove a table; one that is not there is fine."""
    # `destroy` would say that, but only from Linux 6.3 on.
    process.run(
        ["nft", "-f", "-"],
        input=f"add table {family} {name}\ndelete table {family} {name}\n",
    )


def list_table(family: str, name: str, *, netns: str | None = None) -> str:
    """A table as nft shows it to people; empty when there is none."""
    done = process.run(["nft", "list", "table", family, name], netns=netns, check=False)
    return done.stdout if done.returncode == 0 else ""
