"""A machine as a program in Go writes it: structs that it cannot leave out are there, if empty."""

from __future__ import annotations

from virtctl.models.documents import Document, child, ensure, objects


def as_written(vm: Document) -> Document:
    """``vm``, changed in place."""
    ensure(vm, "metadata")
    ensure(vm, "status")
    spec = ensure(vm, "spec")
    if spec.setdefault("template", None) is not None:
        _template(ensure(spec, "template"))
    for made in objects(spec, "dataVolumeTemplates"):
        ensure(made, "metadata")
        for way in ("pvc", "storage"):
            if way in ensure(made, "spec"):
                ensure(made, "spec", way, "resources")
    return vm


def _template(template: Document) -> None:
    ensure(template, "metadata")
    domain = ensure(template, "spec", "domain")
    ensure(domain, "devices")
    ensure(domain, "resources")
    if child(domain, "features"):
        ensure(domain, "features", "acpi")
