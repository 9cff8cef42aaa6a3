"""Which nodes a machine's CPU allows: selectors and refusals by the labels of nodes. Pure."""

from __future__ import annotations

from copy import deepcopy

from virtctl.models.documents import Document, JsonValue, child, objects, text

CPU_MODEL = "cpu-model.node.kubevirt.io/"
CPU_FEATURE = "cpu-feature.node.kubevirt.io/"
OBSOLETE_HOST = "node-labeller.kubevirt.io/obsolete-host-model"
"""Label of a node whose own model is not to be given to machines."""
_OF_HOST = {"", "host-model", "host-passthrough"}
_TERMS = ("nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms")


def cpu_selector(vmi: Document) -> dict[str, str]:
    """Labels that a node must have: the model's, and those of the features that are required."""
    cpu = child(vmi, "spec", "domain", "cpu")
    model = text(cpu, "model")
    wanted = [] if model in _OF_HOST else [CPU_MODEL + model]
    wanted += [
        CPU_FEATURE + text(one, "name")
        for one in objects(cpu, "features")
        if text(one, "policy") in {"", "require"}
    ]
    return dict.fromkeys(wanted, "true")


def without_forbidden(affinity: JsonValue, vmi: Document) -> JsonValue:
    """A pod's affinity that also keeps it from nodes whose CPU the machine must not have."""
    cpu = child(vmi, "spec", "domain", "cpu")
    labels = [OBSOLETE_HOST] if text(cpu, "model") in {"", "host-model"} else []
    labels += [
        CPU_FEATURE + text(one, "name")
        for one in objects(cpu, "features")
        if text(one, "policy") == "forbid"
    ]
    refused: list[Document] = [{"key": label, "operator": "DoesNotExist"} for label in labels]
    if not refused:
        return affinity
    made: Document = deepcopy(affinity) if isinstance(affinity, dict) else {}
    # Terms are alternatives, so that each of them gets the refusals.
    terms = list(objects(made, *_TERMS)) or [{}]
    renewed: list[JsonValue] = [
        {**term, "matchExpressions": [*objects(term, "matchExpressions"), *refused]}
        for term in terms
    ]
    node = {**child(made, _TERMS[0]), _TERMS[1]: {**child(made, *_TERMS[:2]), _TERMS[2]: renewed}}
    return {**made, _TERMS[0]: node}
