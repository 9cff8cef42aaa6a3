"""What a machine is called on the command line.

``vm``, ``vm/NAME``, ``vmi/NAME``, ``vm/NAME/NAMESPACE``, ``NAME/NAMESPACE``, a bare ``NAME``, and
before any of them ``USER@``. The first word is a type exactly when it is one of the known type
words and something follows it; dots belong to names.
"""

from __future__ import annotations

from typing import NamedTuple

from virtctl.client.subresources import Owner
from virtctl.errors import UsageError

_TYPES = {
    "vm": Owner.VM,
    "vms": Owner.VM,
    "virtualmachine": Owner.VM,
    "virtualmachines": Owner.VM,
    "vmi": Owner.VMI,
    "vmis": Owner.VMI,
    "virtualmachineinstance": Owner.VMI,
    "virtualmachineinstances": Owner.VMI,
}


class Named(NamedTuple):
    """A machine; ``namespace`` and ``user`` are empty when not given.

    ``typed`` is whether its type was said.
    """

    owner: Owner
    name: str
    namespace: str = ""
    user: str = ""
    typed: bool = True

    @property
    def short(self) -> str:
        """``vm`` or ``vmi``."""
        return "vm" if self.owner is Owner.VM else "vmi"

    def __str__(self) -> str:
        place = f"/{self.namespace}" if self.namespace else ""
        return f"{self.short}/{self.name}{place}"


def is_type(word: str) -> bool:
    """Whether ``word`` is a type."""
    return word.lower() in _TYPES


def owner(word: str) -> Owner:
    """The resource that a type word means. Raises ``UsageError``."""
    found = _TYPES.get(word.lower())
    if found is None:
        raise UsageError(f"unsupported resource type `{word}`", "use vm or vmi")
    return found


def parse(target: str) -> Named:
    """Read a target without a user. Raises ``UsageError`` saying what is wrong with it."""
    if not target:
        raise UsageError("target cannot be empty")
    parts = target.split("/")
    if len(parts) > 3:
        raise UsageError(f"target `{target}` has more than two `/`", "write TYPE/NAME/NAMESPACE")
    if len(parts) == 1:
        return Named(Owner.VM, parts[0], typed=False)
    if len(parts) == 3:
        return _named(owner(parts[0]), parts[1], parts[2])
    first, second = parts
    if first.lower() in _TYPES:
        return _named(_TYPES[first.lower()], second)
    if first in {"", "pod", "pods", "po", "svc", "service", "deployment"}:
        raise UsageError(f"unsupported resource type `{first}`", "use vm or vmi")
    return _named(Owner.VM, first, second)._replace(typed=False)


def _named(kind: Owner, name: str, namespace: str | None = None) -> Named:
    if not name:
        raise UsageError("name cannot be empty")
    if namespace is not None and not namespace:
        raise UsageError("namespace cannot be empty")
    return Named(kind, name, namespace or "")


def parse_login(target: str) -> Named:
    """Read ``[USER@]TARGET``. Raises ``UsageError``."""
    user, at, rest = target.rpartition("@")
    if not at:
        return parse(target)
    if not user:
        raise UsageError("expected username before `@`")
    if not rest:
        raise UsageError("expected target after `@`")
    return parse(rest)._replace(user=user)
