"""What kube-apiserver fills in of NetworkPolicies."""

from __future__ import annotations

import contextlib

from virtctl.errors import InvalidField
from virtctl.models import documents
from virtctl.models.documents import Document, JsonValue


def default_network_policy(document: Document) -> None:
    """The types that a policy is of, and the protocol of its ports; changes ``document``.

    What has fields of other types is left to those who refuse it.
    """
    with contextlib.suppress(InvalidField):
        _default(documents.child(document, "spec"))


def _default(spec: Document) -> None:
    if not spec:
        return
    if not documents.items(spec, "policyTypes"):
        egress: list[JsonValue] = ["Egress"] if documents.items(spec, "egress") else []
        spec["policyTypes"] = ["Ingress", *egress]
    for direction in ("ingress", "egress"):
        for rule in documents.objects(spec, direction):
            for port in documents.objects(rule, "ports"):
                if not port.get("protocol"):
                    port["protocol"] = "TCP"
