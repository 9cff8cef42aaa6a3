"""What a manifest would be turned into, as text; nothing is made.

Images, claims and secrets need not exist: ``assumptions.supposed`` stands in for them unless the
caller has resolved them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import yaml

from launcher import lifecycle
from launcher.errors import LauncherError
from launcher.facts import HostFacts
from launcher.spec import Accelerator, MachineSpec
from virtctl.errors import BadRequest, InvalidField, UsageError
from virtctl.local.api import schema
from virtctl.local.node.assumptions import admitted, instance_of, supposed
from virtctl.local.node.materials import TranslateFacts
from virtctl.local.node.translate import translate
from virtctl.local.runtime.podmanifest import PodSettings, build_pod
from virtctl.models import documents as doc
from virtctl.models.documents import Document
from virtctl.models.kinds import VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE, Kind
from virtctl.wire import status

WHAT = ("domain", "network", "pod", "cloud-init", "disks")

# The addresses of the first pod of the first node, for a pod that does not exist.
_ADDRESSES = ("10.244.1.2/24", "fd10:244:0:1::2/64")
_GATEWAYS = ("10.244.1.1", "fd10:244:0:1::1")
_KINDS = ("VirtualMachine", "VirtualMachineInstance")


def render(
    manifest: Document,
    what: str,
    host: HostFacts,
    facts: TranslateFacts | None = None,
    admit: Callable[[Document], Document] = admitted,
) -> str:
    """The text of ``what``, one of ``WHAT``, for a VirtualMachine or VirtualMachineInstance.

    ``admit`` fills in the defaults of admission in an instance. Raises ``UsageError`` for another
    kind of object or text, and
    ``InvalidField`` for what cannot be made.
    """
    kind = doc.text(manifest, "kind")
    if kind not in _KINDS:
        raise UsageError(f"cannot render kind `{kind}`; must be one of {', '.join(_KINDS)}")
    if what not in WHAT:
        raise UsageError(f"cannot render `{what}`; must be one of {', '.join(WHAT)}")
    vmi = admit(instance_of(manifest))
    if what == "pod":
        settings = PodSettings(use_emulation=not host.kvm_usable)
        return yaml.safe_dump(build_pod(vmi, settings), sort_keys=False)
    accelerator = Accelerator.KVM if host.kvm_usable else Accelerator.TCG
    given = facts or replace(supposed(vmi), accelerator=accelerator)
    try:
        return _machine_text(translate(vmi, given), what, host)
    except LauncherError as error:
        raise InvalidField("spec", doc.name_of(vmi), str(error), error.hint) from error


def render_here(manifest: Document, what: str) -> str:
    """``render`` for a machine on this host; refuses what the server would not even read.

    Raises ``BadRequest`` for unknown fields and ``Invalid`` for wrong types besides.
    """
    for kind in (VIRTUAL_MACHINE, VIRTUAL_MACHINE_INSTANCE):
        if doc.text(manifest, "kind") == kind.name:
            _check_fields(kind, manifest)
    return render(manifest, what, lifecycle.observe_facts())


def _check_fields(kind: Kind, manifest: Document) -> None:
    unknown = schema.unknown_fields(kind, manifest)
    if unknown:
        raise BadRequest(", ".join(f'unknown field "{path}"' for path in unknown))
    causes = schema.type_errors(kind, manifest)
    if causes:
        raise status.invalid(kind, doc.name_of(manifest), tuple(causes))


def _machine_text(spec: MachineSpec, what: str, host: HostFacts) -> str:
    pod = lifecycle.supposed_pod(spec, _ADDRESSES, _GATEWAYS)
    match what:
        case "network":
            return lifecycle.render_network(spec, pod)
        case "cloud-init":
            return lifecycle.render_seeds(spec)
        case "disks":
            return lifecycle.render_disks(spec)
        case _:
            return lifecycle.render_domain(spec, host, pod)
