"""Read what is there into state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence

from launcher.errors import HostError
from launcher.net.model import NetState, Sysctl
from launcher.system import namespaces, netlink, nftables, sysctls


def network(
    *,
    netns: str | None = None,
    settings: Iterable[str] = (),
    tables: Sequence[tuple[str, str]] | None = None,
) -> NetState:
    """The network of a named namespace, or of this thread's.

    ``settings`` are the keys of kernel settings to read; those that the kernel lacks are left out.
    ``tables`` are the families and names of nft tables to read, None for all. Raises ``HostError``.
    """
    with namespaces.in_netns(netns) if netns else contextlib.nullcontext():
        values = [(key, sysctls.read(key)) for key in settings]
        try:
            return NetState(
                links=netlink.links(),
                routes=netlink.routes(),
                sysctls=tuple(
                    # Several numbers are read with tabs between them, and written with blanks.
                    Sysctl(key=key, value=" ".join(value.split()))
                    for key, value in values
                    if value is not None
                ),
                tables=nftables.tables(tables),
            )
        except OSError as error:
            raise HostError(f"cannot read the network: {error.strerror}") from error
