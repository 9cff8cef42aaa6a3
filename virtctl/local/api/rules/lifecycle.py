"""Rules of probes, start and eviction, host name and name service."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from virtctl.errors import Cause
from virtctl.local.api.context import AdmissionContext
from virtctl.local.api.rules import names
from virtctl.local.api.rules.causes import invalid, not_supported, required
from virtctl.models import documents
from virtctl.models.documents import Document

_EVICTION = frozenset({"None", "LiveMigrate", "LiveMigrateIfPossible", "External"})
_HANDLERS = ("tcpSocket", "exec", "httpGet", "guestAgentPing")
_DNS_POLICIES = frozenset({"", "ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"})
_KNOWN = "valid values: [ClusterFirstWithHostNet ClusterFirst Default None ]"
_NAMESERVERS, _SEARCHES, _SEARCH_LENGTH = 3, 6, 256


def start_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the start strategy."""
    start = spec.get("startStrategy")
    if start is None:
        return
    field = f"{path}.startStrategy"
    if start != "Paused":
        yield invalid(field, f"{field} is set with an unrecognized option: {start}")
    elif spec.get("livenessProbe") is not None:
        yield invalid(
            field,
            f"either {field} or {path}.livenessProbe should be provided."
            "Pausing VMI with LivenessProbe is not supported",
        )


def eviction_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the eviction strategy."""
    strategy = spec.get("evictionStrategy")
    if strategy is not None and strategy not in _EVICTION:
        field = f"{path}.evictionStrategy"
        yield invalid(field, f"{field} is set with an unrecognized option: {strategy}")


def reboot_causes(spec: Document, path: str, context: AdmissionContext) -> Iterator[Cause]:
    """What a reboot does can be chosen behind a gate only."""
    if documents.find(spec, "domain", "rebootPolicy") is None or context.has_gate("RebootPolicy"):
        return
    yield invalid(
        f"{path}.domain.rebootPolicy",
        "RebootPolicy is specified but the RebootPolicy feature gate is not enabled",
    )


def probe_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with probes; those over the network need the pod's."""
    probes = [
        (documents.child(spec, name), f"{path}.{name}")
        for name in ("readinessProbe", "livenessProbe")
        if spec.get(name) is not None
    ]
    for probe, field in probes:
        handlers = [name for name in _HANDLERS if probe.get(name) is not None]
        if not handlers:
            yield required(
                field,
                f"either {field}.tcpSocket, {field}.exec or {field}.httpGet must be set if a "
                f"{field} is specified",
            )
        elif len(handlers) > 1:
            yield invalid(field, f"{field} must have exactly one probe type set")
    if any("pod" in network for network in documents.objects(spec, "networks")):
        return
    for probe, field in probes:
        for name in ("httpGet", "tcpSocket"):
            if probe.get(name) is not None:
                where = f"{field}.{name}"
                yield invalid(where, f"{where} is only allowed if the Pod Network is attached")


def identity_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with host name and subdomain."""
    host = documents.text(spec, "hostname")
    if host and any(names.label_problems(host)):
        field = f"{path}.hostname"
        why = ", ".join(names.label_problems(host))
        yield invalid(field, f"{field} does not conform to the kubernetes DNS_LABEL rules : {why}")
    subdomain = documents.text(spec, "subdomain")
    if subdomain and any(names.subdomain_problems(subdomain)):
        field = f"{path}.subdomain"
        why = ", ".join(names.subdomain_problems(subdomain))
        yield invalid(
            field, f"{field} does not conform to the kubernetes DNS_SUBDOMAIN rules : {why}"
        )


def resolver_causes(spec: Document, path: str) -> Iterator[Cause]:
    """What is wrong with the resolver's settings."""
    policy = documents.text(spec, "dnsPolicy")
    if policy not in _DNS_POLICIES:
        yield not_supported(f"{path}.dnsPolicy", f"DNSPolicy: {policy} is not supported, {_KNOWN}")
    settings = spec.get("dnsConfig")
    if policy == "None":
        if not isinstance(settings, dict):
            yield required(f"{path}.dnsConfig", "must provide `dnsConfig` when `dnsPolicy` is None")
        elif not documents.items(settings, "nameservers"):
            needed = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            yield required("nameservers", needed)
            return
    if isinstance(settings, dict):
        yield from _resolver_causes(settings)


def _resolver_causes(settings: Document) -> Iterator[Cause]:
    servers = [str(server) for server in documents.items(settings, "nameservers")]
    if len(servers) > _NAMESERVERS:
        shown = " ".join(servers)
        yield invalid(
            "nameservers", f"must not have more than {_NAMESERVERS} nameservers: [{shown}]"
        )
    for server in servers:
        try:
            ipaddress.ip_address(server)
        except ValueError:
            yield invalid("nameservers", f"must be valid IP address: {server}")
    searches = [str(search) for search in documents.items(settings, "searches")]
    if len(searches) > _SEARCHES:
        yield invalid("searchDomains", f"must not have more than {_SEARCHES} search paths")
    if len(" ".join(searches)) > _SEARCH_LENGTH:
        yield invalid(
            "searchDomains",
            f"must not have more than {_SEARCH_LENGTH} characters (including spaces) in the search "
            "list",
        )
    for search in searches:
        for problem in names.subdomain_problems(search):
            yield invalid("searchDomains", problem)
    for option in documents.objects(settings, "options"):
        if not option.get("name"):
            yield invalid("options", "Option.Name must not be empty")
