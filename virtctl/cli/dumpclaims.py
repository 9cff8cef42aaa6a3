"""The claim that a memory dump goes to: how large, and made when asked for."""

from __future__ import annotations

from fractions import Fraction

from virtctl.cli.session import Session
from virtctl.client import resources
from virtctl.errors import NotFound, UsageError, VirtctlError
from virtctl.manifests.claim import Wish, build
from virtctl.models.documents import Document, find, text
from virtctl.models.kinds import CDI_CONFIG, PVC, VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE
from virtctl.wire.quantities import Notation, Quantity, QuantityError, parse_quantity

_MORE = Quantity(100 * 2**20 * 10**9, Notation.BINARY)  # what QEMU writes beside the memory
_DEFAULT_OVERHEAD = "0.055"
_MEBIBYTE = 2**20


def make(session: Session, vm: str, claim: str, wish: Wish) -> None:
    """Create ``claim`` for a dump of ``vm``; ``wish.size`` is found out here.

    Raises ``VirtctlError`` when the claim is there, or the machine has a dump already, and then
    ``UsageError`` for an access mode that no dump can be written with.
    """
    rest, namespace = session.rest, session.namespace
    machine = resources.get(rest, VIRTUAL_MACHINE, namespace, vm)
    held = text(machine, "status", "memoryDumpRequest", "claimName")
    if held:
        raise VirtctlError(
            f"VM {vm} has the dump {held} already: remove that association before you create a "
            "claim for a new one",
            f"{session.env.program} memory-dump remove {vm}",
        )
    if resources.find(rest, PVC, namespace, claim) is not None:
        raise VirtctlError(
            f"PVC {namespace}/{claim} already exists", "leave out --create-claim to use it"
        )
    vmi = resources.get(rest, VIRTUAL_MACHINE_INSTANCE, namespace, vm)
    overhead = _overhead(session, wish.storage_class)
    size = str(_enlarged(_memory(vmi) + _MORE, overhead))
    check_modes(wish.access_mode)
    resources.create(rest, PVC, namespace, build(claim, namespace, wish._replace(size=size)))
    session.out(f"PVC {namespace}/{claim} created")


def check_modes(access_mode: str) -> None:
    """A dump is written: refuse a mode that does not allow it. Raises ``UsageError``."""
    if access_mode == "ReadOnlyMany":
        raise UsageError(
            "invalid argument `ReadOnlyMany` for flag `--access-mode`: a dump cannot be written "
            "to a read-only claim"
        )
    if access_mode not in {"", "ReadWriteOnce", "ReadWriteMany"}:
        raise UsageError(
            f"invalid argument `{access_mode}` for flag `--access-mode`: must be ReadWriteOnce or "
            "ReadWriteMany"
        )


def _memory(vmi: Document) -> Quantity:
    for path in (("memory", "guest"), ("resources", "requests", "memory")):
        found = find(vmi, "spec", "domain", *path)
        if isinstance(found, (str, int)):
            return parse_quantity(found)
    raise VirtctlError("the machine's memory is not known")


def _overhead(session: Session, storage_class: str) -> Fraction:
    """What a file system takes of the claim, as CDI is configured."""
    try:
        config = resources.get(session.rest, CDI_CONFIG, "", "config")
    except NotFound:
        session.out("Using default 5.5%% filesystem overhead for pvc size")  # as scripts know it
        return Fraction(_DEFAULT_OVERHEAD)
    where = ("status", "filesystemOverhead")
    found = text(config, *where, "storageClass", storage_class) if storage_class else ""
    found = found or text(config, *where, "global") or _DEFAULT_OVERHEAD
    try:
        return Fraction(found)
    except ValueError as error:
        raise VirtctlError(f"CDIConfig has filesystem overhead `{found}`, no number") from error


def _enlarged(needed: Quantity, overhead: Fraction) -> Quantity:
    """Room for ``needed`` beside the overhead, in whole MiB."""
    total = needed.exact * (1 + overhead)
    whole = -(-total // _MEBIBYTE) * _MEBIBYTE
    try:
        return Quantity.of(whole, Notation.BINARY)
    except QuantityError as error:
        raise VirtctlError(f"the dump would be too large: {error}") from error
