"""What a NetworkAttachmentDefinition means to the CNI: its configuration list.

The same reading that Multus gives it: ``spec.config`` is one plugin's configuration or a list of
them, and lacks what the definition's own name says.
"""

from __future__ import annotations

import re

import msgspec

from virtctl.errors import VirtctlError
from virtctl.models import documents as doc
from virtctl.models.documents import Document, JsonValue

RESOURCE = "k8s.v1.cni.cncf.io/resourceName"
OVN = "ovn-k8s-cni-overlay"
GLOBAL_NAMESPACES = ("default", "openshift-multus", "openshift-sriov-network-operator")
"""Namespaces whose definitions all pods may use; others are for their own pods."""

_ALIASES = {"cnv-bridge": "bridge", "cnv-tuning": "tuning"}
_NETWORK_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")


class BadDefinition(VirtctlError):
    """A definition that is no CNI configuration."""


def is_visible(namespace: str, pod_namespace: str) -> bool:
    """Whether pods of ``pod_namespace`` may use definitions of ``namespace``."""
    return namespace == pod_namespace or namespace in GLOBAL_NAMESPACES


def not_found(namespace: str, name: str) -> str:
    """What Multus says about a definition that is not there."""
    return (
        f"cannot find a network-attachment-definition ({name}) in namespace ({namespace}): "
        f'network-attachment-definitions.k8s.cni.cncf.io "{name}" not found'
    )


def not_visible(namespace: str, pod_namespace: str) -> str:
    """What Multus says about a definition that pods of another namespace may not use."""
    return (
        "namespace isolation enabled, annotation violates permission, pod is in namespace "
        f"{pod_namespace} but refers to target namespace {namespace}"
    )


def resource_name(definition: Document) -> str:
    """The resource that a node must offer for the network; empty for none."""
    return doc.strings(definition, "metadata", "annotations").get(RESOURCE, "")


def conflist(definition: Document) -> Document:
    """The configuration list. Raises ``BadDefinition`` with the field, and Multus's words."""
    called = f"{doc.namespace_of(definition)}/{doc.name_of(definition)}"
    text = doc.text(definition, "spec", "config").strip()
    if not text:
        raise BadDefinition(f"net-attach-def {called}: spec.config is empty")
    try:
        found: JsonValue = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise BadDefinition(
            f"net-attach-def {called}: cniConfigFromNetworkResource: failed to unmarshal "
            f"spec.config: {error}"
        ) from None
    if not isinstance(found, dict):
        raise BadDefinition(f"net-attach-def {called}: spec.config is no JSON object")
    name = doc.text(found, "name") or doc.name_of(definition)
    if not _NETWORK_NAME.fullmatch(name):
        raise BadDefinition(
            f"net-attach-def {called}: invalid characters found in network name: {name}"
        )
    made: Document = {"name": name, "plugins": _plugins(found, called)}
    for field in ("cniVersion", "disableCheck"):
        if found.get(field) is not None:
            made[field] = found[field]
    return made


def plugin_type(configuration: Document) -> str:
    """The type of a configuration list's first plugin: who makes the link."""
    return next((doc.text(one, "type") for one in doc.objects(configuration, "plugins")), "")


def bridges(configuration: Document) -> list[str]:
    """Bridges of the node that a configuration list plugs pods into."""
    plugins = doc.objects(configuration, "plugins")
    return [doc.text(one, "bridge") for one in plugins if one.get("type") == "bridge"]


def has_addresses(configuration: Document) -> bool:
    """Whether the network gives its pods addresses."""
    return any(doc.text(one, "ipam", "type") for one in doc.objects(configuration, "plugins"))


def _plugins(configuration: Document, called: str) -> list[JsonValue]:
    if configuration.get("plugins") is None:
        single = {key: value for key, value in configuration.items() if key != "disableCheck"}
        listed: list[Document] = [single]
    else:
        listed = list(doc.objects(configuration, "plugins"))
        if not listed:
            raise BadDefinition(f"net-attach-def {called}: the plugin list is empty")
    for plugin in listed:
        if not doc.text(plugin, "type"):
            raise BadDefinition(
                f"net-attach-def {called}: error parsing configuration: missing 'type'"
            )
    return [_known(plugin) for plugin in listed]


def _known(plugin: Document) -> Document:
    """A plugin's configuration with names of it that only OpenShift has made everybody's."""
    kind = doc.text(plugin, "type")
    return {**plugin, "type": _ALIASES.get(kind, kind)}
