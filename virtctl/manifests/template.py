"""VirtualMachineTemplates: made from OpenShift's, asked for, and values for their parameters."""

from __future__ import annotations

import re

from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, child, items, objects, text
from virtctl.wire import validations
from virtctl.wire.templating import parameter, word

API = "template.kubevirt.io/v1beta1"
KIND = "VirtualMachineTemplate"
OPENSHIFT_API, OPENSHIFT_KIND = "template.openshift.io/v1", "Template"


def check_kind(document: Document, kind: str = KIND) -> None:
    """Raise ``VirtctlError`` unless ``document`` is of ``kind``."""
    found = text(document, "kind")
    if found != kind:
        raise VirtctlError(f"it is a {found}, not a {kind}")


def checked(vm: Document) -> list[str]:
    """Warnings by the rules that ``vm`` carries in its annotation.

    Raises ``VirtctlError`` with all that it breaks, or when the rules cannot be read.
    """
    found = list(validations.findings(validations.rules_of(vm), vm))
    broken = [finding for finding in found if not finding.is_warning]
    if broken:
        raise VirtctlError("; ".join(f"{each.field}: {each.message}" for each in broken))
    return [f"Warning: {finding.message}" for finding in found]


def convert(template: Document) -> Document:
    """A VirtualMachineTemplate out of an OpenShift Template.

    Raises ``VirtctlError`` when it is none, or holds something else than one machine.
    """
    check_kind(template, OPENSHIFT_KIND)
    made = list(objects(template, "objects"))
    if len(made) != 1:
        raise VirtctlError(f"template must contain exactly one object, found {len(made)}")
    metadata: Document = {
        key: value
        for key in ("name", "namespace", "labels", "annotations")
        if (value := child(template, "metadata").get(key))
    }
    spec: Document = {"virtualMachine": made[0]}
    if items(template, "parameters"):
        spec["parameters"] = [parameter(one) for one in objects(template, "parameters")]
    if text(template, "message"):
        spec["message"] = text(template, "message")
    there: Document = {"metadata": metadata} if metadata else {}
    return {"apiVersion": API, "kind": KIND, **there, "spec": spec}


def request(vm: str, namespace: str, name: str) -> Document:
    """A VirtualMachineTemplateRequest that makes a template of a machine."""
    spec: Document = {"virtualMachineRef": {"namespace": namespace, "name": vm}}
    if name:
        spec["templateName"] = name
    return {
        "apiVersion": API,
        "kind": "VirtualMachineTemplateRequest",
        "metadata": {"generateName": f"{vm}-"},
        "spec": spec,
    }


def read_parameters(content: str) -> dict[str, str]:
    """Values of a file: a mapping in JSON or YAML, or lines of ``KEY=VALUE`` or ``KEY: VALUE``.

    Empty lines and those that begin with ``#`` are passed over. Raises ``VirtctlError``.
    """
    if not content:
        raise VirtctlError("the file is empty")
    found = _mapping(content)
    if found is not None:
        return found
    found = {}
    for number, line in enumerate(content.splitlines(), 1):
        bare = line.strip().removeprefix("export ").strip()
        if not bare or bare.startswith("#"):
            continue
        pair = re.match(r"([A-Za-z0-9_]+)\s*[=:]\s*(.*)\Z", bare)
        if pair is None:
            raise VirtctlError(f"line {number}: `{bare}` is not KEY=VALUE")
        value = pair.group(2)
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found[pair.group(1)] = value[1:-1] if quoted else value
    return found


def _mapping(content: str) -> dict[str, str] | None:
    """None when it is no mapping. Numbers and switches count as words, as they are printed.

    Raises ``VirtctlError`` for values that are no words, and for a broken mapping in JSON.
    """
    from virtctl.manifests.loading import first  # costs 12 ms

    try:
        loaded = first(content)
    except VirtctlError:
        if content.lstrip().startswith("{"):
            raise
        return None
    if not isinstance(loaded, dict):
        return None
    return {word(key, "a key"): word(value, str(key)) for key, value in loaded.items()}
