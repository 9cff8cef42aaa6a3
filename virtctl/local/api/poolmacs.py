"""MAC addresses for machines as kubemacpool gives them, seen from one write.

The ranges come from the ConfigMap that kubemacpool has for them, and who wants none from labels of
namespaces and machines. What is refused is refused in kubemacpool's words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from virtctl.errors import ApiError, LocalError
from virtctl.local.api.context import Stored
from virtctl.local.api.defaults import macpool
from virtctl.local.api.defaults.macpool import MacPool
from virtctl.local.api.hooks import Admitted
from virtctl.models import documents, kinds
from virtctl.models.documents import Document
from virtctl.models.kinds import Kind

RANGE = "kubemacpool-mac-range-config"
"""ConfigMap in the install namespace: ``RANGE_START`` and ``RANGE_END``, and ``OPT_MODE``, which is
``opt-out``, or ``opt-in`` for a pool that is for those only who ask for it."""
_HOOK = 'admission webhook "mutatevirtualmachines.kubemacpool.io" denied the request: '
_CREATE = (
    "Failed to create virtual machine allocation error: Failed to allocate mac to the vm object: "
)
_UPDATE = "Failed to update virtual machine allocation error: "
_LEVELS = ("runlevel", "openshift.io/run-level")
"""Labels of namespaces that a cluster itself needs; with the value 0 or 1, no pool is for them."""

Holder: TypeAlias = "tuple[str, tuple[str, ...]]"
"""A machine, as ``namespace/name``, and its addresses."""
Derive = Callable[[Kind, Callable[[Document], Holder]], Iterable[Holder]]


def _holder(document: Document) -> Holder:
    """Who has which addresses."""
    return macpool.machine_behind(document), tuple(macpool.macs_of(document))


class PoolAddresses:
    """The addresses in use, gathered when first asked for, and those given out since.

    None is given to those that decline, nor in a dry run: what it would show, the next write may
    take.
    """

    def __init__(
        self,
        pool: MacPool,
        namespace: str,
        stored: Stored,
        derive: Derive,
        request: Admitted,
    ) -> None:
        self._pool, self._namespace = pool, namespace
        self._stored, self._derive, self._request = stored, derive, request
        self._used: dict[str, str] | None = None
        self._free: Iterator[str] | None = None

    @cached_property
    def _given(self) -> dict[str, list[str]]:
        return macpool.names_by_mac(self._request.new or {})

    @property
    def used(self) -> dict[str, str]:
        """Who has each address."""
        if self._used is None:
            self._used = {
                mac: owner
                for kind in (kinds.VIRTUAL_MACHINE_INSTANCE, kinds.VIRTUAL_MACHINE)
                for owner, macs in self._derive(kind, _holder)
                for mac in macs
            }
        return self._used

    def assign(self, owner: str) -> str:
        """A free address for ``owner``, empty where the pool gives none.

        Raises ``ApiError`` when none is left, and for ranges that are none.
        """
        if self._request.dry_run or self._declines:
            return ""
        try:
            if self._free is None:
                self._free = self._ranges().free(self.used)
            address = next(self._free)
        except LocalError as error:
            raise self._refusal(str(error)) from error
        self.used[address] = owner
        return address

    def claim(self, mac: str, owner: str) -> None:
        """Have an address of the owner's own choice.

        Raises ``ApiError`` when another has it, or the machine has it twice.
        """
        here = self._given.get(macpool.normalize(mac), [])
        if len(here) > 1 and not self._request.dry_run and not self._declines:
            raise self._refusal(
                f"duplicate MAC address {macpool.normalize(mac)} found on interfaces: {here[0]} "
                f"and {here[1]}"
            )
        known = self.used.get(macpool.normalize(mac), "")
        if known in {"", owner} or self._declines:
            return
        raise self._refusal(
            f"failed to allocate requested mac address: MAC address {mac} is already in use by "
            f"{known}"
        )

    def _refusal(self, problem: str) -> ApiError:
        said = _UPDATE if self._request.old else _CREATE
        return ApiError(f"{_HOOK}{said}{problem}", code=500, reason="")

    def _ranges(self) -> MacPool:
        data = self._settings
        start, end = data.get("RANGE_START", ""), data.get("RANGE_END", "")
        return macpool.between(start, end) if start and end else self._pool

    @cached_property
    def _declines(self) -> bool:
        machine = self._request.new or {}
        namespace = self._stored.get(kinds.NAMESPACE, "", documents.namespace_of(machine)) or {}
        said = [
            documents.strings(one, "metadata", "labels").get(macpool.NAMESPACE_LABEL, "")
            for one in (machine, namespace)
        ]
        if "ignore" in said:
            return True
        levels = documents.strings(namespace, "metadata", "labels")
        if any(levels.get(label) in {"0", "1"} for label in _LEVELS):
            return True
        return self._settings.get("OPT_MODE") == "opt-in" and "allocate" not in said

    @cached_property
    def _settings(self) -> dict[str, str]:
        found = self._stored.get(kinds.CONFIG_MAP, self._namespace, RANGE)
        return documents.strings(found or {}, "data")
