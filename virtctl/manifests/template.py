"""VirtualMachineTemplates: made from OpenShift's, asked for, and values for their parameters."""

from __future__ import annotations

import json
import re

from virtctl.errors import VirtctlError
from virtctl.models.documents import Document, child, items, objects, text
from virtctl.wire import validations

API = "template.kubevirt.io/v1beta1"
KIND = "VirtualMachineTemplate"
OPENSHIFT_API, OPENSHIFT_KIND = "template.openshift.io/v1", "Template"
_PARAMETER = ("name", "displayName", "description", "value", "generate", "from", "required")


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
    check_kind(made[0], "VirtualMachine")
    metadata: Document = {
        key: value
        for key in ("name", "namespace", "labels", "annotations")
        if (value := child(template, "metadata").get(key))
    }
    spec: Document = {"virtualMachine": made[0]}
    if items(template, "parameters"):
        spec["parameters"] = [
            {key: parameter[key] for key in _PARAMETER if parameter.get(key)}
            for parameter in objects(template, "parameters")
        ]
    if text(template, "message"):
        spec["message"] = text(template, "message")
    return {"apiVersion": API, "kind": KIND, "metadata": metadata, "spec": spec}


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
    if content.lstrip().startswith("{"):
        return _json_parameters(content)
    found = _yaml_parameters(content)
    if found:
        return found
    for number, line in enumerate(content.splitlines(), 1):
        word = line.strip().removeprefix("export ").strip()
        if not word or word.startswith("#"):
            continue
        pair = re.match(r"([A-Za-z0-9_]+)\s*[=:]\s*(.*)\Z", word)
        if pair is None:
            raise VirtctlError(f"line {number}: `{word}` is not KEY=VALUE")
        value = pair.group(2)
        quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
        found[pair.group(1)] = value[1:-1] if quoted else value
    return found


def _yaml_parameters(content: str) -> dict[str, str]:
    """Empty when it is no mapping of parameters to words."""
    import yaml  # costs 12 ms

    try:
        loaded = yaml.load(content, yaml.BaseLoader)  # noqa: S506 - it makes nothing but words
    except yaml.YAMLError:
        return {}
    pairs = loaded.items() if isinstance(loaded, dict) else []
    found = {key: value for key, value in pairs if isinstance(value, str)}
    named = all(isinstance(key, str) and re.fullmatch(r"\w+", key) for key in found)
    return found if named and len(found) == len(pairs) else {}


def _json_parameters(content: str) -> dict[str, str]:
    try:
        loaded = json.loads(content)
    except ValueError as error:
        raise VirtctlError(f"bad JSON: {error}") from error
    return {
        str(key): value if isinstance(value, str) else json.dumps(value)
        for key, value in loaded.items()
    }
